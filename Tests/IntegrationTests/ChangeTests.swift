import Testing

extension Integration {
    /// Lists and resources that are kept and then change, with real servers of both eras.
    @Suite struct Changes {
        /// What servers say of their answers does not count: some say that theirs are not to be kept.
        private static let kept = "cache: { ttl: 1h, scope: public, use_hints: false }"

        private static func gateway(
            _ servers: [any Backend], _ era: HTTPCall.Era, more: String = ""
        ) async throws -> RunningGateway {
            let gateway = try await RunningGateway.start(
                backends: servers, pool: "\(kept)\nprotocol: \(era.rawValue)", more: more)
            try await listens(gateway, servers.count)
            return gateway
        }

        private static func listens(_ gateway: RunningGateway, _ count: Int) async throws {
            try await eventually("the gateway listens; it said: \(gateway.process.lastWords)", within: .seconds(40)) {
                try await gateway.metrics()("mcp_gateway_cache_listeners", ["state": "listening"]) == Double(count)
            }
        }

        /// A client of the gateway, in a session if its era has that.
        private struct Client: Sendable {
            let gateway: RunningGateway
            let era: HTTPCall.Era
            let session: String?

            init(_ gateway: RunningGateway, _ era: HTTPCall.Era) async throws {
                self.gateway = gateway
                self.era = era
                session = era == .modern ? nil : try await gateway.send(.initialize()).fields["mcp-session-id"]
            }

            /// What the cache says to a call.
            func send(_ call: HTTPCall) async throws -> String? {
                let reply = try await gateway.send(session.map { call.inSession($0) } ?? call)
                guard reply.status == 200 else { throw Failure("\(reply.status): \(reply.text)") }
                return reply.fields["x-cache"]
            }

            func list() async throws -> String? { try await send(.mcp("tools/list", era: era)) }

            /// Asks until the answer comes from the cache.
            func keep() async throws {
                try await eventually("the list is kept") { try await list() == "hit" }
            }

            /// Waits until an answer comes from the backend.
            func miss() async throws {
                try await eventually("the list is fetched anew", within: .seconds(2)) { try await list() == "miss" }
            }
        }

        /// Lets a server tell of a change, without the gateway.
        private static func trigger(_ what: String, _ server: ToolServer) async throws {
            let reply = try await HTTPCall.tool("test_trigger_\(what)_change", "{}", era: .modern).send(to: server.port)
            #expect(reply.status == 200 && reply.text.contains("Told."))
        }

        private static func invalidations(_ gateway: RunningGateway, _ source: String) async throws -> Double {
            try await gateway.metrics()("mcp_gateway_cache_invalidations_total", ["source": source])
        }

        @Test(arguments: HTTPCall.Era.allCases)
        func `a list that has changed is asked for again`(era: HTTPCall.Era) async throws {
            let server = try await ToolServer.start("tools-1", flags: ["--everything"])
            let gateway = try await Changes.gateway([server], era)
            let client = try await Client(gateway, era)
            for _ in 1...3 {
                try await client.keep()
                try await Changes.trigger("tool", server)
                try await client.miss()
            }
            #expect(try await Changes.invalidations(gateway, "listener") == 3)
            // What concerns other answers leaves it.
            try await client.keep()
            try await Changes.trigger("prompt", server)
            try await eventually("the gateway has heard of it") {
                try await Changes.invalidations(gateway, "listener") == 4
            }
            #expect(try await client.list() == "hit")
        }

        @Test(arguments: HTTPCall.Era.allCases)
        func `a resource that has changed is read again`(era: HTTPCall.Era) async throws {
            let server = try await ToolServer.start("tools-1", flags: ["--everything"])
            let gateway = try await Changes.gateway([server], era)
            let client = try await Client(gateway, era)
            let call = HTTPCall.mcp(
                "resources/read", params: #""uri":"test://watched-resource""#, name: "test://watched-resource", era: era
            )
            let gaps = try await Changes.invalidations(gateway, "gap")
            #expect(try await client.send(call) == "miss")
            try await eventually("the gateway has named the resource") {
                try await Changes.invalidations(gateway, "gap") > gaps
            }
            #expect(try await client.send(call) == "miss")
            #expect(try await client.send(call) == "hit")
            try await Changes.trigger("resource", server)
            try await eventually("the resource is read anew", within: .seconds(2)) {
                try await client.send(call) == "miss"
            }
            #expect(try await Changes.invalidations(gateway, "listener") == 1)
            #expect(try await Changes.invalidations(gateway, "gap") == gaps + 1)
        }

        @Test(arguments: HTTPCall.Era.allCases)
        func `a backend that was started again may have changed`(era: HTTPCall.Era) async throws {
            let server = try await ToolServer.start("tools-1", flags: ["--everything"])
            let gateway = try await Changes.gateway([server], era)
            try await Client(gateway, era).keep()
            server.process.signal(9)
            try await server.process.exit()
            let gaps = try await Changes.invalidations(gateway, "gap")
            let another = try await ToolServer.start("tools-1", port: server.port, flags: ["--everything"])
            try await eventually("the gateway has heard of it", within: .seconds(40)) {
                try await Changes.invalidations(gateway, "gap") > gaps
            }
            let client = try await Client(gateway, era)
            #expect(try await client.list() == "miss")
            try await client.keep()
            try await Changes.trigger("tool", another)
            try await client.miss()
        }

        @Test func `a backend that tells nothing is served from the cache all the same`() async throws {
            let backend = try ScriptedBackend { _ in .result(#"{"tools":[]}"#) }
            let gateway = try await RunningGateway.start(backends: [backend], pool: Changes.kept)
            try await eventually("the gateway knows that nothing is offered") {
                try await gateway.metrics()("mcp_gateway_cache_listeners", ["state": "not_offered"]) == 1
            }
            let reply = try await gateway.send(.mcp("tools/list", era: .legacy))
            let another = try await gateway.send(.mcp("tools/list", era: .legacy))
            #expect([reply, another].map { $0.fields["x-cache"] } == ["miss", "hit"])
        }

        @Test func `ends its sessions with backends when it ends`() async throws {
            let backend = try ScriptedBackend { request in
                switch request.method {
                case "initialize":
                    .bytes(
                        ScriptedBackend.Answer.json(
                            #"{"jsonrpc":"2.0","id":"initialize","result":{"protocolVersion":"2025-03-26","capabilities":{}}}"#,
                            fields: "Mcp-Session-Id: the-session\r\n"))
                case "" where request.head.hasPrefix("GET "):
                    .bytes("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: here\n\n")
                default: .bytes("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                }
            }
            let gateway = try await Changes.gateway([backend], .legacy)
            gateway.process.signal(15)
            #expect(try await gateway.process.exit() == 0)
            let last = try #require(backend.requests.last { $0.method != "server/discover" })
            #expect(last.head.hasPrefix("DELETE /mcp HTTP/1.1\r\n"))
            #expect(last.head.contains("Mcp-Session-Id: the-session\r\n"))
            #expect(last.head.contains("MCP-Protocol-Version: 2025-03-26\r\n"))
            #expect(backend.requests.count { $0.method == "initialize" } == 1)
        }
    }
}
