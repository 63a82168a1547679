import NIOCore
import Synchronization
public import Wire

/// What a server remembers of a client between its requests: a session of Streamable HTTP, or the life of a pipe.
///
/// Clients of 2026-07-28 over HTTP have none: each of their requests says everything.
public final class ClientSession: Sendable {
    /// The revision that both sides agreed on.
    public let version: MCPProtocolVersion
    private let state = Mutex(State())

    private struct State {
        var logLevel: LogLevel?
        /// What is being answered; without a task as long as that has not begun.
        var running: [RequestID: Task<Void, Never>?] = [:]
    }

    /// A session that has just been opened.
    public init(version: MCPProtocolVersion) {
        self.version = version
    }

    /// The id of a request, comparable across messages.
    struct RequestID: Hashable {
        private let isString: Bool
        private let text: [UInt8]

        init(_ id: JSONRPCID, in bytes: ByteView) {
            isString = id.isString
            text = id.text.map { $0.unescaped(in: bytes) } ?? bytes[id.range].bytes
        }

        /// The id that the value at `range` is; `nil` if it can be none.
        init?(valueAt range: ByteRange, _ bytes: ByteView) {
            switch JSONMembers.kind(range, bytes) {
            case .string:
                isString = true
                text = JSONMembers.text(range, bytes)?.unescaped(in: bytes) ?? []
            case .number:
                isString = false
                text = bytes[range].bytes
            case .object, .array, .bool, .null:
                return nil
            }
        }
    }

    /// The least level of log messages that the client wants; `nil` if it has not said.
    var logLevel: LogLevel? {
        get { state.withLock { $0.logLevel } }
        set { state.withLock { $0.logLevel = newValue } }
    }

    /// Takes note of a request that is about to be answered. `false` if another one with its id is being answered.
    func begin(_ id: RequestID) -> Bool {
        state.withLock { state in
            guard state.running[id] == nil else { return false }
            state.running.updateValue(nil, forKey: id)
            return true
        }
    }

    /// Takes note of the task that answers a request which has begun, so that it can be cancelled.
    func run(_ id: RequestID, _ task: Task<Void, Never>) {
        state.withLock { _ = $0.running.updateValue(task, forKey: id) }
    }

    /// The request has been answered.
    func ended(_ id: RequestID) {
        state.withLock { _ = $0.running.removeValue(forKey: id) }
    }

    /// Cancels the request with this id; one that is unknown or over is nothing to cancel (MCP 2025-11-25, Cancellation).
    func cancel(_ id: RequestID) {
        let task = state.withLock { $0.running[id] ?? nil }
        task?.cancel()
    }

    /// Cancels everything: the session is over.
    func end() {
        let running = state.withLock { state in
            defer { state.running = [:] }
            return state.running.values.compactMap(\.self)
        }
        for task in running { task.cancel() }
    }
}
