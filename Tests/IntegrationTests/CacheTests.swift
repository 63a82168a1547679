import Foundation
import Testing

extension Integration {
    /// The cache in front of real tool servers.
    @Suite struct Cache {
        private static let cached = "tools: { process_data: { cache: { ttl: 5m, scope: public } } }"

        private func state(_ reply: HTTPReply) -> String? { reply.fields["x-cache"] }

        @Test(arguments: HTTPCall.Era.allCases)
        func `a tool that is configured runs once for all`(era: HTTPCall.Era) async throws {
            let (gateway, _) = try await Integration.threeServers(hasSessions: false, pool: Self.cached)
            try await gateway.settled()
            let first = try await gateway.send(.process("m", id: "1", era: era))
            let second = try await gateway.send(.process("m", id: "\"two\"", era: era))
            let third = try await gateway.send(.process("n", id: "3", era: era))
            #expect([first, second, third].map(\.status) == [200, 200, 200])
            #expect([first, second, third].map { state($0) } == ["miss", "hit", "miss"])
            let (kept, fetched) = (JSON(parsing: second.body), JSON(parsing: first.body))
            #expect(kept["id"] == "two" && kept["result"] == fetched["result"])
            let metrics = try await gateway.metrics()
            #expect(metrics("mcp_gateway_cache_requests_total", ["result": "hit"]) == 1)
            #expect(metrics("mcp_gateway_cache_requests_total", ["result": "miss"]) == 2)
            #expect(metrics("mcp_gateway_cache_bytes") > 0)
            #expect(metrics("mcp_gateway_attempts_total", ["outcome": "success"]) == 2)
        }

        @Test func `lists are kept as long as their server says`() async throws {
            let server = try await ToolServer.start("hints", flags: ["--everything"])
            let gateway = try await RunningGateway.start(backends: [server])
            try await gateway.settled()
            for method in ["tools/list", "prompts/list", "resources/list", "resources/templates/list"] {
                let replies = [
                    try await gateway.send(.mcp(method, id: "1", era: .modern)),
                    try await gateway.send(.mcp(method, id: "2", era: .modern)),
                ]
                let direct = JSON(parsing: try await HTTPCall.mcp(method, era: .modern).send(to: server.port).body)
                let isKept =
                    direct["result"]["cacheScope"] == "public" && direct["result"]["ttlMs"] != .int(0)
                #expect(replies.map { state($0) } == ["miss", isKept ? "hit" : "miss"], "\(method)")
                #expect(JSON(parsing: replies[1].body)["result"]["cacheScope"] == direct["result"]["cacheScope"])
            }
        }

        @Test func `a backend that dies leaves what is stale`() async throws {
            let server = try await ToolServer.start("mortal", hasSessions: false)
            let gateway = try await RunningGateway.start(
                backends: [server], pool: "tools: { process_data: { cache: { ttl: 1s, scope: public } } }")
            try await gateway.settled()
            #expect(state(try await gateway.send(.process("m", era: .modern))) == "miss")
            server.process.signal(SIGKILL)
            try await eventually("the answer is stale") {
                let reply = try await gateway.send(.process("m", id: "7", era: .modern))
                #expect(reply.status == 200 && JSON(parsing: reply.body)["id"] == .int(7))
                return state(reply) == "stale"
            }
            #expect(try await gateway.send(.process("other", era: .modern)).status == 503)
        }

        @Test func `operators see it and empty it`() async throws {
            let program = Machine.binaries.appending(path: "mcp-gateway")
            let (gateway, _) = try await Integration.threeServers(hasSessions: false, pool: Self.cached)
            try await gateway.settled()
            let place = ["--admin", "127.0.0.1:\(gateway.admin)"]
            for id in 1...3 { _ = try await gateway.send(.process("m", id: "\(id)", era: .modern)) }

            let json = try await ChildProcess.run(program, ["cache", "stats", "--json"] + place)
            #expect(json.status == 0, "\(json.complaints)")
            let figures = JSON(parsing: json.output)
            #expect(figures["hits"] == .int(2) && figures["misses"] == .int(1))
            let table = try await ChildProcess.run(program, ["cache", "stats"] + place)
            #expect(table.output.contains(/hits +2\n/) && table.output.contains(/hit rate +66%/))

            let wrong = try await ChildProcess.run(program, ["cache", "clear", "--pool", "nothing"] + place)
            #expect(wrong.status == 1 && wrong.complaints.contains("400"))
            #expect(state(try await gateway.send(.process("m", era: .modern))) == "hit")
            for pool in [["--pool", "tools"], []] {
                let cleared = try await ChildProcess.run(program, ["cache", "clear"] + pool + place)
                #expect(cleared.status == 0, "\(cleared.complaints)")
                #expect(state(try await gateway.send(.process("m", era: .modern))) == "miss")
                #expect(state(try await gateway.send(.process("m", era: .modern))) == "hit")
            }
            #expect(try await HTTPCall.get("/cache/clear").send(to: gateway.admin).status == 405)
            let nobody = try await ChildProcess.run(program, ["cache", "stats", "--admin", "127.0.0.1:1"])
            #expect(nobody.status == 69 && !nobody.complaints.isEmpty)
        }
    }
}
