import NIOCore
import NIOPosix
import Testing
import Transport

/// Server connections on real sockets: what an embedded channel cannot show.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ListenerTests {
    private func request(_ path: String, _ fields: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n"
    }

    private func exchange(
        _ server: SocketServer, _ body: @escaping @Sendable (borrowing SocketPeer) -> Void
    ) async throws {
        let port = server.port
        let isConnected = try await blocking {
            guard let peer = SocketPeer(port: port) else { return false }
            body(peer)
            return true
        }
        await server.listener.close()
        #expect(isConnected)
    }

    @Test func `answers requests that are pipelined, in order`() async throws {
        let server = try await SocketServer.start()
        let text = (1...200).map { request("/\($0).") }.joined() + request("/end", "Connection: close\r\n")
        try await exchange(server) { peer in
            peer.send(text)
            let (bytes, end) = peer.receive()
            let answers = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n\r\n")
            #expect(answers.count == 202)
            for index in 1...200 { #expect(answers[index].hasPrefix("/\(index).")) }
            #expect(end == .eof)
        }
    }

    @Test func `does not let a reset overtake the answer to a request that was not read`() async throws {
        var timeouts = HTTPServerTimeouts()
        timeouts.linger = .seconds(5)
        let server = try await SocketServer.start(timeouts: timeouts, refuses: true)
        try await exchange(server) { peer in
            // More than would be thrown away to keep the connection, and more than the system keeps.
            peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8000000\r\n\r\n")
            let sent = peer.send([UInt8](repeating: 0x78, count: 8_000_000))
            #expect(sent == 8_000_000)
            let (bytes, end) = peer.receive()
            #expect(String(decoding: bytes, as: UTF8.self).hasSuffix("\r\n\r\nrefused"))
            #expect(end == .eof)
        }
    }

    @Test func `writes all of its last answer to a client that takes it late`() async throws {
        var timeouts = HTTPServerTimeouts()
        timeouts.linger = .milliseconds(20)
        let server = try await SocketServer.start(timeouts: timeouts) { _, connection in
            connection.respond(HTTPAnswer(status: 200, body: ByteBuffer(repeating: 0x79, count: 8_000_000)))
        }
        let text = request("/", "Connection: close\r\n")
        try await exchange(server) { peer in
            peer.shrinkReceiveBuffer()
            peer.send(text)
            // Time passes in which the server would have closed.
            _ = peer.receive(upTo: 1_000)
            usleep(200_000)
            let (bytes, end) = peer.receive()
            #expect(bytes.count > 7_999_000)
            #expect(end == .eof)
        }
    }

    @Test func `writes all of an answer to a client that closed its side`() async throws {
        let server = try await SocketServer.start { _, connection in
            connection.respond(HTTPAnswer(status: 200, body: ByteBuffer(repeating: 0x79, count: 8_000_000)))
        }
        let text = request("/1") + request("/2")
        try await exchange(server) { peer in
            peer.shrinkReceiveBuffer()
            peer.send(text)
            peer.closeOutput()
            let (bytes, end) = peer.receive()
            #expect(bytes.count > 16_000_000)
            #expect(end == .eof)
        }
    }

    @Test func `stops reading from a client that takes no answers`() async throws {
        let served = Counter()
        let server = try await SocketServer.start { _, connection in
            served.add()
            connection.respond(HTTPAnswer(status: 200, body: ByteBuffer(repeating: 0x79, count: 100_000)))
        }
        let text = String(repeating: request("/"), count: 4_000)
        try await exchange(server) { peer in
            peer.shrinkReceiveBuffer()
            peer.send(text)
            _ = peer.receive(upTo: 100_000)
            // What the system and 256 KiB of buffer hold, not 400 MB.
            #expect(served.value < 400)
            let (bytes, _) = peer.receive(upTo: 20_000_000)
            #expect(bytes.count == 20_000_000)
        }
    }

    @Test func `shares a port among loops, and refuses one that is taken`() async throws {
        let server = try await SocketServer.start(loopCount: 2)
        await #expect(throws: ListenerError.self) { _ = try await SocketServer.start(loopCount: 2, port: server.port) }
        await #expect(throws: ListenerError.self) { _ = try await SocketServer.start(port: server.port) }
        let port = server.port
        let count = try await blocking {
            var answered = 0
            for _ in 0..<20 {
                guard let peer = SocketPeer(port: port) else { break }
                peer.send("GET / HTTP/1.0\r\n\r\n")
                if peer.receive().bytes.starts(with: Array("HTTP/1.1 200 ".utf8)) { answered += 1 }
            }
            return answered
        }
        #expect(count == 20)
        await server.listener.close()
        // The port is free again.
        let next = try await SocketServer.start(loopCount: 2, port: port)
        await next.listener.close()
    }

    @Test func `accepts no more connections than the budget has room for`() async throws {
        let server = try await SocketServer.start(loopCount: 2, maximumConnections: 3)
        let port = server.port
        let text = request("/")
        let answered = try await blocking {
            let answered = Counter()
            withThreads(12) {
                guard let peer = SocketPeer(port: port) else { return }
                peer.send(text)
                // Each keeps its connection until it has been answered: only then another one gets in.
                if peer.receive(upTo: 12).bytes.count == 12 { answered.add() }
            }
            return answered.value
        }
        #expect(answered == 12)
        await server.listener.close()
    }

    @Test func `accepts nobody while the budget is held, and those who have waited afterwards`() async throws {
        let server = try await SocketServer.start(loopCount: 2)
        let (port, text, budget) = (server.port, request("/"), server.budget)
        let (sent, answered) = (Counter(), Counter())
        async let isServed = blocking { () -> Bool in
            guard let old = SocketPeer(port: port) else { return false }
            old.send(text)
            guard old.receive(upTo: 12).bytes.count == 12 else { return false }
            budget.isHeld = true
            while sent.value < 80 { sched_yield() }
            // Whoever is connected is served, and of the others those whom a listener was about to accept: a batch on each loop.
            old.send(text)
            let isServed = old.receive(upTo: 12).bytes.count == 12 && budget.openCount <= 1 + 2 * 16
            budget.isHeld = false
            return isServed
        }
        try await blocking {
            while !budget.isHeld { sched_yield() }
            withThreads(80) {
                guard let peer = SocketPeer(port: port) else { return }
                peer.send(text)
                sent.add()
                if peer.receive(upTo: 12).bytes.count == 12 { answered.add() }
            }
        }
        #expect(try await isServed)
        #expect(answered.value == 80)
        await server.listener.close()
    }

    @Test func `accepts no more than there are descriptors for, until there are more`() async throws {
        let server = try await SocketServer.start(maximumConnections: 100)
        let (port, text, budget) = (server.port, request("/"), server.budget)
        budget.allow(1, besides: 0)
        let isServed = try await blocking { () -> Bool in
            guard let first = SocketPeer(port: port), let second = SocketPeer(port: port) else { return false }
            first.send(text)
            guard first.receive(upTo: 12).bytes.count == 12 else { return false }
            second.send(text)
            // Nothing has changed: nobody is let in.
            budget.allow(0, besides: 1)
            first.send(text)
            guard first.receive(upTo: 12).bytes.count == 12, budget.openCount == 1 else { return false }
            budget.allow(1, besides: 1)
            return second.receive(upTo: 12).bytes.count == 12
        }
        #expect(isServed)
        await server.listener.close()
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs `body` on `count` threads of its own and waits for all.
private func withThreads(_ count: Int, _ body: @escaping @Sendable () -> Void) {
    let pool = NIOThreadPool(numberOfThreads: count)
    pool.start()
    let done = Counter()
    for _ in 0..<count {
        pool.submit { _ in
            body()
            done.add()
        }
    }
    while done.value < count { usleep(1_000) }
    pool.shutdownGracefully { _ in }
}
