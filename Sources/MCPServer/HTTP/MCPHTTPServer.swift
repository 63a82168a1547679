public import NIOCore
import Transport
import Wire

/// An MCP server that listens: Streamable HTTP of both eras on one endpoint, and pages for operators beside it.
///
/// ```
/// let server = MCPServer(ServerInfo(name: "demo", version: "1.0"), tools: [Greet()], logger: logger)
/// let http = try await MCPHTTPServer.start(server, settings: HTTPServerSettings(), on: [group.next()])
/// print(http.localAddress)
/// …
/// await http.drain(timeout: .seconds(30))
/// ```
///
/// Every event loop has a listening socket of its own, and a connection stays on the loop that accepted it. A unix-domain
/// socket there is but one of: the first loop has it, and with it all connections.
public final class MCPHTTPServer: Sendable {
    /// The address that is really bound: of the internet, or a path.
    public let localAddress: SocketAddress
    private let listener: Listener
    private let loops: [NIOLoopBound<EndpointLoop>]

    private init(_ listener: Listener, _ loops: [NIOLoopBound<EndpointLoop>]) {
        self.listener = listener
        self.loops = loops
        localAddress = listener.localAddress
    }

    /// Listens, with one socket per element of `eventLoops`, of which there must be one or more.
    ///
    /// - Throws: `MCPHTTPServerError` when the address cannot be had.
    public static func start(
        _ server: MCPServer, settings: HTTPServerSettings, metrics: ServerMetrics = ServerMetrics(),
        on eventLoops: [any EventLoop]
    ) async throws -> MCPHTTPServer {
        precondition(!eventLoops.isEmpty, "a server needs an event loop")
        let sessions = SessionTable(
            capacity: settings.maximumSessions, idleTimeout: TimeAmount(settings.sessionIdleTimeout),
            keptBytes: settings.keptEventBytesPerSession, totalKeptBytes: settings.keptEventBytes)
        let eventPeers = EventPeers(capacity: settings.maximumSessions)
        var loops: [NIOLoopBound<EndpointLoop>] = []
        for eventLoop in eventLoops {
            let part = metrics.makePart()
            loops.append(
                try await eventLoop.submit {
                    let loop = EndpointLoop(
                        eventLoop, server: server, settings: settings, sessions: sessions, eventPeers: eventPeers,
                        metrics: part)
                    return NIOLoopBound(loop, eventLoop: eventLoop)
                }.get())
        }
        let byLoop = Dictionary(zip(eventLoops.map { ObjectIdentifier($0) }, loops)) { first, _ in first }
        let makeHandler: @Sendable (any EventLoop) -> HTTPServerConnection = { eventLoop in
            guard let loop = byLoop[ObjectIdentifier(eventLoop)] else {
                preconditionFailure("a connection was accepted on a loop that does not listen")
            }
            return loop.value.accept()
        }
        let budget = ConnectionBudget(limit: settings.maximumConnections)
        let listener: Listener
        do {
            if let path = settings.socketPath {
                listener = try await Listener.bind(
                    path: path, mode: settings.socketMode, loop: eventLoops[0], budget: budget, makeHandler: makeHandler
                )
            } else {
                listener = try await Listener.bind(
                    host: settings.host, port: settings.port, loops: eventLoops, budget: budget,
                    makeHandler: makeHandler)
            }
        } catch let error as ListenerError {
            throw MCPHTTPServerError(address: error.address, reason: error.reason)
        }
        let port = listener.localAddress.port ?? settings.port
        for (eventLoop, loop) in zip(eventLoops, loops) {
            try await eventLoop.submit { loop.value.bound(to: port) }.get()
        }
        return MCPHTTPServer(listener, loops)
    }

    /// Stops accepting, lets every answer that is being made go out, and closes all connections; those that are left
    /// after `timeout` too.
    public func drain(timeout: Duration) async {
        await listener.close()
        for loop in loops {
            try? await loop.eventLoop.flatSubmit { loop.value.drain(timeout: TimeAmount(timeout)) }.get()
        }
    }
}

/// An address that cannot be listened on.
public struct MCPHTTPServerError: Error, CustomStringConvertible {
    /// The address, as configured.
    public let address: String
    /// What the operating system said.
    public let reason: String

    public var description: String { "cannot listen on \(address): \(reason)" }
}
