import NIOCore
import Redis
import Testing
import Wire

@Suite(.needsRedis, .timeLimit(.minutes(5))) struct RedisSentinelTests {
    private func port(of test: TestClient) async throws -> Int64? {
        let port = try await test.send(.make("CONFIG", "GET", "port"))["port"]?.string
        return port.flatMap { Int64(String(buffer: $0)) }
    }

    @Test func `finds the master, and the new one after a crash`() async throws {
        let system = try await TestSentinel.start()
        let nobody = try await RedisServerPlace.free()
        let test = try await TestClient.connected(system.options(nobody: nobody))
        #expect(try await port(of: test) == Int64(system.master.port))
        #expect(await test.failure(.set("key", to: "x", for: .seconds(100))) == nil)
        system.master.crash()
        // From the moment at which the replica calls itself a master.
        let replica = try await TestClient.connected(.patient(system.replica.url))
        try await eventually("a new master is elected") {
            (try? await replica.text(.make("INFO", "replication")))?.contains("role:master") == true
        }
        let start = ContinuousClock.now
        try await eventually("writing goes on") { await test.failure(.set("key", to: "y", for: .seconds(100))) == nil }
        #expect(ContinuousClock.now - start < .seconds(6))
        #expect(try await port(of: test) == Int64(system.replica.port))
        #expect(test.log.text.map { $0.prefix(4) }.suffix(2) == ["warn", "info"])
        await test.client.shutdown()
        await replica.client.shutdown()
    }

    @Test func `does not take a replica for the master, and says so when nobody knows one`() async throws {
        let master = try await RedisServer.start()
        let replica = try await RedisServer.start(["--replicaof", "127.0.0.1", "\(master.port)"])
        // A Sentinel that is wrong.
        let server = try await ScriptedServer.startAfterHandshake { _, _ in
            .bytes("*2\r\n$9\r\n127.0.0.1\r\n$\(String(replica.port).utf8.count)\r\n\(replica.port)\r\n")
        }
        let wrong = try await TestClient.start(
            RedisOptions(server.url, topology: .sentinel(masterName: "main")))
        try await eventually("it has tried twice") { wrong.count(.readOnly) > 1 }
        #expect(!wrong.client.status.isUp)
        await wrong.client.shutdown()

        let sentinel = try await RedisServer.startSentinel(of: master, quorum: 1)
        let other = try await TestClient.start(
            RedisOptions(sentinel.url, topology: .sentinel(masterName: "other")))
        try await eventually("it has tried twice") { other.count(.unavailable) > 1 }
        #expect(!other.client.status.isUp)
        await other.client.shutdown()
    }
}
