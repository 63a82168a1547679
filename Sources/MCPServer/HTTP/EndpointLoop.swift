import NIOCore
import Transport
import Wire

/// What all connections of one event loop share. Belongs to its loop.
final class EndpointLoop {
    /// Time, deadlines and buffers of the loop.
    let context: LoopContext
    /// The server behind the endpoint.
    let server: MCPServer
    /// How it is reached.
    let settings: HTTPServerSettings
    /// The sessions, of all loops.
    let sessions: SessionTable
    /// The clients of HTTP+SSE, of all loops.
    let eventPeers: EventPeers
    /// What this loop counts.
    let metrics: LoopMetrics
    /// Who may call, and what.
    private(set) var rules: EndpointRules
    /// The scanner's tables.
    var scratch: JSONScratch
    /// Whether clients of the session era come, and get a session.
    var hasSessions: Bool { settings.hasSessions && server.eras.contains(.legacy) }
    private var connections: [ObjectIdentifier: (connection: HTTPServerConnection, endpoint: EndpointConnection)] = [:]
    private var isDraining = false
    private var drained: EventLoopPromise<Void>?

    /// The state of one loop. Must be made on the loop.
    init(
        _ eventLoop: any EventLoop, server: MCPServer, settings: HTTPServerSettings, sessions: SessionTable,
        eventPeers: EventPeers, metrics: LoopMetrics
    ) {
        context = LoopContext(LoopExecutor(eventLoop))
        scratch = JSONScratch(seed: UInt64.random(in: .min ... .max))
        self.server = server
        self.settings = settings
        self.sessions = sessions
        self.eventPeers = eventPeers
        self.metrics = metrics
        rules = EndpointRules(settings, eras: server.eras, port: settings.port)
    }

    /// Says which port the listener got.
    func bound(to port: Int) {
        rules = EndpointRules(settings, eras: server.eras, port: port)
    }

    /// The handler of a connection that was accepted.
    func accept() -> HTTPServerConnection {
        let endpoint = EndpointConnection(self)
        let connection = HTTPServerConnection(loop: context, delegate: endpoint)
        connections[ObjectIdentifier(connection)] = (connection, endpoint)
        connection.isDraining = isDraining
        metrics.changeConnections(by: 1)
        return connection
    }

    /// A connection has ended.
    func forget(_ connection: HTTPServerConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        metrics.changeConnections(by: -1)
        if connections.isEmpty { drained?.succeed() }
    }

    /// Ends idle connections now and the others after the answer that they wait for; succeeds when none is left, which
    /// is after `timeout` at the latest.
    func drain(timeout: TimeAmount) -> EventLoopFuture<Void> {
        if let drained { return drained.futureResult }
        let promise = context.eventLoop.makePromise(of: Void.self)
        drained = promise
        isDraining = true
        sessions.releaseListeners()
        server.changes.end()
        // Ending one changes the table.
        for (connection, endpoint) in Array(connections.values) {
            connection.isDraining = true
            endpoint.release()
        }
        if connections.isEmpty { promise.succeed() }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let limit = context.eventLoop.scheduleTask(in: timeout) { bound.value.closeAll() }
        promise.futureResult.whenComplete { _ in limit.cancel() }
        return promise.futureResult
    }

    private func closeAll() {
        for (connection, _) in Array(connections.values) { connection.close() }
    }
}

@available(*, unavailable)
extension EndpointLoop: Sendable {}
