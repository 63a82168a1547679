import NIOCore
import Synchronization
public import Wire

/// What a handler can do besides returning a result: tell how far it is, and log to the client.
///
/// Nothing of it fails: what the client did not ask for is not sent. Messages wait for a client that reads slowly, so a
/// handler that awaits them cannot fill the memory.
public struct CallContext: Sendable {
    /// The revision that the caller speaks.
    public let version: MCPProtocolVersion
    private let progress: Progress?
    private let logThreshold: LogLevel?
    private let outlet: (any MessageOutlet)?
    /// How the client can be asked something.
    let exchange: ClientExchange?
    private let changes: ChangeHub?

    /// The caller's token, and how far it has been told of.
    private final class Progress: Sendable {
        let token: ByteBuffer
        let last = Mutex(-Double.infinity)

        init(_ token: ByteBuffer) {
            self.token = token
        }
    }

    /// The context of a call from nowhere, for tests of handlers: nothing is sent.
    public init(version: MCPProtocolVersion) {
        self.version = version
        progress = nil
        logThreshold = nil
        outlet = nil
        exchange = nil
        changes = nil
    }

    /// The context of a request; what the handler says goes to `outlet`.
    init(_ message: IncomingMessage, _ outlet: (any MessageOutlet)?, _ exchange: ClientExchange, _ changes: ChangeHub) {
        version = message.version
        self.changes = changes
        self.outlet = outlet
        self.exchange = exchange
        (progress, logThreshold) = message.body.withByteView { bytes in
            let meta = message.envelope.meta
            let token = meta.flatMap { CallContext.progressToken(in: $0, bytes) }.flatMap {
                message.body.getSlice(at: message.body.readerIndex &+ Int($0.start), length: $0.count)
            }
            let threshold =
                message.version.era == .modern
                ? meta.flatMap { JSONMembers.value(of: CallContext.logLevelKey, in: $0, bytes) }.flatMap {
                    LogLevel(JSONMembers.text($0, bytes), in: bytes)
                }
                // Without a wish each server decides (MCP 2025-11-25, Logging).
                : message.session?.logLevel ?? .info
            return (token.map { Progress($0) }, threshold)
        }
    }

    /// Where a modern request says which log messages it wants.
    static let logLevelKey: StaticString = "io.modelcontextprotocol/logLevel"

    /// The token if it is one: a string or an integer (MCP, Progress).
    private static func progressToken(in meta: ByteRange, _ bytes: ByteView) -> ByteRange? {
        guard let token = JSONMembers.value(of: "progressToken", in: meta, bytes) else { return nil }
        switch JSONMembers.kind(token, bytes) {
        case .string: return token
        case .number: return JSONNumber(bytes[token].string)?.int64 == nil ? nil : token
        case .object, .array, .bool, .null: return nil
        }
    }

    /// Tells a caller that wants to know how far the call is.
    ///
    /// - Parameters:
    ///   - done: how much is done. A report that does not go beyond the last one is not sent (MCP: progress must increase).
    ///   - total: how much there is to do, if that is known.
    ///   - message: what is being done, for people; revisions from 2025-03-26 on.
    public func report(progress done: Double, of total: Double? = nil, _ message: String? = nil) async {
        guard let progress, let outlet, done.isFinite else { return }
        let isFurther = progress.last.withLock { last in
            guard done > last else { return false }
            last = done
            return true
        }
        guard isFurther else { return }
        var buffer = CallContext.notification("notifications/progress")
        buffer.writeStaticString("{\"progressToken\":")
        buffer.writeImmutableBuffer(progress.token)
        buffer.writeStaticString(",\"progress\":")
        buffer.writeJSON(CallContext.number(done))
        if let total, total.isFinite {
            buffer.writeStaticString(",\"total\":")
            buffer.writeJSON(CallContext.number(total))
        }
        if let message, version >= .v2025_03_26 {
            buffer.writeStaticString(",\"message\":")
            buffer.writeJSONString(message)
        }
        buffer.writeStaticString("}}")
        await outlet.send(buffer)
    }

    /// Whether the client would get a log message of `level`; ask before making one that is dear.
    public func logs(_ level: LogLevel) -> Bool {
        outlet != nil && logThreshold.map { level >= $0 } == true
    }

    /// Sends a log message to a client that wants those of its level. Never put secrets into one.
    ///
    /// - Parameters:
    ///   - data: anything; a string or an object as a rule.
    ///   - logger: the name of the part of the server that speaks.
    public func log(_ level: LogLevel, _ data: JSONValue, logger: String? = nil) async {
        guard logs(level), let outlet else { return }
        var buffer = CallContext.notification("notifications/message")
        buffer.writeStaticString("{\"level\":\"")
        buffer.writeStaticString(level.text)
        buffer.writeStaticString("\"")
        if let logger {
            buffer.writeStaticString(",\"logger\":")
            buffer.writeJSONString(logger)
        }
        buffer.writeStaticString(",\"data\":")
        buffer.writeJSON(data)
        buffer.writeStaticString("}}")
        await outlet.send(buffer)
    }

    /// Tells all clients that want to know that something about the server has changed.
    public func announce(_ change: ServerChange) {
        changes?.announce(change)
    }

    /// Lets a client go that would otherwise hold a connection for long; it comes back for what is said meanwhile and for the
    /// answer (MCP 2025-11-25, Streamable HTTP, polling). Other clients stay.
    ///
    /// - Parameter duration: how long it should wait before it comes back.
    public func suspend(for duration: Duration) async {
        await outlet?.suspend(for: duration)
    }

    /// Whole numbers go out as such: not every client reads `1.0` as one.
    private static func number(_ value: Double) -> JSONValue {
        value == value.rounded() && value.magnitude < 0x1p53 ? .integer(Int64(value)) : .double(value)
    }

    /// The beginning of a notification, up to its parameters.
    private static func notification(_ method: StaticString) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(256)
        buffer.writeStaticString("{\"jsonrpc\":\"2.0\",\"method\":\"")
        buffer.writeStaticString(method)
        buffer.writeStaticString("\",\"params\":")
        return buffer
    }
}
