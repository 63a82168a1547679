import NIOCore
import NIOPosix
import Transport

/// A server on a free port of 127.0.0.1, or at a path, whose every request is handled by one closure.
struct SocketServer {
    let listener: Listener
    let budget: ConnectionBudget

    var port: Int { listener.localAddress.port ?? 0 }

    static func start(
        loopCount: Int = 1, port: Int = 0, path: String? = nil, mode: UInt16 = 0o600,
        timeouts: HTTPServerTimeouts = HTTPServerTimeouts(),
        maximumConnections: Int = 1_000,
        maximumBody: Int = 1 << 20, refuses: Bool = false, tls: ListenerTLS? = nil,
        handle: @escaping @Sendable (HTTPServerRequest, HTTPServerConnection) -> Void = { $1.answer($0.path) }
    ) async throws -> SocketServer {
        var loops: [any EventLoop] = []
        var iterator = MultiThreadedEventLoopGroup.singleton.makeIterator()
        while loops.count < loopCount, let loop = iterator.next() { loops.append(loop) }
        let budget = ConnectionBudget(limit: maximumConnections)
        let makeHandler: @Sendable (any EventLoop) -> HTTPServerConnection = { loop in
            let server = RecordingServer()
            server.handle = handle
            if refuses { server.judge = { _ in .refuse(HTTPAnswer(status: 404, body: ByteBuffer(string: "refused"))) } }
            return HTTPServerConnection(loop: LoopContext(LoopExecutor(loop)), delegate: server, timeouts: timeouts)
        }
        if let path {
            return SocketServer(
                listener: try await Listener.bind(
                    path: path, mode: mode, loop: loops[0], budget: budget, makeHandler: makeHandler),
                budget: budget)
        }
        return SocketServer(
            listener: try await Listener.bind(
                host: "127.0.0.1", port: port, loops: loops, budget: budget, tls: tls, makeHandler: makeHandler),
            budget: budget)
    }

    /// A server on sockets that somebody else has bound.
    static func adopt(
        _ socket: HandedSocket, loopCount: Int,
        handle: @escaping @Sendable (HTTPServerRequest, HTTPServerConnection) -> Void = { $1.answer($0.path) }
    ) async throws -> SocketServer {
        let group = MultiThreadedEventLoopGroup.singleton
        // The same loop may come twice where the machine has fewer.
        let loops = (0..<loopCount).map { _ in group.next() }
        let budget = ConnectionBudget(limit: 1_000)
        let listener = try await Listener.adopt(socket, loops: loops, budget: budget) { loop in
            let server = RecordingServer()
            server.handle = handle
            return HTTPServerConnection(
                loop: LoopContext(LoopExecutor(loop)), delegate: server, timeouts: HTTPServerTimeouts())
        }
        return SocketServer(listener: listener, budget: budget)
    }
}
