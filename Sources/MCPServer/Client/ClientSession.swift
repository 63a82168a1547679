import NIOCore
import Synchronization
public import Wire

/// What a server remembers of a client between its requests: a session of Streamable HTTP, or the life of a pipe.
///
/// Clients of 2026-07-28 over HTTP have none: each of their requests says everything.
public final class ClientSession: Sendable {
    /// The revision that both sides agreed on.
    public let version: MCPProtocolVersion
    /// What the client can be asked for.
    public let capabilities: ClientCapabilities
    /// The event streams, of a session over HTTP.
    let streams: SessionStreams
    /// The way to the client for what belongs to no request of it.
    let outlet: any MessageOutlet
    private let state = Mutex(State())

    private struct State {
        var logLevel: LogLevel?
        /// What is being answered; without a task as long as that has not begun.
        var running: [RequestID: Task<Void, Never>?] = [:]
        /// What the client has been asked.
        var asked: [RequestID: PendingAnswer] = [:]
        var lastAskedID = 0
        /// URIs of resources whose changes the client wants to know of.
        var subscriptions: Set<[UInt8]> = []
        var changes: ChangeHub?
        var isOver = false
    }

    /// A session that has just been opened; what belongs to no request goes to `outlet`.
    public convenience init(
        version: MCPProtocolVersion, capabilities: ClientCapabilities = ClientCapabilities(),
        outlet: (any MessageOutlet)? = nil
    ) {
        let streams = SessionStreams(version, capacity: 0, budget: EventBudget(limit: 0))
        self.init(version: version, capabilities: capabilities, streams: streams, outlet: outlet ?? streams)
    }

    init(
        version: MCPProtocolVersion, capabilities: ClientCapabilities, streams: SessionStreams,
        outlet: any MessageOutlet
    ) {
        self.version = version
        self.capabilities = capabilities
        self.streams = streams
        self.outlet = outlet
    }

    /// The id of a request, comparable across messages.
    struct RequestID: Hashable {
        private let isString: Bool
        private let text: [UInt8]

        init(_ id: JSONRPCID, in bytes: ByteView) {
            isString = id.isString
            text = id.text.map { $0.unescaped(in: bytes) } ?? bytes[id.range].bytes
        }

        init(_ number: Int) {
            isString = false
            text = Array(String(number).utf8)
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

    // MARK: Requests of the client

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
        let isOver = state.withLock { state in
            // It may have ended already.
            if state.running[id] != nil { state.running.updateValue(task, forKey: id) }
            return state.isOver
        }
        if isOver { task.cancel() }
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
        let (running, asked, changes) = state.withLock { state in
            defer {
                state.running = [:]
                state.asked = [:]
                state.changes = nil
                state.isOver = true
            }
            return (state.running.values.compactMap(\.self), Array(state.asked.values), state.changes)
        }
        changes?.remove(self)
        for task in running { task.cancel() }
        for answer in asked { answer.settle(.failure(.unreachable)) }
        streams.end()
    }

    // MARK: Requests to the client

    /// Asks the client something: over `outlet`, which belongs to a request of it, if that reaches it, else over the
    /// session's own. Gives the result, as it came. When the task is cancelled, so is the request.
    func ask(
        _ method: MCPMethod, _ params: JSONValue, through outlet: (any MessageOutlet)?, timeout: Duration
    ) async throws -> JSONValue {
        let answer = PendingAnswer()
        let number = state.withLock { state -> Int? in
            guard !state.isOver else { return nil }
            state.lastAskedID += 1
            state.asked[RequestID(state.lastAskedID)] = answer
            return state.lastAskedID
        }
        guard let number else { throw ClientRequestError.unreachable }
        defer { state.withLock { _ = $0.asked.removeValue(forKey: RequestID(number)) } }
        var request = ByteBuffer()
        request.writeJSON([
            "jsonrpc": "2.0", "id": .integer(number), "method": .string("\(method.text)"), "params": params,
        ])
        var isSent = await outlet?.send(request) ?? false
        if !isSent { isSent = await self.outlet.send(request) }
        guard isSent else { throw ClientRequestError.unreachable }
        do {
            return try await answer.value(within: timeout)
        } catch {
            if case ClientRequestError.timedOut = error { await retract(number, "timed out", outlet) }
            if error is CancellationError { await retract(number, "cancelled", outlet) }
            throw error
        }
    }

    /// Tells the client that nobody waits for its answer any longer.
    private func retract(_ number: Int, _ reason: String, _ outlet: (any MessageOutlet)?) async {
        var notification = ByteBuffer()
        notification.writeJSON([
            "jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": ["requestId": .integer(number), "reason": .string(reason)],
        ])
        if await outlet?.send(notification) != true { await self.outlet.send(notification) }
    }

    /// The client has answered a request. An answer to none, or one that comes too late, is nothing (JSON-RPC 2.0 §5).
    func receiveAnswer(_ message: IncomingMessage) {
        message.body.withByteView { bytes in
            guard let id = message.envelope.id.map({ RequestID($0, in: bytes) }),
                let answer = state.withLock({ $0.asked.removeValue(forKey: id) })
            else { return }
            if let result = message.envelope.result {
                let value = try? JSONValue.parse(bytes[result])
                answer.settle(value.map { .success($0) } ?? .failure(.invalidAnswer("not JSON")))
            } else {
                let error = message.envelope.error.flatMap { try? JSONValue.parse(bytes[$0]) }
                answer.settle(
                    .failure(
                        .refused(
                            code: message.envelope.errorCode ?? 0,
                            message: error?["message"]?.stringValue ?? "")))
            }
        }
    }
}

/// Being told of changes.
extension ClientSession: ChangeListener {
    /// URIs that a session may subscribe to.
    private static let maximumSubscriptionCount = 1_000

    /// From now on the client is told of changes, until the session ends.
    func listen(to changes: ChangeHub) {
        let isOver = state.withLock { state in
            if !state.isOver { state.changes = changes }
            return state.isOver
        }
        if !isOver { changes.add(self) }
    }

    /// The client wants to know of changes to this resource. `false` if it has named too many.
    func subscribe(_ uri: [UInt8]) -> Bool {
        state.withLock { state in
            guard
                state.subscriptions.count < ClientSession.maximumSubscriptionCount || state.subscriptions.contains(uri)
            else { return false }
            state.subscriptions.insert(uri)
            return true
        }
    }

    /// The client no longer wants to.
    func unsubscribe(_ uri: [UInt8]) {
        state.withLock { _ = $0.subscriptions.remove(uri) }
    }

    func changed(_ change: ServerChange) {
        if case .resource(let uri) = change {
            guard state.withLock({ $0.subscriptions.contains(Array(uri.utf8)) }) else { return }
        }
        var notification = ByteBuffer()
        notification.writeJSON(change.notification())
        outlet.post(notification)
    }

    func taskChanged(_ task: ServerTask) {
        var notification = ByteBuffer()
        notification.writeJSON([
            "jsonrpc": "2.0", "method": "notifications/tasks/status", "params": .object(task.description(version)),
        ])
        outlet.post(notification)
    }

    /// A session does not end with the stream on which it is told.
    func hubEnds() {}
}
