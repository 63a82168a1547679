import NIOCore
import Redis
import Testing
import Wire

/// Servers that are not well: reliability first.
@Suite(.needsRedis, .timeLimit(.minutes(5))) struct RedisFaultTests {
    /// How long a decision may take that is to take 20 ms, on a machine that runs all tests at once;
    /// `RedisConnectionDeadlineTests` look more closely.
    private static let decisionTime = Duration.seconds(5)

    /// How long it may take to be back: 6 s, and as much again for a starved machine.
    private static let recoveryTime = Duration.seconds(12)

    /// Asks until there is no error; how long that took.
    private func recovery(of test: TestClient, _ command: RedisCommand = .get("key")) async throws -> Duration {
        let start = ContinuousClock.now
        try await eventually("Redis is back; log: \(test.log.text)") { await test.failure(command) == nil }
        return ContinuousClock.now - start
    }

    /// Asks a hundred times; the errors, and how many of them did not come at once: before the call had returned.
    private func ask(_ test: TestClient) async throws -> (waitCount: Int, errors: Set<RedisError>) {
        let client = test.client
        let loop = test.loop
        var waitCount = 0
        var errors: Set<RedisError> = []
        for _ in 0..<100 {
            let error = try await loop.submit {
                var error: RedisError?
                client.lane(on: loop).send(.get("key")) { reply in
                    if case .failure(let failure) = reply { error = failure }
                }
                return error
            }.get()
            if let error { errors.insert(error) } else { waitCount += 1 }
        }
        return (waitCount, errors)
    }

    @Test func `comes back after a crash`() async throws {
        let server = try await RedisServer.start()
        let test = try await TestClient.connected(RedisOptions(server.url))
        for _ in 0..<3 {
            server.crash()
            try await eventually("it is noticed") { !test.client.status.isUp }
            let (waitCount, errors) = try await ask(test)
            #expect(waitCount == 0)
            #expect(errors == [.unavailable])
            try await server.launch()
            #expect(try await recovery(of: test) < RedisFaultTests.recoveryTime)
        }
        // Three times within ten seconds are told of once, if the machine is not slow.
        let warnings = test.log.text.count { $0.hasPrefix("warning") }
        #expect((1...3).contains(warnings))
        #expect(test.log.text.count == 2 * warnings)
        await test.client.shutdown()
    }

    @Test func `leaves a server alone that does not answer, and closes the stuck connection`() async throws {
        let server = try await RedisServer.start()
        let test = try await TestClient.connected(RedisOptions(server.url))
        let before = try await test.send(.make("CLIENT", "ID"), timeout: .seconds(30)).integer ?? 0
        server.freeze()
        let start = ContinuousClock.now
        #expect(await test.failure(.get("key")) == .timeout)
        let time = ContinuousClock.now - start
        #expect(time >= .milliseconds(20) && time < RedisFaultTests.decisionTime, "\(time)")
        // Connections are accepted by the system; the handshake finds out, and no command waits for that.
        let (waitCount, errors) = try await ask(test)
        #expect(waitCount == 0)
        #expect(errors == [.unavailable])
        server.thaw()
        #expect(try await recovery(of: test) < RedisFaultTests.recoveryTime)
        #expect(try await test.send(.make("CLIENT", "ID"), timeout: .seconds(30)).integer ?? 0 > before)
        #expect(test.log.text.map { $0.prefix(4) }.prefix(2) == ["warn", "info"])
        await test.client.shutdown()
    }

    @Test func `leaves a server alone that runs a script for ever`() async throws {
        let server = try await RedisServer.start(["--busy-reply-threshold", "50"])
        let test = try await TestClient.connected(RedisOptions(server.url))
        let blocker = try await TestClient.connected(.patient(server.url))
        async let blocked = blocker.failure(.make("EVAL", "while true do end", "0"))
        try await eventually("it blocks and is noticed") {
            await test.failure(.get("key")) == .unavailable && test.count(.timeout) + test.count(.notServing) > 0
        }
        let (waitCount, errors) = try await ask(test)
        #expect(waitCount == 0)
        #expect(errors == [.unavailable])
        try await eventually("the server says that it is busy") { test.count(.notServing) > 0 }
        #expect(!test.client.status.isUp)
        let killer = try await ScriptKiller.kill(port: server.port)
        #expect(killer.contains("OK"))
        #expect(await blocked?.kind == .refused)
        #expect(try await recovery(of: test) < RedisFaultTests.recoveryTime)
        await test.client.shutdown()
        await blocker.client.shutdown()
    }

    @Test func `opens the breaker for a server that says that it is loading, and comes back`() async throws {
        let isLoading = Counter()
        let server = try await ScriptedServer.start { _, words in
            switch words[0] {
            case "HELLO": .bytes("%0\r\n")
            case "PING" where isLoading.value > 1: .bytes("+PONG\r\n")
            case "PING" where isLoading.value == 0: .bytes("+PONG\r\n")
            default:
                isLoading.value > 1 ? .bytes("_\r\n") : .bytes("-LOADING Redis is loading the dataset in memory\r\n")
            }
        }
        let test = try await TestClient.connected(.patient(server.url))
        isLoading.add()
        for _ in 0..<5 { #expect(await test.failure(.get("key")) == .notServing) }
        #expect(await test.failure(.get("key")) == .unavailable)
        #expect(!test.client.status.isUp)
        isLoading.add()
        #expect(try await recovery(of: test) < RedisFaultTests.recoveryTime)
        #expect(
            test.log.text == [
                "warning Redis does not serve address=\(server.url.address) reason=not_serving",
                "info Redis serves again address=\(server.url.address)",
            ])
        await test.client.shutdown()
    }

    @Test func `is not served by a server that reads its data`() async throws {
        // Each key takes a while to load, so that there is time to look.
        let server = try await RedisServer.start([
            "--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024",
        ])
        let test = try await TestClient.connected(.patient(server.url))
        _ = try await test.send(.make("DEBUG", "POPULATE", "2000", "key", "100", isWrite: true))
        async let reloaded = test.failure(.make("DEBUG", "RELOAD"))
        let other = try await TestClient.start(RedisOptions(server.url))
        try await eventually("it is loading") {
            _ = await other.failure(.get("x"))
            return other.count(.notServing) > 0 && !other.client.status.isUp
        }
        _ = await reloaded
        try await eventually("it has loaded") { await other.failure(.get("x")) == nil }
        #expect(try await other.send(.make("DBSIZE"), timeout: .seconds(30)) == .integer(2_000))
        await test.client.shutdown()
        await other.client.shutdown()
    }

    @Test func `drops the connection to a server that has become a replica, and finds the master again`() async throws {
        let server = try await RedisServer.start()
        let master = try await RedisServer.start()
        let test = try await TestClient.connected(.patient(server.url))
        let operatorsClient = try await TestClient.connected(.patient(server.url))
        let before = try await test.send(.make("CLIENT", "ID")).integer ?? 0
        _ = try await operatorsClient.send(.make("REPLICAOF", "127.0.0.1", "\(master.port)"))
        #expect(await test.failure(.set("key", to: "x", for: .seconds(10))) == .readOnly)
        // Reading goes on over a new connection.
        #expect(try await recovery(of: test) < RedisFaultTests.recoveryTime)
        #expect(try await test.send(.make("CLIENT", "ID")).integer ?? 0 > before)
        _ = try await operatorsClient.send(.make("REPLICAOF", "NO", "ONE"))
        #expect(try await recovery(of: test, .set("key", to: "x", for: .seconds(10))) < RedisFaultTests.recoveryTime)
        await test.client.shutdown()
        await operatorsClient.client.shutdown()
    }

    @Test func `writes nothing for a while to a server without memory, and reads on`() async throws {
        let server = try await RedisServer.start(["--maxmemory", "1", "--maxmemory-policy", "noeviction"])
        let test = try await TestClient.connected(.patient(server.url))
        for _ in 0..<2 { #expect(await test.failure(.set("key", to: "x", for: .seconds(10))) == .outOfMemory) }
        #expect(try await test.send(.get("key")) == .null)
        // The second one was not sent.
        let stats = try await test.text(.make("INFO", "errorstats")) ?? ""
        #expect(stats.contains("errorstat_OOM:count=1"))
        _ = try await test.send(.make("CONFIG", "SET", "maxmemory", "0"))
        #expect(await test.failure(.set("key", to: "x", for: .seconds(10))) == .outOfMemory)
        #expect(test.client.status.isUp)
        #expect(try await recovery(of: test, .set("key", to: "x", for: .seconds(10))) < RedisFaultTests.recoveryTime)
        #expect(test.count(.outOfMemory) >= 3)
        await test.client.shutdown()
    }

    @Test func `reads on while the server cannot save`() async throws {
        let server = try await RedisServer.start(["--save", "3600", "1", "--stop-writes-on-bgsave-error", "yes"])
        let test = try await TestClient.connected(.patient(server.url))
        _ = try await test.send(.set("key", to: "x", for: .seconds(100)))
        _ = try await test.send(.make("CONFIG", "SET", "rdbcompression", "no"))
        // The folder has gone: saving fails.
        try server.removeFolder()
        _ = await test.failure(.make("BGSAVE"))
        try await eventually("saving has failed") {
            try await test.text(.make("INFO", "persistence"))?.contains("rdb_last_bgsave_status:err") == true
        }
        #expect(await test.failure(.set("key", to: "y", for: .seconds(100))) == .misconfigured)
        #expect(try await test.text(.get("key")) == "x")
        await test.client.shutdown()
    }
}
