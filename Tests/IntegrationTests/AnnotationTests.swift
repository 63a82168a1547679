import Testing

extension Integration {
    /// What real servers say of their tools, and what the gateway makes of it.
    @Suite struct Annotations {
        /// One server answers as it should; the other one takes each call and cuts the connection, and lists `tools`.
        private static func start(
            _ tools: String, trusting isTrusted: Bool
        ) async throws -> (gateway: RunningGateway, cutter: ScriptedBackend) {
            let server = try await ToolServer.start("tools-1")
            let cutter = try ScriptedBackend { request in
                guard request.method == "tools/list" else { return .bytes("", .reset) }
                return .result(
                    #"{"tools":\#(tools),"resultType":"complete","ttlMs":0,"cacheScope":"private"}"#)
            }
            let gateway = try await RunningGateway.start(
                backends: [server, cutter],
                pool: """
                    trust_annotations: \(isTrusted)
                    protocol: modern
                    circuit_breaker: { consecutive_failures: 1000, minimum_requests: 10000 }
                    """)
            return (gateway, cutter)
        }

        /// How many of six calls were answered, and how many the cut took.
        private static func call(_ tool: String, _ gateway: RunningGateway) async throws -> (answered: Int, lost: Int) {
            var statuses: [Int] = []
            for _ in 1...6 { statuses.append(try await gateway.send(.tool(tool, "{}", era: .modern)).status) }
            return (statuses.count { $0 == 200 }, statuses.count { $0 == 502 })
        }

        private static func retries(_ gateway: RunningGateway) async throws -> Double {
            try await gateway.metrics()("mcp_gateway_retries_total", ["reason": "reset"])
        }

        @Test func `calls a tool again that only reads, and none on which two servers disagree`() async throws {
            let tools = #"[{"name":"health_check","inputSchema":{"type":"object"}}]"#
            let (gateway, _) = try await Annotations.start(tools, trusting: true)
            try await eventually("the tools are read", within: .seconds(20)) {
                try await Annotations.call("process_data", gateway).answered == 6
            }
            let before = try await Annotations.retries(gateway)
            #expect(try await Annotations.call("process_data", gateway) == (6, 0))
            #expect(try await Annotations.retries(gateway) == before + 3)
            #expect(try await Annotations.call("health_check", gateway) == (3, 3))
            #expect(try await Annotations.retries(gateway) == before + 3)
        }

        @Test func `asks for nothing where annotations are not trusted`() async throws {
            let (gateway, cutter) = try await Annotations.start("[]", trusting: false)
            #expect(try await Annotations.call("process_data", gateway) == (3, 3))
            #expect(try await Annotations.retries(gateway) == 0)
            #expect(!cutter.requests.contains { $0.method == "tools/list" })
        }
    }
}
