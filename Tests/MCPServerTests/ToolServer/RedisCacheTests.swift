import Foundation
import NIOCore
import Synchronization
import Testing
import Wire

/// The tool server with a real Redis, which comes, goes and hangs.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct RedisCacheTests {
    private func processData(_ data: String) -> String {
        Request.modern(
            "tools/call", #""name":"process_data","arguments":{"data":\#(data),"operation":"transform"},"#,
            name: "process_data")
    }

    private func start(_ redis: RedisServer, _ flags: [String] = []) throws -> Running {
        try Running(["--listen", "127.0.0.1:0", "--rate-limit", "0"] + flags, ["REDIS_URL": redis.url])
    }

    /// The result of one call.
    private func result(_ client: RawClient, _ data: String) async throws -> JSONValue {
        try #require(try await client.ask(processData(data))?.json?["result"]?["structuredContent"])
    }

    /// Waits until /health says so.
    private func wait(_ server: Running, for status: String) async throws {
        while try await server.ask(Request.get("/health"))?.json?["status"]?.stringValue != status {
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Lines of the log that warn of Redis.
    private func warnings(_ server: Running) -> Int {
        server.errors().split(separator: "\n").count { $0.contains("\"warning\"") && $0.contains("Redis") }
    }

    @Test func `shares results between servers, however a request is spelt`() async throws {
        let redis = try await RedisServer()
        let (first, second) = (try start(redis), try start(redis, ["--cache-ttl", "60"]))
        for server in [first, second] { try await wait(server, for: "healthy") }
        let client = try await RawClient.connect(to: try await first.address())
        let other = try await RawClient.connect(to: try await second.address())
        let computed = try await result(client, #"{"a":"x","n":1.50}"#)
        let shared = try await result(other, #"{ "n":15e-1, "\u0061" : "x" }"#)
        #expect(shared["processed_at"] == computed["processed_at"])
        #expect(shared["result"] == computed["result"])
        // What is said of the request is said of this one.
        #expect(shared["input_size"] == 29)
        #expect(try await second.metric(#"mcp_cache_requests_total{result="hit_redis"}"#) == 1)
        // From then on it is in memory there, too.
        #expect(try await result(other, #"{"n":1.5,"a":"x"}"#)["processed_at"] == computed["processed_at"])
        #expect(try await second.metric(#"mcp_cache_requests_total{result="hit_memory"}"#) == 1)
        #expect(try await second.metric("mcp_redis_up") == 1)
        let key = try redis.ask("KEYS", "*")
        #expect(key.hasPrefix("mcp-tool-server:process_data:1:"))
        let life = try #require(Int(try redis.ask("TTL", key)))
        #expect((280...300).contains(life))
        for server in [first, second] { #expect(await server.end() == 0) }
    }

    @Test func `computes what somebody has spoilt in Redis`() async throws {
        let redis = try await RedisServer()
        let server = try start(redis)
        try await wait(server, for: "healthy")
        let data = #"{"a":"x"}"#
        var client = try await RawClient.connect(to: try await server.address())
        _ = try await result(client, data)
        #expect(await server.end() == 0)
        let key = try redis.ask("KEYS", "*")
        for value in ["", "x", "{}", #"{"processed_at":"y","result":7}"#, #" {"processed_at":"y","result":{}}"#] {
            #expect(try redis.ask("SET", key, value) == "OK")
            let server = try start(redis)
            try await wait(server, for: "healthy")
            client = try await RawClient.connect(to: try await server.address())
            let answer = try await result(client, data)
            #expect(answer["result"] == ["a": "X"])
            #expect(answer["processed_at"] != "y")
            #expect(await server.end() == 0)
        }
        #expect(try redis.ask("DEL", key) == "1")
        _ = try redis.ask("LPUSH", key, "x")
        let last = try start(redis)
        try await wait(last, for: "healthy")
        client = try await RawClient.connect(to: try await last.address())
        #expect(try await result(client, data)["result"] == ["a": "X"])
        #expect(await last.end() == 0)
    }

    @Test func `serves without a Redis, says so once, and uses it when it comes`() async throws {
        let redis = try await RedisServer()
        redis.killNow()
        let server = try start(redis)
        let client = try await RawClient.connect(to: try await server.address())
        for index in 0..<50 {
            #expect(try await result(client, "{\"n\":\(index)}")["result"] == ["n": .integer(index)])
        }
        // Equal calls are remembered all the same.
        _ = try await result(client, "{\"n\":0}")
        #expect(try await server.metric(#"mcp_cache_requests_total{result="hit_memory"}"#) == 1)
        let health = try #require(try await client.ask(Request.get("/health")))
        #expect(health.status == 200)
        #expect(health.json?["status"] == "degraded")
        #expect(health.json?["redis"] == "unavailable")
        let tool = Request.modern("tools/call", #""name":"health_check","arguments":{},"#, name: "health_check")
        #expect(try await client.ask(tool)?.json?["result"]?["structuredContent"]?["status"] == "degraded")
        #expect(warnings(server) == 1)
        try redis.restart()
        try await wait(server, for: "healthy")
        #expect(try await client.ask(Request.get("/health"))?.json?["redis"] == "connected")
        _ = try await result(client, "{\"new\":true}")
        while try redis.ask("DBSIZE") != "1" { try await Task.sleep(for: .milliseconds(10)) }
        #expect(warnings(server) == 1)
        #expect(await server.end() == 0)
    }

    /// Calls one after the other, over and over, from several connections.
    private final class Load: Sendable {
        let address: SocketAddress
        let isOver = Atomic(false)
        let good = Atomic(0)
        let bad = Atomic(0)
        let slowest = Mutex(Duration.zero)

        init(_ address: SocketAddress) {
            self.address = address
        }

        /// One caller, until it is over. Half of its calls are new, half are known.
        func run(_ caller: Int) async throws {
            let client = try await RawClient.connect(to: address)
            var number = 0
            while !isOver.load(ordering: .relaxed) {
                number += 1
                let n = caller * 1_000_000 + number / 2
                let begun = ContinuousClock.now
                let answer = try await client.ask(
                    Request.modern(
                        "tools/call", #""name":"process_data","arguments":{"data":{"n":\#(n)},"operation":""},"#,
                        name: "process_data"))
                let took = ContinuousClock.now - begun
                slowest.withLock { $0 = max($0, took) }
                if answer?.json?["result"]?["structuredContent"]?["result"] == ["n": .integer(n)] {
                    good.add(1, ordering: .relaxed)
                } else {
                    bad.add(1, ordering: .relaxed)
                }
            }
        }

        /// Waits until so many more calls have been answered.
        func answered(_ count: Int) async throws {
            let target = good.load(ordering: .relaxed) + count
            while good.load(ordering: .relaxed) < target, bad.load(ordering: .relaxed) == 0 {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    @Test func `fails no call while Redis is stopped, killed and started again`() async throws {
        let redis = try await RedisServer()
        let server = try start(redis)
        try await wait(server, for: "healthy")
        let load = Load(try await server.address())
        let callers = (0..<8).map { caller in Task { try await load.run(caller) } }
        for _ in 0..<2 {
            try await load.answered(200)
            redis.freeze()
            try await wait(server, for: "degraded")
            try await load.answered(200)
            redis.thaw()
            try await wait(server, for: "healthy")
            try await load.answered(200)
            redis.killNow()
            try await wait(server, for: "degraded")
            try await load.answered(200)
            try redis.restart()
            try await wait(server, for: "healthy")
        }
        try await load.answered(200)
        load.isOver.store(true, ordering: .relaxed)
        for caller in callers { try await caller.value }
        #expect(load.bad.load(ordering: .relaxed) == 0)
        // The budget of a command is 20 ms; the rest is a busy machine.
        #expect(load.slowest.withLock { $0 } < .seconds(5))
        // One for each time that it went.
        #expect((1...4).contains(warnings(server)))
        #expect(try await server.metric("mcp_redis_up") == 1)
        #expect(await server.end() == 0)
    }
}
