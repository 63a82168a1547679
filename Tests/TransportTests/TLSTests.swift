import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestCertificates
import Testing
import Transport

/// Listeners and connections to backends with TLS, one against the other on real sockets.
@Suite(.serialized, .timeLimit(.minutes(1))) struct TLSTests {
    private static let certificates = Result { try Certificates() }
    private let certificates: Certificates

    init() throws {
        certificates = try Self.certificates.get()
    }

    private func certificate(_ certificates: Certificates? = nil) throws -> ListenerTLS.Certificate {
        let certificates = certificates ?? self.certificates
        return try ListenerTLS.Certificate(
            TLSIdentity(
                chain: try certificates.contents(of: certificates.certificate),
                key: try certificates.contents(of: certificates.key)))
    }

    /// What trusts the certificates, for a backend at `host`.
    private func trust(
        _ certificates: Certificates? = nil, host: String = "127.0.0.1", serverName: String? = nil
    ) throws -> ClientTLS {
        let certificates = certificates ?? self.certificates
        return try ClientTLS(
            authorities: try certificates.contents(of: certificates.authority), identity: nil, serverName: serverName
        ).forHost(host)
    }

    /// Makes one exchange and brings back what was told of it.
    private func exchange(
        _ port: Int, _ tls: ClientTLS?, host: String = "127.0.0.1",
        request: ByteBuffer = ByteBuffer(string: "GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
    ) async throws -> [String] {
        var address = BackendAddress(host: host, port: port)
        address.tls = tls
        return try await RecordingClient.exchange(with: address, request)
    }

    @Test func `seals an exchange, for an address and for a name`() async throws {
        let tls = ListenerTLS(try certificate(), HandshakeBudget())
        let server = try await SocketServer.start(tls: tls)
        #expect(try await exchange(server.port, try trust()).map { $0.prefix(4) } == ["conn", "head", "body", "end"])
        #expect(
            try await exchange(server.port, try trust(host: "localhost"), host: "localhost").last == "end")
        #expect(try await exchange(server.port, try trust(serverName: "localhost")).last == "end")
        await server.listener.close()
    }

    @Test func `passes on long bodies as they are, both ways`() async throws {
        let tls = ListenerTLS(try certificate(), HandshakeBudget())
        let body = String(repeating: "0123456789abcdef", count: 60_000)
        let server = try await SocketServer.start(tls: tls) { request, connection in
            connection.answer(String(buffer: request.body))
        }
        var request = ByteBuffer(string: "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n")
        request.writeString(body)
        let log = try await exchange(server.port, try trust(), request: request)
        #expect(log.last == "end")
        #expect(log.contains("body \(body)"))
        await server.listener.close()
    }

    @Test func `does not talk to those who cannot prove who they are, and sends them nothing`() async throws {
        let tls = ListenerTLS(try certificate(), HandshakeBudget())
        let received = Mutex(0)
        let server = try await SocketServer.start(tls: tls) { request, connection in
            received.withLock { $0 += 1 }
            connection.answer(request.path)
        }
        let stranger = try ClientTLS(
            authorities: try certificates.contents(of: certificates.stranger), identity: nil, serverName: nil)
        #expect(try await exchange(server.port, stranger.forHost("127.0.0.1")) == ["failed connect"])
        #expect(try await exchange(server.port, try trust(serverName: "other.example")) == ["failed connect"])
        let expired = try Certificates(until: "20200201")
        tls.replace(with: try certificate(expired))
        #expect(try await exchange(server.port, try trust(expired)) == ["failed connect"])
        #expect(received.withLock { $0 } == 0)
        await server.listener.close()
    }

    @Test func `a peer without TLS is a connection that did not come about`() async throws {
        let server = try await SocketServer.start()
        #expect(try await exchange(server.port, try trust()) == ["failed connect"])
        await server.listener.close()
        // Nor does one that says nothing keep anybody waiting.
        let listening = SocketPeer.makeSocket()
        _ = SocketPeer.withAddress(port: 0) { bind(listening, $0, $1) }
        listen(listening, 1)
        defer { close(listening) }
        let began = ContinuousClock.now
        #expect(try await exchange(SocketPeer.port(of: listening), try trust()) == ["failed connect"])
        #expect(ContinuousClock.now - began < .seconds(4))
    }

    @Test func `shows another certificate, or none, to those who come after it was replaced`() async throws {
        let (tls, others) = (ListenerTLS(try certificate(), HandshakeBudget()), try Certificates())
        let server = try await SocketServer.start(tls: tls)
        let kept = try await KeptConnection.open(server.port, try trust())
        #expect(try await kept.ask() == "end")
        tls.replace(with: try certificate(others))
        #expect(try await exchange(server.port, try trust()) == ["failed connect"])
        #expect(try await exchange(server.port, try trust(others)).last == "end")
        #expect(try await kept.ask() == "end", "what is open goes on")
        tls.replace(with: nil)
        #expect(try await exchange(server.port, nil).last == "end")
        #expect(try await kept.ask() == "end")
        await server.listener.close()
    }

    /// The beginning of a handshake, and no more of it.
    private static let beginning: [UInt8] = [0x16, 0x03, 0x01, 0x02, 0x00]

    @Test func `lets handshakes wait for a place, in turn`() async throws {
        let budget = HandshakeBudget(limit: 1)
        let server = try await SocketServer.start(tls: ListenerTLS(try certificate(), budget))
        // Takes the only place.
        var slow = SocketPeer(port: server.port)
        slow?.send(Self.beginning)
        try await until { server.budget.openCount == 1 }
        // These wait, and one of them goes away again.
        var other = SocketPeer(port: server.port)
        other?.send(Self.beginning)
        try await until { budget.waitingCount == 1 }
        async let waiting = exchange(server.port, try trust())
        try await until { budget.waitingCount == 2 }
        #expect(budget.count(of: .completed) == 0)
        _ = other.take()
        try await until { budget.waitingCount == 1 && budget.count(of: .failed) == 1 }
        _ = slow.take()
        #expect(try await waiting.last == "end")
        #expect(budget.count(of: .completed) == 1 && budget.count(of: .failed) == 2)
        #expect(budget.waitingCount == 0)
        #expect(try await exchange(server.port, try trust()).last == "end")
        await server.listener.close()
    }

    @Test func `whoever says nothing has no place, and whoever is slow has none for long`() async throws {
        let budget = HandshakeBudget(limit: 1)
        let server = try await SocketServer.start(tls: ListenerTLS(try certificate(), budget))
        let silent = SocketPeer(port: server.port)
        try await until { server.budget.openCount == 1 }
        #expect(try await exchange(server.port, try trust()).last == "end")
        let slow = SocketPeer(port: server.port)
        slow?.send(Self.beginning)
        try await until { server.budget.openCount >= 2 }
        let began = ContinuousClock.now
        #expect(try await exchange(server.port, try trust()).last == "end")
        #expect(ContinuousClock.now - began < .seconds(3))
        // Both are still there: they have ten seconds.
        #expect(budget.count(of: .completed) == 2 && budget.count(of: .failed) == 0)
        await server.listener.close()
        _ = consume silent
        _ = consume slow
    }

    @Test func `tells a client at the end that it is the end, and a cut stream from one`() async throws {
        let tls = ListenerTLS(try certificate(), HandshakeBudget())
        // Without a length only the end of the connection ends the body.
        let server = try await SocketServer.start(tls: tls) { request, connection in
            connection.closeAfterAnswer()
            connection.begin(ByteBuffer(string: "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\npart"))
            if request.path == "/whole" { connection.finish(ByteBuffer()) } else { connection.abort() }
        }
        func ask(_ path: String) async throws -> String? {
            try await exchange(
                server.port, try trust(), request: ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
            ).last
        }
        #expect(try await ask("/whole") == "end last")
        #expect(try await ask("/cut") == "failed closed(sentBytes: true)")
        await server.listener.close()
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "", "\u{16}\u{3}\u{1}", String(repeating: "x", count: 100_000),
    ])
    func `survives what is no TLS`(_ text: String) async throws {
        let budget = HandshakeBudget()
        let server = try await SocketServer.start(tls: ListenerTLS(try certificate(), budget))
        let end = try await blocking {
            guard let peer = SocketPeer(port: server.port) else { return nil as SocketPeer.End? }
            peer.send(text)
            peer.closeOutput()
            return peer.receive().end
        }
        #expect(end == .eof || end == .reset)
        try await until { budget.count(of: .failed) == 1 && server.budget.openCount == 0 }
        #expect(try await exchange(server.port, try trust()).last == "end")
        await server.listener.close()
    }

    @Test func `refuses a certificate that cannot be used`() throws {
        let other = try Certificates()
        let chain = try certificates.contents(of: certificates.certificate)
        let key = try certificates.contents(of: certificates.key)
        let samples: [(chain: [UInt8], key: [UInt8], part: TLSError.Part)] = [
            ([], key, .certificate), (Array("no certificate".utf8), key, .certificate), (chain, [], .key),
            (chain, chain, .key), (chain, try other.contents(of: other.key), .certificate),
        ]
        for sample in samples {
            let identity = TLSIdentity(chain: sample.chain, key: sample.key)
            let error = #expect(throws: TLSError.self) { try ListenerTLS.Certificate(identity) }
            #expect(error?.part == sample.part)
            #expect(throws: TLSError.self) {
                try ClientTLS(authorities: nil, identity: identity, serverName: nil)
            }
        }
        for authorities in [[], Array("no certificate".utf8)] {
            let error = #expect(throws: TLSError.self) {
                try ClientTLS(authorities: authorities, identity: nil, serverName: nil)
            }
            #expect(error?.part == .authorities)
        }
    }

    @Test func `knows when a certificate expires, and shows no key`() throws {
        let chain = try certificates.contents(of: certificates.certificate)
        #expect(try TLSIdentity(chain: chain, key: []).expiry() == 4_070_908_800)
        let identity = TLSIdentity(chain: [], key: Array("hidden".utf8))
        var dumped = ""
        dump(identity, to: &dumped)
        #expect(!"\(dumped) \(identity) \(String(reflecting: identity))".contains("104"))
    }

    @Test(arguments: [
        ("mcp.example.com", "mcp.example.com", true), ("mcp.example.com", "MCP.Example.COM", true),
        ("mcp.example.com", "*.example.com", true), ("a.mcp.example.com", "*.example.com", false),
        ("example.com", "*.example.com", false), (".example.com", "*.example.com", false),
        ("mcp.example.com", "m*.example.com", false), ("mcp.example.com", "*.*.com", false),
        ("example.com", "*.com", true), ("mcp.example.com", "*", false), ("mcp.example.com", "", false),
        ("", "", false), ("mcp.example.com", "mcp.example.com\0.evil.example", false),
    ])
    func `compares names as certificates mean them`(_ name: String, _ pattern: String, _ isSame: Bool) {
        #expect(PeerNameCheck.matches(Array(name.utf8), pattern: Array(pattern.utf8)) == isSame)
    }

    private func until(_ condition: @escaping @Sendable () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(5)) }
    }
}

/// Counts what a client has got.
private final class Taker: Sendable {
    private let state = Mutex((count: 0, errorCount: 0))

    var count: Int { state.withLock { $0.count } }
    var errorCount: Int { state.withLock { $0.errorCount } }

    func handler() -> some ChannelHandler & Sendable { Handler(taker: self) }

    private final class Handler: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        let taker: Taker

        init(taker: Taker) {
            self.taker = taker
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let count = unwrapInboundIn(data).readableBytes
            taker.state.withLock { $0.count += count }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .some(.inputClosed) = event as? ChannelEvent { context.close(promise: nil) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            taker.state.withLock { $0.errorCount += 1 }
            context.close(promise: nil)
        }
    }
}

/// One connection to a server, asked again and again.
private struct KeptConnection {
    let connection: NIOLoopBound<HTTPClientConnection>
    let client: NIOLoopBound<RecordingClient>

    static func open(_ port: Int, _ tls: ClientTLS) async throws -> KeptConnection {
        var address = BackendAddress(host: "127.0.0.1", port: port)
        address.tls = tls
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        return try await loop.flatSubmit { [address] () -> EventLoopFuture<KeptConnection> in
            let promise = loop.makePromise(of: KeptConnection.self)
            let (client, connection) = (RecordingClient(), HTTPClientConnection())
            connection.delegate = client
            let kept = KeptConnection(
                connection: NIOLoopBound(connection, eventLoop: loop), client: NIOLoopBound(client, eventLoop: loop))
            client.onEvent = { event, _ in
                if event == "connected" { promise.succeed(kept) } else { promise.fail(ChannelError.eof) }
            }
            NIONetwork().connect(to: address, timeout: .seconds(5), on: loop, connection: connection)
            return promise.futureResult
        }.get()
    }

    /// What the last event of an exchange was.
    func ask() async throws -> String {
        let loop = connection.eventLoop
        return try await loop.flatSubmit { [connection, client] () -> EventLoopFuture<String> in
            let promise = loop.makePromise(of: String.self)
            client.value.onEvent = { event, _ in
                guard event.hasPrefix("end") || event.hasPrefix("failed") || event == "closed" else { return }
                promise.succeed(event)
            }
            connection.value.send(ByteBuffer(string: "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"))
            return promise.futureResult
        }.get()
    }
}
