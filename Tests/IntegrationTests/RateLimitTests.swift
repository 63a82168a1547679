import Testing

extension Integration {
    /// Rate limits of a real process with several event loops.
    @Suite struct RateLimits {
        private struct Answer: Sendable {
            var number: Int
            var reply: HTTPReply
        }

        private static func call(_ number: Int, token: String) -> HTTPCall {
            var call = HTTPCall.process("call \(number)", id: "\(number)", era: number % 2 == 0 ? .modern : .legacy)
            call.fields.append((name: "Authorization", value: "Bearer \(token)"))
            return call
        }

        @Test func `all connections and loops of a caller share one limit, and two callers none`() async throws {
            let server = try await ToolServer.start("tools-1", hasSessions: false)
            // So few an hour that none comes back during the test.
            let gateway = try await RunningGateway.start(
                backends: [server],
                more: "workers: 4\nrate_limits: [{ name: each, key: identity, rate: 1/h, burst: 30 }]")
            let all = try await withThrowingTaskGroup(of: [Answer].self) { group in
                for connection in 0..<20 {
                    group.addTask {
                        try await blocking {
                            let client = try HTTPConnection(port: gateway.port)
                            return try (connection * 5..<connection * 5 + 5).map { number in
                                let call = RateLimits.call(number, token: connection < 10 ? "a" : "b")
                                return Answer(number: number, reply: try client.exchange(call))
                            }
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            let served = all.filter { $0.reply.status == 200 }
            #expect(served.count { $0.number < 50 } == 30)
            #expect(served.count { $0.number >= 50 } == 30)
            for answer in all {
                let (number, reply) = (answer.number, answer.reply)
                #expect(reply.message["id"].int == number)
                #expect(reply.fields["ratelimit-policy"] == "\"each\";q=1;w=3600")
                guard reply.status != 200 else { continue }
                #expect(reply.status == 429)
                #expect(reply.message["error"]["code"].int == -31429)
                #expect(reply.fields["ratelimit"]?.hasPrefix("\"each\";r=0;t=") == true)
                let seconds = reply.fields["retry-after"].flatMap { Int($0) } ?? 0
                #expect((3_500...3_600).contains(seconds), "\(seconds)")
            }
            let metrics = try await gateway.metrics()
            let name = "mcp_gateway_rate_limit_decisions_total"
            #expect(metrics(name, ["rule": "each", "decision": "allowed", "source": "local"]) == 60)
            #expect(metrics(name, ["rule": "each", "decision": "refused"]) == 40)
            #expect(metrics("mcp_gateway_requests_total", ["status": "refused"]) == 40)
            #expect(metrics("mcp_gateway_shed_total", ["reason": "rate_limited"]) == 40)
            #expect(metrics("mcp_gateway_rate_limit_callers") == 2)
        }

        @Test func `a trusted proxy brings many callers`() async throws {
            let server = try await ToolServer.start("tools-1", hasSessions: false)
            let gateway = try await RunningGateway.start(
                backends: [server],
                more: "trusted_proxies: [127.0.0.0/8]\nrate_limits: [{ name: source, key: address, rate: 1/h }]")
            var statuses: [Int] = []
            for client in ["192.0.2.1", "192.0.2.2", "192.0.2.1", "2001:db8::1", "2001:db8::2"] {
                var call = HTTPCall.process("x", era: .modern)
                call.fields.append((name: "X-Forwarded-For", value: "203.0.113.\(statuses.count), \(client)"))
                statuses.append(try await gateway.send(call).status)
            }
            #expect(statuses == [200, 200, 429, 200, 429])
        }
    }
}
