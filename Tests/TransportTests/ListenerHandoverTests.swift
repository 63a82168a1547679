import NIOCore
import NIOPosix
import Testing

@testable import Transport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Listening sockets that go from one process to another, over real socket pairs.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ListenerHandoverTests {
    /// Both ends of a connection, closed with the test.
    private final class Pair: Sendable {
        let old: CInt
        let new: CInt

        init() throws {
            var ends: [CInt] = [-1, -1]
            #if canImport(Glibc)
                let result = socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends)
            #else
                let result = socketpair(AF_UNIX, SOCK_STREAM, 0, &ends)
            #endif
            try #require(result == 0)
            (old, new) = (ends[0], ends[1])
        }

        deinit {
            close(old)
            close(new)
        }
    }

    private static let ask: [UInt8] = Array("MCPH".utf8) + [1, 0, 0, 0, 0, 0]
    private static let end: [UInt8] = Array("MCPH".utf8) + [1, 2, 0, 0, 0, 0]

    private func write(_ bytes: [UInt8], to descriptor: CInt) {
        #expect(bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, 0) } == bytes.count)
    }

    /// What fetching throws when the old process answers `bytes` and closes its side.
    private func refusal(of bytes: [UInt8]) throws -> HandoverError? {
        let pair = try Pair()
        if !bytes.isEmpty { write(bytes, to: pair.old) }
        shutdown(pair.old, CInt(SHUT_WR))
        do throws(HandoverError) {
            _ = try ListenerHandover.fetch(over: pair.new, within: .seconds(5))
            return nil
        } catch {
            return error
        }
    }

    /// Runs blocking work beside other such work: two ends and two callers wait for each other, and the common pool may have
    /// fewer threads than that.
    private func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        do {
            let value = try await pool.runIfActive(body)
            try await pool.shutdownGracefully()
            return value
        } catch {
            try? await pool.shutdownGracefully()
            throw error
        }
    }

    @Test func `hands over names, addresses and sockets that still work`() async throws {
        let server = try await SocketServer.start(loopCount: 2)
        let offered = try await server.listener.copySockets(name: "mcp")
        #expect(offered.descriptors.count == 2)
        let pair = try Pair()
        async let fetched = blocking {
            let sockets = try ListenerHandover.fetch(over: pair.new)
            try ListenerHandover.claim(over: pair.new)
            try ListenerHandover.confirm(over: pair.new)
            return sockets
        }
        try await blocking {
            try ListenerHandover.offer([offered], over: pair.old)
            try ListenerHandover.release(over: pair.old)
        }
        let sockets = try await fetched
        #expect(sockets.map(\.name) == ["mcp"])
        #expect(sockets.map(\.address) == [server.listener.boundAddress])
        #expect(sockets.first?.descriptors.count == 2)
        for descriptor in sockets.flatMap(\.descriptors) {
            #expect(SocketActivation.address(of: descriptor) == server.listener.boundAddress)
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        }
        for socket in sockets + [offered] { socket.close() }
        await server.listener.close()
    }

    @Test func `refuses what is no answer of a gateway`() throws {
        let magic = Array("MCPH".utf8)
        #expect(try refusal(of: Array("HTTP/1.1 400 Bad".utf8)) == .malformed("unknown first bytes"))
        #expect(try refusal(of: magic + [2, 2, 0, 0, 0, 0]) == .version(2))
        #expect(try refusal(of: magic + [1, 9, 0, 0, 0, 0]) == .malformed("kind 9"))
        #expect(try refusal(of: magic + [1, 1, 0, 0, 4, 1]) == .malformed("a body of 1025 bytes"))
        #expect(try refusal(of: magic + [1, 1, 0, 1, 0, 0]) == .malformed("0 descriptors instead of 1"))
        #expect(
            try refusal(of: magic + [1, 1, 0, 0, 0, 2, 9, 97])
                == .malformed("a socket without a name or a descriptor"))
        #expect(try refusal(of: magic + [1, 3, 0, 0, 0, 0]) == .malformed("a message out of turn"))
        #expect(try refusal(of: Self.end) == nil)
    }

    @Test func `refuses an answer that ends anywhere before its end`() throws {
        for count in 0..<Self.end.count {
            #expect(try refusal(of: Array(Self.end.prefix(count))) == .ended, "\(count) bytes")
        }
    }

    @Test func `closes the descriptors of a handover that breaks off`() throws {
        var pipes: [CInt] = [-1, -1]
        try #require(pipe(&pipes) == 0)
        defer { close(pipes[0]) }
        let pair = try Pair()
        let socket = HandedSocket(name: "mcp", address: "a", descriptors: [pipes[1]])
        try HandoverMessage.socket(socket).send(over: pair.old, by: .now + .seconds(5))
        close(pipes[1])
        shutdown(pair.old, CInt(SHUT_WR))
        #expect(throws: HandoverError.ended) { try ListenerHandover.fetch(over: pair.new) }
        // Had a copy of the other end been left open, there would be no end here.
        _ = fcntl(pipes[0], F_SETFL, O_NONBLOCK)
        var byte: UInt8 = 0
        #expect(read(pipes[0], &byte, 1) == 0)
    }

    @Test func `hands over more sockets of one address than fit into one message`() async throws {
        let listening = try await SocketServer.start()
        let copies = try await listening.listener.copySockets(name: "mcp")
        var many = HandedSocket(name: "mcp", address: copies.address, descriptors: [])
        for _ in 0..<300 { many.descriptors += try copies.duplicate().descriptors }
        let pair = try Pair()
        let offered = many
        async let offering: Void = blocking { try ListenerHandover.offer([offered], over: pair.old) }
        let sockets = try await blocking {
            let sockets = try ListenerHandover.fetch(over: pair.new)
            try HandoverMessage.ready.send(over: pair.new, by: .now + .seconds(5))
            return sockets
        }
        try await offering
        #expect(sockets.map(\.address) == [copies.address])
        #expect(sockets[0].descriptors.count == 300)
        for socket in sockets + [copies, many] { socket.close() }
        await listening.listener.close()
    }

    @Test func `hears whether the new process accepts, up to the last moment`() async throws {
        // It dies.
        let dying = try Pair()
        shutdown(dying.new, CInt(SHUT_WR))
        #expect(throws: HandoverError.ended) { try ListenerHandover.release(over: dying.old) }
        // It says nothing in time; then it must not be able to say it any more.
        let late = try Pair()
        #expect(throws: HandoverError.ended) {
            try ListenerHandover.release(over: late.old, within: .milliseconds(20))
        }
        #expect(throws: HandoverError.self) { try ListenerHandover.confirm(over: late.new) }
        // What has been said counts.
        let prompt = try Pair()
        try ListenerHandover.confirm(over: prompt.new)
        try ListenerHandover.release(over: prompt.old)
        // Something else was said.
        let wrong = try Pair()
        write(Self.ask, to: wrong.new)
        #expect(throws: HandoverError.malformed("a message out of turn")) {
            try ListenerHandover.release(over: wrong.old)
        }
    }

    @Test func `offers nothing further when the new process dies, at any point`() throws {
        for bytes in [[], Array(Self.ask.prefix(5)), Self.ask] {
            let pair = try Pair()
            if !bytes.isEmpty { write(bytes, to: pair.new) }
            shutdown(pair.new, CInt(SHUT_WR))
            #expect(throws: HandoverError.ended) { try ListenerHandover.offer([], over: pair.old) }
        }
    }

    @Test func `gives up a new process that does not ask, or does not become ready, in time`() throws {
        let silent = try Pair()
        #expect(throws: HandoverError.timeout) {
            try ListenerHandover.offer([], over: silent.old, exchange: .milliseconds(20))
        }
        let slow = try Pair()
        write(Self.ask, to: slow.new)
        #expect(throws: HandoverError.timeout) {
            try ListenerHandover.offer([], over: slow.old, start: .milliseconds(20))
        }
    }

    @Test func `does not wait for an old process that has given up`() throws {
        let pair = try Pair()
        #expect(throws: HandoverError.timeout) {
            try ListenerHandover.claim(over: pair.new, within: .milliseconds(20))
        }
        shutdown(pair.old, CInt(SHUT_RDWR))
        #expect(throws: HandoverError.self) { try ListenerHandover.claim(over: pair.new) }
        #expect(throws: HandoverError.self) { try ListenerHandover.confirm(over: pair.new) }
    }

    @Test(arguments: [1, 2, 5])
    func `answers all that waited in the queues of the old listener, on any number of loops`(loopCount: Int)
        async throws
    {
        let old = try await SocketServer.start(loopCount: 2) { $1.answer("old \($0.path)") }
        let sockets = try await old.listener.copySockets(name: "mcp")
        await old.listener.close()
        // Nobody accepts now; the system completes connections all the same, into both queues.
        let port = old.port
        var waiting: [CInt] = []
        for _ in 0..<40 {
            let client = SocketPeer.makeSocket()
            try #require(SocketPeer.withAddress(port: port) { connect(client, $0, $1) } == 0)
            waiting.append(client)
        }
        let new = try await SocketServer.adopt(sockets, loopCount: loopCount) { $1.answer("new \($0.path)") }
        let clients = waiting
        let texts = try await blocking { clients.map { Self.ask(SocketPeer(descriptor: $0), "/") } }
        #expect(texts.count == 40)
        #expect(texts.allSatisfy { $0.contains("new /") }, "\(texts.filter { !$0.contains("new /") }.prefix(3))")
        #expect(new.listener.boundAddress == "127.0.0.1:\(port)")
        await new.listener.close()
        #expect(try await blocking { Self.ask(port: port, "/") } == "refused")
    }

    @Test func `loops without a socket bind one where the port may be shared`() async throws {
        for (loopCount, expected) in [(2, 5), (1, 1)] {
            let old = try await SocketServer.start(loopCount: loopCount)
            let sockets = try await old.listener.copySockets(name: "mcp")
            await old.listener.close()
            let new = try await SocketServer.adopt(sockets, loopCount: 5)
            #expect(new.listener.channels.count == expected)
            #expect(Set(new.listener.channels.map { $0.localAddress?.port }) == [old.port])
            let port = new.port
            for _ in 0..<20 { #expect(try await blocking { Self.ask(port: port, "/") }.contains(" 200 ")) }
            await new.listener.close()
        }
    }

    @Test func `accepts again what it has stopped to accept`() async throws {
        let old = try await SocketServer.start(loopCount: 2) { $1.answer("old \($0.path)") }
        let port = old.port
        let copies = try await old.listener.copySockets(name: "mcp")
        await old.listener.close()
        async let waiting = blocking { (0..<5).map { _ in Self.ask(port: port, "/") } }
        let again = try await SocketServer.adopt(copies, loopCount: 2) { $1.answer("again \($0.path)") }
        #expect(try await waiting.allSatisfy { $0.contains("again /") })
        await again.listener.close()
        #expect(try await blocking { Self.ask(port: port, "/") } == "refused")
    }

    @Test func `refuses no connection while the sockets change hands`() async throws {
        let old = try await SocketServer.start(loopCount: 2) { $1.answer("old \($0.path)") }
        let port = old.port
        let isOver = Flag()
        let callers = (0..<2).map { _ in
            Task {
                try await blocking {
                    var answers: [String] = []
                    while !isOver.isSet { answers.append(Self.ask(port: port, "/")) }
                    return answers
                }
            }
        }
        let pair = try Pair()
        let offered = try await old.listener.copySockets(name: "mcp")
        async let ready: Void = blocking { try ListenerHandover.offer([offered], over: pair.old) }
        let sockets = try await blocking { try ListenerHandover.fetch(over: pair.new) }
        async let claimed: Void = blocking { try ListenerHandover.claim(over: pair.new) }
        try await ready
        await old.listener.close()
        async let taken: Void = blocking { try ListenerHandover.release(over: pair.old) }
        try await claimed
        let new = try await SocketServer.adopt(sockets[0], loopCount: 3) { $1.answer("new \($0.path)") }
        try await blocking { try ListenerHandover.confirm(over: pair.new) }
        try await taken
        offered.close()
        for _ in 0..<50 {
            let answer = try await blocking { Self.ask(port: port, "/") }
            #expect(answer.contains("new /"))
        }
        isOver.set()
        for caller in callers {
            let answers = try await caller.value
            let wrong = answers.filter { !$0.contains("old /") && !$0.contains("new /") }
            #expect(wrong.isEmpty, "\(wrong.count) of \(answers.count): \(wrong.prefix(3))")
            #expect(answers.last?.contains("new /") == true)
        }
        await new.listener.close()
    }

    @Test func `adopts no descriptor that does not listen`() async throws {
        let descriptor = SocketPeer.makeSocket()
        let socket = HandedSocket(name: "mcp", address: "127.0.0.1:1", descriptors: [descriptor])
        var (before, after) = (stat(), stat())
        try #require(fstat(descriptor, &before) == 0)
        await #expect(throws: ListenerError.self) { try await SocketServer.adopt(socket, loopCount: 1) }
        // Closed; another test may have the number by now.
        #expect(fstat(descriptor, &after) == -1 || after.st_ino != before.st_ino)
    }

    /// The answer to one request on a connection of its own.
    private static func ask(port: Int, _ path: String) -> String {
        guard let peer = SocketPeer(port: port) else { return "refused" }
        return ask(peer, path)
    }

    private static func ask(_ peer: consuming SocketPeer, _ path: String) -> String {
        peer.send("GET \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        let (bytes, end) = peer.receive()
        return end == .eof ? String(decoding: bytes, as: UTF8.self) : "\(end as Any)"
    }
}
