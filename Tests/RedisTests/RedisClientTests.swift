import NIOCore
import NIOPosix
import Redis
import Testing
import Wire

/// A real server that is well.
@Suite(.needsRedis, .timeLimit(.minutes(5))) struct RedisClientTests {
    private static let add = RedisScript(
        "redis.call('INCRBY', KEYS[1], ARGV[1]); return {redis.call('GET', KEYS[1]), ARGV[1]}", isWrite: true)

    @Test func `gets, sets, counts and deletes`() async throws {
        let server = try await RedisServer.start()
        let test = try await TestClient.connected(.patient(server.url))
        #expect(try await test.send(.get("key")) == .null)
        #expect(try await test.text(.set("key", to: "välue\r\n", for: .seconds(10))) == "OK")
        #expect(try await test.text(.get("key")) == "välue\r\n")
        let left = try await test.send(.make("PTTL", "key")).integer ?? 0
        #expect((5_000...10_000).contains(left))
        #expect(try await test.send(.set("key", to: "other", for: .seconds(10), onlyIfAbsent: true)) == .null)
        #expect(try await test.send(.delete("key")) == .integer(1))
        #expect(try await test.send(.increment("count")) == .integer(1))
        #expect(try await test.send(.increment("count")) == .integer(2))
        #expect(await test.failure(.make("LPUSH", "count", "x", isWrite: true)) == .wrongType)
        #expect(await test.failure(.make("NONSENSE"))?.kind == .refused)
        #expect(test.log.text == [])
        await test.client.shutdown()
    }

    @Test(arguments: [Duration.nanoseconds(1), .zero, .seconds(-5), .seconds(1 << 62)])
    func `always lets values end`(life: Duration) async throws {
        let server = try await RedisServer.start()
        let test = try await TestClient.connected(.patient(server.url))
        _ = try? await test.send(.set("key", to: "value", for: life))
        let left = try await test.send(.make("PTTL", "key")).integer ?? 0
        #expect(left == -2 || left >= 0, "\(left)")
        await test.client.shutdown()
    }

    @Test func `reads the types of RESP3`() async throws {
        let server = try await RedisServer.start()
        let test = try await TestClient.connected(.patient(server.url))
        for (kind, value): (String, RESPValue) in [
            ("string", .bulkString(ByteBuffer(string: "Hello World"))), ("integer", .integer(12_345)),
            ("double", .double(3.141)), ("null", .null),
            ("array", .array([.integer(0), .integer(1), .integer(2)])),
            ("set", .set([.integer(0), .integer(1), .integer(2)])),
            ("map", .map([.integer(0), .boolean(false), .integer(1), .boolean(true), .integer(2), .boolean(false)])),
            ("bignum", .bigNumber(ByteBuffer(string: "1234567999999999999999999999999999999"))),
            ("true", .boolean(true)), ("false", .boolean(false)),
            ("verbatim", .verbatimString(ByteBuffer(string: "This is a verbatim\nstring"))),
        ] {
            #expect(try await test.send(.make("DEBUG", "PROTOCOL", kind)) == value, "\(kind)")
        }
        #expect(try await test.send(.make("DEBUG", "PROTOCOL", "attrib")).string.map { String(buffer: $0) } != nil)
        await test.client.shutdown()
    }

    @Test func `calls scripts by their digest, and sends the source to a server that does not know it`() async throws {
        let server = try await RedisServer.start()
        let test = try await TestClient.connected(.patient(server.url))
        let script = RedisClientTests.add
        let digest = try await test.text(.make("SCRIPT", "LOAD", String(buffer: script.source)))
        #expect(digest == String(decoding: script.digest, as: UTF8.self))
        _ = try await test.send(.make("SCRIPT", "FLUSH"))
        for round in 1...3 {
            let reply = try await test.send(.call(script, keys: ["sum"], arguments: [5]))
            #expect(reply.elements?.first?.string.map { String(buffer: $0) } == "\(round * 5)")
        }
        let calls = try await test.text(.make("INFO", "commandstats")) ?? ""
        #expect(calls.contains("cmdstat_eval:calls=1,"))
        #expect(calls.contains("cmdstat_evalsha:calls=3,"))
        await test.client.shutdown()
    }

    @Test func `uses the database, the name and the socket that it is told`() async throws {
        let server = try await RedisServer.start()
        let one = try await TestClient.connected(
            .patient(try RedisURL("unix:\(server.socketPath)?db=31"), clientName: "tester"))
        #expect(try await one.text(.make("CLIENT", "GETNAME")) == "tester")
        #expect(try await one.text(.make("CLIENT", "INFO"))?.contains(" db=31 ") == true)
        #expect(try await one.text(.set("key", to: "31", for: .seconds(10))) == "OK")
        let other = try await TestClient.connected(
            .patient(try RedisURL("redis://localhost:\(server.port)")))
        #expect(try await other.send(.get("key")) == .null)
        await one.client.shutdown()
        await other.client.shutdown()
    }

    @Test func `logs in as the default user, as another one, and with a wrong password`() async throws {
        let server = try await RedisServer.start([
            "--requirepass", "hunter2", "--user", "ann", "on", ">s3cret", "~*", "+@all", "-debug",
        ])
        let address = server.url.address
        let test = try await TestClient.connected(
            .patient(RedisURL(address, credentials: RedisCredentials(password: "hunter2"))))
        #expect(try await test.text(.make("ACL", "WHOAMI")) == "default")
        await test.client.shutdown()
        let ann = RedisCredentials(username: "ann", password: "s3cret")
        let other = try await TestClient.connected(
            .patient(RedisURL(address, credentials: ann)))
        #expect(try await other.text(.make("ACL", "WHOAMI")) == "ann")
        #expect(await other.failure(.make("DEBUG", "JMAP")) == .authentication)
        await other.client.shutdown()

        for credentials in [
            nil, RedisCredentials(password: "hunter3"), RedisCredentials(username: "bob", password: "x"),
        ] {
            let wrong = try await TestClient.start(RedisOptions(RedisURL(address, credentials: credentials)))
            try await eventually("it is refused") { wrong.count(.authentication) > 1 }
            #expect(await wrong.failure(.get("key")) == .unavailable)
            #expect(!wrong.client.status.isUp)
            // However often it is tried.
            #expect(
                wrong.log.text.sorted() == [
                    "error Redis refuses the user or the password address=\(address)",
                    "warning Redis does not serve address=\(address) reason=authentication",
                ])
            await wrong.client.shutdown()
        }
    }

    @Test func `serves many callers from several loops`() async throws {
        let server = try await RedisServer.start()
        let test = try await TestClient.connected(.patient(server.url), loopCount: 2)
        await withTaskGroup(of: Int.self) { group in
            for caller in 0..<64 {
                group.addTask {
                    var wrong = 0
                    for number in 0..<100 {
                        let key = "key-\(caller)-\(number)"
                        _ = try? await test.send(.set(key, to: key, for: .seconds(60)))
                        if (try? await test.text(.get(key))) != key { wrong += 1 }
                    }
                    return wrong
                }
            }
            for await wrong in group { #expect(wrong == 0) }
        }
        let connections = try await test.text(.make("CLIENT", "LIST"))?.split(separator: "\n").count
        #expect(connections == 2)
        await test.client.shutdown()
        #expect(await test.failure(.get("key")) == .unavailable)
    }

    @Test func `ends its connections when it is forgotten`() async throws {
        let server = try await RedisServer.start()
        let watcher = try await TestClient.connected(.patient(server.url))
        func connectionCount() async throws -> Int? {
            try await watcher.text(.make("CLIENT", "LIST"))?.split(separator: "\n").count
        }
        do {
            let test = try await TestClient.connected(.patient(server.url))
            let subscription = try await test.client.subscribe(to: ["a"], on: test.loop) { _ in }
            try await eventually("all are connected") { try await connectionCount() == 3 }
            withExtendedLifetime(subscription) {}
        }
        try await eventually("they have ended") { try await connectionCount() == 1 }
        await watcher.client.shutdown()
    }
}
