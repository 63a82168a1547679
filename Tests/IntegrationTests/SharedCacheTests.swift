import Foundation
import Synchronization
import Testing

extension Integration {
    /// Answers that gateways share through a real Redis.
    @Suite(.enabled(if: RedisServer.isThere, "redis-server is not installed")) struct SharedCache {
        /// Gateways with one Redis and one backend.
        private struct Stand {
            var redis: RedisServer
            var gateways: [RunningGateway]
            var folder: TemporaryFolder
        }

        private static let cache = "{ ttl: 5m, scope: public }"

        /// Two gateways in front of `backend`, which have time for Redis on the busiest machine, and keep the answers of `process_data` as `cache` says.
        private func stand(_ backend: any Backend, cache: String = cache) async throws -> Stand {
            let redis = try await RedisServer.start()
            let folder = try TemporaryFolder()
            let secret = try folder.write("secret", "a secret of more than 32 bytes for tests".utf8)
            var gateways: [RunningGateway] = []
            for _ in 0..<2 {
                let gateway = try await RunningGateway.start(
                    backends: [backend], pool: "tools: { process_data: { cache: \(cache) } }",
                    more: "redis: { url: '\(redis.url)', secret: 'file:\(secret.path)', timeout: 2s }")
                gateways.append(gateway)
                try await eventually("Redis serves; the gateway said: \(gateway.process.lastWords)") {
                    try await gateway.metrics()("mcp_gateway_redis_up") == 1
                }
            }
            try await RunningGateway.settle(gateways)
            return Stand(redis: redis, gateways: gateways, folder: folder)
        }

        private func state(_ reply: HTTPReply) -> String? { reply.fields["x-cache"] }

        private func attempts(_ gateways: [RunningGateway]) async throws -> Double {
            var count = 0.0
            for gateway in gateways { count += try await gateway.metrics()("mcp_gateway_attempts_total") }
            return count
        }

        private func call(_ mark: String, id: Int = 1, token: String? = nil) -> HTTPCall {
            var call = HTTPCall.process(mark, id: "\(id)", era: .modern)
            if let token { call.fields.append((name: "Authorization", value: "Bearer \(token)")) }
            return call
        }

        @Test func `what one has kept, another serves, to whom it is for`() async throws {
            let server = try await ToolServer.start("one", hasSessions: false)
            let stand = try await stand(server)
            let replies = [
                try await stand.gateways[0].send(call("m", id: 1)), try await stand.gateways[1].send(call("m", id: 2)),
                try await stand.gateways[1].send(call("m", id: 3)),
            ]
            #expect(replies.map { state($0) } == ["miss", "hit", "hit"])
            #expect(JSON(parsing: replies[1].body)["id"] == .int(2))
            #expect(try await attempts(stand.gateways) == 1)
            let second = try await stand.gateways[1].metrics()
            #expect(second("mcp_gateway_cache_shared_requests_total", ["result": "hit"]) == 1)

            let own = try await self.stand(server, cache: "{ ttl: 5m }")
            let order = [(0, "ann"), (1, "ann"), (1, "bob"), (0, "bob"), (0, "eve")]
            var states: [String?] = []
            for (gateway, name) in order {
                states.append(state(try await own.gateways[gateway].send(call("m", token: name))))
            }
            #expect(states == ["miss", "hit", "miss", "hit", "miss"])
            // Nothing says who they are, and nothing lives for ever.
            let names = try await own.redis.ask("KEYS", "*").split(separator: "\n")
            #expect(names.count { $0.contains("answer:") } == 3)
            for name in names { #expect(try await own.redis.ask("PTTL", String(name)) != "-1", "\(name)") }
            #expect(!names.contains { $0.contains("ann") })
        }

        @Test func `a thousand that ask two gateways at the same time cause one call`() async throws {
            let server = try await ToolServer.start("slow", hasSessions: false, flags: ["--delay", "20ms"])
            let stand = try await stand(server)
            var counts: [Double] = []
            // A gateway waits for another one for 100 ms, which the busiest machine may need for a thousand calls.
            while counts.last != 1, counts.count < 5 {
                let before = try await attempts(stand.gateways)
                let request = call("mark \(counts.count)", id: counts.count)
                let answered = try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<20 {
                        let port = stand.gateways[number % 2].port
                        let id = counts.count
                        group.addTask { try await onThread { try Self.askAtOnce(50, request, id: id, port: port) } }
                    }
                    return try await group.reduce(0, +)
                }
                #expect(answered == 1_000)
                counts.append(try await attempts(stand.gateways) - before)
            }
            #expect(counts.last == 1, "\(counts)")
            #expect(counts.allSatisfy { $0 <= 2 }, "\(counts)")
        }

        /// Makes one call on each of `count` connections before it reads an answer; how many answers are right.
        private static func askAtOnce(_ count: Int, _ request: HTTPCall, id: Int, port: Int) throws -> Int {
            let connections = try (0..<count).map { _ in try HTTPConnection(port: port) }
            for connection in connections { connection.send(request.bytes) }
            return try connections.count { connection in
                let reply = try connection.reply()
                Exchanges.ofTests.keep(request, reply, at: port)
                return reply.status == 200 && JSON(parsing: reply.body)["id"] == .int(id)
            }
        }

        @Test func `what was planted in Redis is never served`() async throws {
            let server = try await ToolServer.start("honest", hasSessions: false)
            let stand = try await stand(server)
            let (first, second) = (stand.gateways[0], stand.gateways[1])
            _ = try await first.send(call("foreign"))
            let foreign = try await stand.redis.ask("KEYS", "*answer:*")
            let script = "return redis.call('SET', KEYS[1], string.sub(redis.call('GET', KEYS[1]), 1, -2), 'KEEPTTL')"
            let plants: [(reason: String, words: (String) -> [String])] = [
                ("version", { ["SETRANGE", $0, "0", "\u{7f}"] }),
                ("length", { ["EVAL", script, "1", $0] }),
                ("key", { ["COPY", foreign, $0, "REPLACE"] }),
                ("seal", { ["SETRANGE", $0, "90", "x"] }),
            ]
            var known = [foreign]
            for (number, plant) in plants.enumerated() {
                _ = try await first.send(call("mark \(number)"))
                let names = try await stand.redis.ask("KEYS", "*answer:*").split(separator: "\n").map(String.init)
                let name = try #require(names.first { !known.contains($0) })
                known.append(name)
                try await stand.redis.ask(plant.words(name))
                let reply = try await second.send(call("mark \(number)"))
                #expect(state(reply) == "miss", "\(plant.reason)")
                #expect(reply.text.contains("MARK \(number)"), "\(plant.reason): \(reply.text)")
                let count = try await second.metrics()("mcp_gateway_cache_rejected_total", ["reason": plant.reason])
                #expect(count == 1, "\(plant.reason)")
            }
            // What another gateway has put in its place is an answer again.
            _ = try await stand.redis.ask("SET", foreign, "nonsense")
            #expect(state(try await second.send(call("foreign"))) == "miss")
            #expect(try await second.metrics()("mcp_gateway_cache_rejected_total") == 5)
        }

        @Test func `two identities never cross, while Redis dies again and again`() async throws {
            // A backend that says who has asked, as no answer of another may.
            let backend = try ScriptedBackend { request in
                let field = request.head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("x-api-key:") }
                let key = field.map { $0.dropFirst(10).trimmingCharacters(in: .whitespaces) } ?? "nobody"
                let mark = request.message["params"]["arguments"]["data"]["mark"].string ?? ""
                return .result(#"{"resultType":"complete","content":[{"type":"text","text":"\#(key)|\#(mark)"}]}"#)
            }
            let stand = try await stand(backend, cache: "{ ttl: 2s }")
            let count = Int(ProcessInfo.processInfo.environment["MCP_TESTS_ISOLATION_CALLS"] ?? "") ?? 20_000
            let callers = 8
            let isOver = Atomic(false)
            async let deaths = killAgainAndAgain(stand.redis, until: { isOver.load(ordering: .relaxed) })
            let crossings = try await withThrowingTaskGroup(of: [String].self) { group in
                for number in 0..<callers {
                    let port = stand.gateways[number / 2 % 2].port
                    let key = number % 2 == 0 ? "ann" : "bob"
                    group.addTask { try await onThread { try Self.ask(count / callers, as: key, port: port) } }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            isOver.store(true, ordering: .relaxed)
            let deathCount = try await deaths
            #expect(crossings.isEmpty, "\(crossings.prefix(3))")
            #expect(deathCount > 0)
            var hits = 0.0
            for gateway in stand.gateways {
                let metrics = try await gateway.metrics()
                hits += metrics("mcp_gateway_cache_requests_total", ["result": "hit"])
                #expect(metrics("mcp_gateway_bugs_total") == 0)
            }
            // Most of the answers came out of the cache, or nothing was shown.
            #expect(hits > Double(count) / 2)
            print("\(count) calls, \(Int(hits)) from memory, Redis died \(deathCount) times, 0 crossings")
        }

        /// Makes calls with one key, and returns the answers that are not for it.
        private static func ask(_ count: Int, as key: String, port: Int) throws -> [String] {
            var random = SystemRandomNumberGenerator()
            let connection = try HTTPConnection(port: port)
            var wrong: [String] = []
            for id in 0..<count {
                let mark = "m\(Int.random(in: 0..<20, using: &random))"
                var call = HTTPCall.process(mark, id: "\(id)", era: .modern)
                call.fields.append((name: "X-API-Key", value: key))
                connection.send(call.bytes)
                let reply = try connection.reply()
                let isRight = reply.text.contains("\"\(key)|\(mark)\"") && reply.text.contains("\"id\":\(id),")
                if reply.status != 200 || !isRight { wrong.append(reply.text) }
            }
            return wrong
        }

        /// Kills Redis at random moments and starts it again, until it is over; how often. Not until it is cancelled, which
        /// would cut a start short.
        private func killAgainAndAgain(_ redis: RedisServer, until isOver: () -> Bool) async throws -> Int {
            var count = 0
            while !isOver() {
                try await redis.crash()
                count += 1
                try await redis.restart()
                // Not a wait for anything: the moments are to be random.
                try? await Task.sleep(for: .milliseconds(Int.random(in: 100...1_500)))
            }
            return count
        }
    }
}
