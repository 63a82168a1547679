import NIOCore
import NIOPosix
import Testing
import Transport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Backend connections on real sockets.
@Suite(.serialized, .timeLimit(.minutes(1))) struct NIONetworkTests {
    /// Makes one exchange with `host` and brings back what was told of it.
    private func exchange(
        _ host: String, _ port: Int, request: ByteBuffer = ByteBuffer(string: "GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
    ) async throws -> [String] {
        try await RecordingClient.exchange(with: BackendAddress(host: host, port: port), request)
    }

    @Test func `makes an exchange with an address and with a name`() async throws {
        // Listens on 127.0.0.1 only, while the name may mean ::1, too.
        let server = try await SocketServer.start()
        for host in ["127.0.0.1", "localhost"] {
            let log = try await exchange(host, server.port)
            #expect(log.map { $0.prefix(8) } == ["connecte", "head 200", "body /x", "end"])
        }
        await server.listener.close()
    }

    @Test func `tells that nobody listens`() async throws {
        let server = try await SocketServer.start()
        await server.listener.close()
        #expect(try await exchange("127.0.0.1", server.port) == ["failed connect"])
        #expect(try await exchange("localhost", server.port) == ["failed connect"])
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n\r\npart", true, "failed closed(sentBytes: true)"),
        ("HTTP/1.1 200 OK\r\n\r\npart", false, "end last"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart", false, "failed closed(sentBytes: true)"),
        ("", true, "failed closed(sentBytes: true)"),
    ])
    func `knows an answer that was cut from one that ended`(_ answer: String, _ resets: Bool, _ expected: String)
        async throws
    {
        let listening = SocketPeer.makeSocket()
        _ = SocketPeer.withAddress(port: 0) { bind(listening, $0, $1) }
        listen(listening, 1)
        let port = SocketPeer.port(of: listening)
        async let log = exchange("127.0.0.1", port)
        try await blocking {
            let peer = SocketPeer(descriptor: accept(listening, nil, nil))
            // All of the request: a system resets a connection that is closed with bytes unread.
            _ = peer.receive(upTo: 28)
            peer.send(answer)
            if resets { peer.resetOnClose() }
        }
        #expect(try await log.last == expected)
        close(listening)
    }

    @Test func `closes a connection that was closed while it was being made`() async throws {
        let server = try await SocketServer.start()
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let port = server.port
        let told = try await loop.flatSubmit { () -> EventLoopFuture<[String]> in
            let client = RecordingClient()
            let connection = HTTPClientConnection()
            connection.delegate = client
            NIONetwork().connect(
                to: BackendAddress(host: "localhost", port: port), timeout: .seconds(5), on: loop,
                connection: connection)
            connection.close()
            // Another connection, made later, shows that the first has been dealt with.
            let promise = loop.makePromise(of: [String].self)
            let other = RecordingClient()
            let second = HTTPClientConnection()
            second.delegate = other
            other.onEvent = { _, connection in
                promise.succeed(client.log)
                other.onEvent = nil
                connection.close()
            }
            NIONetwork().connect(
                to: BackendAddress(host: "localhost", port: port), timeout: .seconds(5), on: loop, connection: second)
            return promise.futureResult
        }.get()
        #expect(told == [])
        await server.listener.close()
    }

    @Test func `draws other seeds every time`() {
        #expect(Set((0..<10).map { _ in NIONetwork().randomSeed() }).count == 10)
    }
}
