import Testing

extension Integration {
    /// Rate limits that gateways share through a real Redis.
    @Suite(.enabled(if: RedisServer.isThere, "redis-server is not installed")) struct SharedLimits {
        private static func call(_ number: Int, token: String) -> HTTPCall {
            var call = HTTPCall.process("call \(number)", id: "\(number)", era: number % 2 == 0 ? .modern : .legacy)
            call.fields.append((name: "Authorization", value: "Bearer \(token)"))
            return call
        }

        /// Statuses of 120 calls of each of `tokens`, spread over all gateways and many connections.
        private static func spend(_ gateways: [RunningGateway], tokens: [String]) async throws -> [String: [Int]] {
            try await withThrowingTaskGroup(of: (String, [Int]).self) { group in
                for connection in 0..<12 {
                    for token in tokens {
                        let port = gateways[connection % gateways.count].port
                        group.addTask {
                            let statuses = try await blocking {
                                let client = try HTTPConnection(port: port)
                                return try (0..<10).map { try client.exchange(call($0, token: token)).status }
                            }
                            return (token, statuses)
                        }
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1.0, default: []] += $1.1 }
            }
        }

        @Test func `two gateways let through together what one may`() async throws {
            let redis = try await RedisServer.start()
            let limits = "rate_limits: [{ name: each, key: identity, rate: 1/h, burst: 30 }]"
            let all = try await SharingGateways.start(2, redis: "url: \(redis.url)", limits: limits)
            let statuses = try await SharedLimits.spend(all.gateways, tokens: ["a", "b"])
            for (token, statuses) in statuses {
                #expect(statuses.count { $0 == 200 } == 30, "\(token)")
                #expect(statuses.count { $0 == 429 } == 90, "\(token)")
            }
            let reply = try await all.gateways[0].send(SharedLimits.call(0, token: "a"))
            #expect(reply.message["error"]["code"].int == -31429 && reply.message["id"].int == 0)
            #expect(reply.fields["ratelimit-policy"] == "\"each\";q=1;w=3600")
            #expect(reply.fields["ratelimit"]?.hasPrefix("\"each\";r=0;t=") == true)
            #expect((3_500...3_600).contains(reply.fields["retry-after"].flatMap { Int($0) } ?? 0))
            var (allowed, refused) = (0.0, 0.0)
            for gateway in all.gateways {
                let metrics = try await gateway.metrics()
                let name = "mcp_gateway_rate_limit_decisions_total"
                allowed += metrics(name, ["rule": "each", "decision": "allowed", "source": "redis"])
                refused += metrics(name, ["rule": "each", "decision": "refused", "source": "redis"])
                #expect(metrics(name, ["source": "local"]) == 0)
            }
            #expect(allowed == 60 && refused == 181)
            // Neither token nor address is anywhere in it.
            let keys = try await redis.ask("KEYS", "gw:l*")
            #expect(keys.split(separator: "\n").count == 2, "\(keys)")
        }

        @Test func `in the long run they let through what comes back, and no more`() async throws {
            let redis = try await RedisServer.start()
            let limits = "rate_limits: [{ name: all, key: global, rate: 50/s, burst: 10 }]"
            let all = try await SharingGateways.start(2, redis: "url: \(redis.url)", limits: limits)
            let start = ContinuousClock.now
            let callers = all.gateways.map { Callers(4, port: $0.port, era: .modern) }
            defer { for callers in callers { callers.cancel() } }
            try await Task.sleep(for: .seconds(5))
            for callers in callers { try await callers.stop() }
            let length = (ContinuousClock.now - start) / .seconds(1)
            let outcomes = callers.flatMap(\.outcomes)
            let served = outcomes.count { $0.complaint == nil }
            #expect(outcomes.allSatisfy { $0.complaint?.hasPrefix("429") ?? true })
            #expect(Double(served) <= length * 50 + 11, "\(served) in \(length) s")
            #expect(Double(served) >= length * 50 * 0.9, "\(served) in \(length) s")
        }

        @Test func `without Redis, each gateway lets its share through`() async throws {
            let redis = try await RedisServer.start()
            let limits = "rate_limits: [{ name: each, key: identity, rate: 1/h, burst: 30 }]"
            let all = try await SharingGateways.start(2, redis: "url: \(redis.url)", limits: limits)
            for gateway in all.gateways {
                try await eventually("it knows of the other one") {
                    try await gateway.metrics()("mcp_gateway_rate_limit_gateways") == 2
                }
            }
            try await redis.crash()
            for gateway in all.gateways {
                try await eventually("it is noticed") { try await gateway.metrics()("mcp_gateway_redis_up") == 0 }
            }
            let statuses = try await SharedLimits.spend(all.gateways, tokens: ["a", "b"])
            for (token, statuses) in statuses { #expect(statuses.count { $0 == 200 } == 30, "\(token)") }
        }

        @Test func `a gateway that ends is counted no longer`() async throws {
            let redis = try await RedisServer.start()
            let all = try await SharingGateways.start(2, redis: "url: \(redis.url)")
            try await eventually("both are there") {
                try await all.gateways[0].metrics()("mcp_gateway_rate_limit_gateways") == 2
            }
            all.gateways[1].process.signal(15)
            #expect(try await all.gateways[1].process.exit() == 0)
            #expect(try await redis.ask("ZCARD", "gw:gateways") == "1")
            try await eventually("the other one knows", within: .seconds(3)) {
                try await all.gateways[0].metrics()("mcp_gateway_rate_limit_gateways") == 1
            }
        }

        @Test func `a Redis that is away delays no start, and rules say what happens then`() async throws {
            let port = try RedisServer.freePort()
            func gateway(_ policy: String, enforce: Bool = true) async throws -> RunningGateway {
                try await SharingGateways.start(
                    redis: "url: redis://127.0.0.1:\(port)",
                    limits:
                        "rate_limits: [{ name: r, key: global, rate: 1/h, enforce: \(enforce), on_redis_failure: \(policy) }]",
                    isUp: false
                ).gateways[0]
            }
            func statuses(_ gateway: RunningGateway) async throws -> [HTTPReply] {
                var replies: [HTTPReply] = []
                for _ in 0..<2 { replies.append(try await gateway.send(.process("x", era: .modern))) }
                return replies
            }
            #expect(try await statuses(gateway("local")).map(\.status) == [200, 429])
            #expect(try await statuses(gateway("open")).map(\.status) == [200, 200])
            #expect(try await statuses(gateway("closed", enforce: false)).map(\.status) == [200, 200])
            let closed = try await statuses(gateway("closed"))
            #expect(closed.map(\.status) == [503, 503])
            #expect(closed[0].message["error"]["code"].int == -31503 && closed[0].fields["retry-after"] == "1")
        }

        @Test func `a client that leaves while Redis is asked leaves nothing behind`() async throws {
            let redis = try await RedisServer.start()
            let all = try await SharingGateways.start(redis: "url: \(redis.url), timeout: 1s")
            let gateway = all.gateways[0]
            redis.freeze()
            for era in HTTPCall.Era.allCases {
                try await blocking {
                    let client = try HTTPConnection(port: gateway.port)
                    client.send(HTTPCall.process("x", era: era).bytes)
                }
            }
            // The other one might only have closed its sending side.
            try await eventually("the modern one has left", within: .milliseconds(900)) {
                try await gateway.metrics()("mcp_gateway_requests_total", ["status": "client_gone"]) == 1
            }
            redis.thaw()
            #expect(try await gateway.send(.process("x", era: .modern)).status == 200)
            try await eventually("nothing is under way") { try await gateway.metrics()("mcp_gateway_inflight") == 0 }
            #expect(try await gateway.metrics()("mcp_gateway_bugs_total") == 0)
        }
    }
}
