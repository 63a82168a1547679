import NIOCore
import NIOPosix
import Redis
import Testing
import Wire

/// One connection at a time, against a server that does as the test says.
@Suite(.timeLimit(.minutes(5))) struct RedisConnectionTests {
    /// The replies to commands that are all given in one turn of the loop.
    private func replies(
        of test: TestClient, to commands: [RedisCommand], timeout: TimeAmount? = nil
    ) async throws -> [Result<RESPValue, RedisError>] {
        let client = test.client
        let loop = test.loop
        return try await loop.flatSubmit { () -> EventLoopFuture<[Result<RESPValue, RedisError>]> in
            let lane = client.lane(on: loop)
            let all = commands.map { command in
                let promise = loop.makePromise(of: Result<RESPValue, RedisError>.self)
                lane.send(command, timeout: timeout) { promise.succeed($0) }
                return promise.futureResult
            }
            return EventLoopFuture.whenAllSucceed(all, on: loop)
        }.get()
    }

    @Test func `matches replies in order`() async throws {
        let server = try await ScriptedServer.startAfterHandshake { _, words in
            .bytes("$\(words[1].utf8.count)\r\n\(words[1])\r\n")
        }
        let test = try await TestClient.connected(.patient(server.url))
        let replies = try await replies(of: test, to: (0..<1_000).map { .get("key\($0)") })
        let wrong = replies.enumerated().filter { (try? $1.get().string).map { String(buffer: $0) } != "key\($0)" }
        #expect(wrong.count == 0)
        await test.client.shutdown()
    }

    @Test func `sends what is said in one turn of the loop together`() async throws {
        // The server's reads count what comes together.
        let reads = Counter()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ReadCounter(reads))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let address = RedisAddress.tcp(host: "127.0.0.1", port: channel.localAddress?.port ?? 0)
        let test = try await TestClient.connected(.patient(RedisURL(address)))
        let before = reads.value
        let replies = try await replies(of: test, to: (0..<16).map { .get("key\($0)") })
        #expect(replies.allSatisfy { (try? $0.get()) == .null })
        #expect(reads.value == before + 1)
        await test.client.shutdown()
        try await channel.close().get()
    }

    private final class ReadCounter: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let reads: Counter
        private var parser = RESPParser()

        init(_ reads: Counter) { self.reads = reads }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            reads.add()
            while let command = try? parser.next(in: &bytes) {
                let isHandshake = ["HELLO", "PING"].contains(command.elements?.first?.string.map { String(buffer: $0) })
                context.write(NIOAny(ByteBuffer(string: isHandshake ? "+OK\r\n" : "_\r\n")), promise: nil)
            }
            context.flush()
        }
    }

    @Test func `carries long commands and long replies in order`() async throws {
        let server = try await ScriptedServer.startAfterHandshake { _, words in
            .bytes("$\(words[1].utf8.count)\r\n\(words[1])\r\n")
        }
        let test = try await TestClient.connected(.patient(server.url))
        let sizes = [1, 20_000, 3, 1_000_000, 16_300, 40_000, 0, 2_000_000, 5]
        let replies = try await replies(
            of: test, to: sizes.map { .get(String(repeating: "x", count: $0)) })
        #expect(replies.map { (try? $0.get().string?.readableBytes) ?? -1 } == sizes)
        await test.client.shutdown()
    }

    @Test func `closes a connection with a late reply, and never uses it again`() async throws {
        let server = try await ScriptedServer.startAfterHandshake { connection, words in
            connection == 1 ? .nothing : .bytes("$1\r\n\(connection)\r\n")
        }
        let test = try await TestClient.connected(.patient(server.url))
        let start = ContinuousClock.now
        let replies = try await replies(of: test, to: [.get("a"), .get("b"), .get("c")], timeout: .milliseconds(20))
        let time = ContinuousClock.now - start
        #expect(replies == [.failure(.timeout), .failure(.timeout), .failure(.timeout)])
        #expect(time >= .milliseconds(20) && time < .seconds(30), "\(time)")
        #expect(test.count(.timeout) == 3)
        try await test.up()
        let reply = try await test.send(.get("x"), timeout: .seconds(30)).string.map { String(buffer: $0) }
        #expect(reply.flatMap { Int($0) } ?? 0 > 1)
        await test.client.shutdown()
    }

    @Test func `gives each command its own time`() async throws {
        let server = try await ScriptedServer.startAfterHandshake { _, _ in .nothing }
        let test = try await TestClient.connected(.patient(server.url))
        let client = test.client
        let loop = test.loop
        let start = ContinuousClock.now
        // The one that has less time comes second; with it the connection ends, and the other one's reply with that.
        let outcome = try await loop.flatSubmit {
            let lane = client.lane(on: loop)
            let promises = (0..<2).map { _ in loop.makePromise(of: Result<RESPValue, RedisError>.self) }
            lane.send(.get("a")) { promises[0].succeed($0) }
            lane.send(.get("b"), timeout: .milliseconds(30)) { promises[1].succeed($0) }
            return EventLoopFuture.whenAllSucceed(promises.map(\.futureResult), on: loop)
        }.get()
        #expect(outcome == [.failure(.connectionLost), .failure(.timeout)])
        #expect(ContinuousClock.now - start < .seconds(5))
        await test.client.shutdown()
    }

    @Test(arguments: [
        "x", ":1\r\n", "*0\r\n", "#t\r\n", "$3\r\nabcd\r\n", "*-5\r\n", "$99999999999\r\n", "+1\r\n+2\r\n",
        ">1\r\n+a\r\n?",
    ])
    func `closes after a broken frame, and answers nobody with what follows`(bytes: String) async throws {
        let connections = Counter()
        let server = try await ScriptedServer.startAfterHandshake { connection, words in
            if words[0] == "GET", connection == 1 {
                connections.add()
                return .bytes(bytes)
            }
            return .bytes("+fine\r\n")
        }
        let test = try await TestClient.connected(.patient(server.url))
        let outcome = await test.failure(.get("key"))
        // One reply more than was asked for is no broken frame for the one who got the first.
        #expect(outcome == (bytes.hasPrefix("+1") ? nil : .protocolViolation))
        try await eventually("the connection is made again") {
            try await test.up()
            return (try? await test.text(.get("key"))) == "fine"
        }
        #expect(connections.value == 1)
        await test.client.shutdown()
    }

    @Test func `tells those who wait when the connection ends`() async throws {
        let server = try await ScriptedServer.startAfterHandshake { _, words in
            words[1] == "close" ? .bytesAndClose("+bye\r\n") : .nothing
        }
        let test = try await TestClient.connected(.patient(server.url))
        let replies = try await replies(of: test, to: [.get("close"), .get("x"), .get("y")])
        #expect(
            replies == [
                .success(.simpleString(ByteBuffer(string: "bye"))), .failure(.connectionLost),
                .failure(.connectionLost),
            ])
        #expect(test.count(.connectionLost) == 2)
        await test.client.shutdown()
    }

    @Test func `speaks RESP2 with servers that know nothing else`() async throws {
        let server = try await ScriptedServer.start { _, words in
            switch words.joined(separator: " ") {
            case let text where text.hasPrefix("HELLO"): .bytes("-ERR unknown command 'HELLO'\r\n")
            case "AUTH pw", "CLIENT SETNAME tester", "SELECT 3": .bytes("+OK\r\n")
            case "PING": .bytes("+PONG\r\n")
            case "GET none": .bytes("$-1\r\n")
            default: .bytes("-ERR \(words)\r\n")
            }
        }
        var url = server.url
        url.credentials = RedisCredentials(password: "pw")
        url.database = 3
        let test = try await TestClient.connected(.patient(url, clientName: "tester"))
        #expect(try await test.send(.get("none")) == .null)
        await test.client.shutdown()
    }

    @Test func `fails at once while there is no connection, and connects when there is one`() async throws {
        let server = try await RedisServerPlace.free()
        let test = try await TestClient.start(RedisOptions(RedisURL(.tcp(host: "127.0.0.1", port: server))))
        for _ in 0..<100 { #expect(await test.failure(.get("key")) == .unavailable) }
        try await eventually("it has been noticed") { !test.log.text.isEmpty }
        #expect(test.log.text == ["warning Redis does not serve address=127.0.0.1:\(server) reason=unavailable"])
        await test.client.shutdown()
        #expect(await test.failure(.get("key")) == .unavailable)
    }

    @Test func `makes one attempt to connect at a time, and waits longer each time`() async throws {
        let attempts = Counter()
        let server = try await ScriptedServer.start { _, _ in
            attempts.add()
            return .close
        }
        let start = ContinuousClock.now
        let test = try await TestClient.start(RedisOptions(server.url))
        try await eventually("it has tried five times") { attempts.value >= 5 }
        // Waits of 25, 50, 100 and 200 ms in the mean: without them there would be hundreds of attempts between two looks.
        #expect(attempts.value < 20)
        #expect(ContinuousClock.now - start > .milliseconds(5))
        await test.client.shutdown()
    }

    @Test func `shuts down while commands wait`() async throws {
        let server = try await ScriptedServer.startAfterHandshake { _, _ in .nothing }
        let test = try await TestClient.connected(.patient(server.url))
        async let outcome = test.failure(.get("key"))
        try await Task.sleep(for: .milliseconds(20))
        await test.client.shutdown()
        #expect(await outcome == .unavailable)
    }
}
