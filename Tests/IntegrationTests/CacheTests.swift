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

        private static let methods = [
            (name: "tools/list", params: ""), (name: "resources/templates/list", params: ""),
            (
                name: "tools/call",
                params: #""name":"process_data","arguments":{"data":{"a":1},"operation":"transform"}"#
            ),
        ]

        private func call(_ method: Int, id: String, _ era: HTTPCall.Era) -> HTTPCall {
            let (name, params) = Self.methods[method]
            return .mcp(name, id: id, params: params, name: name == "tools/call" ? "process_data" : nil, era: era)
        }

        /// The result without what only one of the eras has.
        private func common(_ reply: HTTPReply) -> JSON {
            guard case .object(var members) = JSON(parsing: reply.body)["result"] else { return .absent }
            for name in ["resultType", "ttlMs", "cacheScope", "_meta"] { members[name] = nil }
            return .object(members)
        }

        /// Rows: who asks first, and who is served what they have got.
        @Test(arguments: [(HTTPCall.Era.legacy, HTTPCall.Era.modern), (.modern, .legacy)])
        func `clients of one era profit from those of the other`(first: HTTPCall.Era, second: HTTPCall.Era)
            async throws
        {
            let server = try await ToolServer.start("both", hasSessions: false, flags: ["--everything"])
            let gateway = try await RunningGateway.start(
                backends: [server],
                pool: """
                    cache: { ttl: 5m, scope: public, across_revisions: true }
                    tools: { process_data: { cache: { ttl: 5m, scope: public } } }
                    """)
            try await gateway.settled()
            for index in Self.methods.indices {
                let fetched = try await gateway.send(call(index, id: "1", first))
                let kept = try await gateway.send(call(index, id: #""two""#, second))
                let again = try await gateway.send(call(index, id: "3", first))
                #expect([fetched, kept, again].map { state($0) } == ["miss", "hit", "hit"], "\(Self.methods[index])")
                let direct = try await call(index, id: "1", second).send(to: server.port)
                #expect(common(kept) == common(fetched) && common(again) == common(fetched))
                let (answer, theirs) = (JSON(parsing: kept.body), JSON(parsing: direct.body))
                #expect(answer["id"] == "two")
                for hint in ["resultType", "ttlMs", "cacheScope"] {
                    #expect((answer["result"][hint] == .absent) == (theirs["result"][hint] == .absent), "\(hint)")
                }
            }
            let metrics = try await gateway.metrics()
            #expect(
                metrics("mcp_gateway_attempts_total", ["outcome": "success"]) == Double(Self.methods.count))
        }

        @Test func `clients of sessions are served what their own answers could not be kept of`() async throws {
            let server = try await ToolServer.start("hints", flags: ["--everything"])
            let gateway = try await RunningGateway.start(backends: [server], pool: "cache: { across_revisions: true }")
            try await gateway.settled()
            let opened = try await gateway.send(.initialize())
            let session = try #require(opened.fields["mcp-session-id"])
            let old = HTTPCall.mcp("resources/templates/list", id: "5", era: .legacy).inSession(session)
            #expect(state(try await gateway.send(old)) != "hit")
            #expect(state(try await gateway.send(.mcp("resources/templates/list", era: .modern))) == "miss")
            let served = try await gateway.send(old)
            #expect(state(served) == "hit")
            let answer = JSON(parsing: served.body)
            #expect(answer["id"] == .int(5) && answer["result"]["ttlMs"] == .absent)
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
