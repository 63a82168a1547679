import Testing

extension Integration {
    /// The official Python SDK, in each way it can speak, through the gateway to three tool servers.
    @Suite(.enabled(if: Machine.hasPython, "make .venv with the official SDK: scripts/test"))
    struct OfficialClients {
        /// The SDK's ways to connect, and the revision each ends up with.
        static let modes = [("legacy", "2025-11-25"), ("auto", "2026-07-28"), ("2026-07-28", "2026-07-28")]

        @Test(arguments: modes)
        func `does everything a client does`(mode: String, version: String) async throws {
            let (gateway, servers) = try await Integration.threeServers()
            let report = try await PythonClient.report("tour.py", gateway.endpoint, mode)

            #expect(report["protocolVersion"].string == version)
            #expect(report["tools"] == ["health_check", "process_data"])
            #expect(report["haveSchemas"] == true)
            #expect(report["readOnly"] == ["health_check", "process_data"])
            let calls = report["calls"]
            #expect(calls["transform"]["result"]["city"] == "PARIS")
            #expect(calls["transform"]["result"]["visits"] == 3)
            #expect(calls["transform"]["result"]["guide"] == .null)
            #expect(calls["transform"]["operation"] == "transform")
            #expect(calls["transform"]["isError"] == false)
            // {"city":"Paris","visits":3,"guide":null}
            #expect(calls["transform"]["input_size"] == 40)
            #expect(calls["transform"]["processed_at"].string?.contains("T") == true)
            #expect(calls["other"]["result"] == ["city": "Paris", "visits": 3, "guide": .null])
            #expect(calls["validate"]["result"]["valid"] == false)
            #expect(calls["analyze"]["result"]["keys"] == ["city", "visits", "guide"])
            #expect(calls["analyze"]["result"]["types"] == ["city": "string", "visits": "number", "guide": "null"])
            #expect(report["health"]["status"] == "healthy")
            #expect(report["resources"] == ["monitoring://metrics"])
            #expect(report["resourceText"].string?.contains("mcp_requests_total") == true)
            #expect(report["unknownTool"]["code"] == -32_602)
            #expect(report["afterError"] == ["a": "B"])
            if mode == "legacy" { #expect(servers.map(\.name).contains(report["server"].string ?? "")) }
        }

        /// How a client reaches a server.
        enum Way {
            case gateway, http, pipes, httpSSE
        }

        /// A way for a mode, and the revision that it ends up with.
        struct Visit: Sendable, CustomTestStringConvertible {
            var mode: String
            var version: String
            var way: Way

            var testDescription: String { "\(mode) over \(way)" }
        }

        static let visits =
            modes.flatMap { mode, version in
                [Way.gateway, .http, .pipes].map { Visit(mode: mode, version: version, way: $0) }
            } + [Visit(mode: "legacy", version: "2025-11-25", way: .httpSSE)]

        /// What a client of a server with all its specimens reports, however it reaches the server.
        private func report(_ script: String, mode: String, way: Way) async throws -> JSON {
            let server = try await ToolServer.start(
                "specimens", flags: ["--everything", "--http-sse", "--page-size", "10"])
            let gateway = try await RunningGateway.start(backends: [server])
            let target =
                switch way {
                case .gateway: gateway.endpoint
                case .http: server.url
                case .httpSSE: server.url.replacing("/mcp", with: "/sse")
                case .pipes: Machine.binaries.appending(path: "mcp-tool-server").path
                }
            return try await PythonClient.report(script, target, mode)
        }

        @Test(arguments: visits)
        func `answers everything that a server asks`(visit: Visit) async throws {
            let report = try await report("asking.py", mode: visit.mode, way: visit.way)

            #expect(report["protocolVersion"].string == visit.version)
            #expect(report["sampling"] == "LLM response: answer to why?")
            #expect(
                report["elicitation"]
                    == #"User response: action=accept, content={"username":"ann","email":"ann@example.org"}"#)
            #expect(report["declined"] == "User response: action=decline, content={}")
            let defaults = #"{"name":"John Doe","age":30,"score":95.5,"status":"active","verified":true}"#
            #expect(report["defaults"].string == "Elicitation completed: action=accept, content=\(defaults)")
            #expect(report["enums"].string?.contains(#""untitledMulti":["option1","option2"]"#) == true)
            let rounds = report["rounds"]
            #expect(rounds["elicitation"] == "Hello, Ann!")
            #expect(rounds["sampling"] == "answer to What is the capital of France?")
            #expect(rounds["list_roots"] == "Roots: home")
            #expect(rounds["request_state"] == "state-ok, confirmed: true")
            #expect(rounds["multiple_inputs"] == "Got client_roots, greeting, user_name.")
            #expect(rounds["multi_round"] == "Ann likes blue.")
            #expect(rounds["tampered_state"] == "confirmed: true")
            #expect(rounds["capabilities"] == "answer to What is the capital of France?")
            #expect(report["prompt"] == "The context is the sea.")
            #expect(report["reconnection"] == "The connection was cut, and nothing was lost.")
            #expect(report["parallel"] == [true, true, true, true, true, true, true, true, true, true])
            #expect(report["capabilities"] == "There is nothing that this client could be asked.")
            if visit.version == "2025-11-25" {
                #expect(report["missing"].string?.contains("does not support") == true)
            } else {
                #expect(report["missing"] == [-32_021, ["requiredCapabilities": ["sampling": [:]]]])
            }
        }

        /// The SDK knows the tasks of 2026-07-28 only, as an extension.
        @Test(arguments: [Way.gateway, .http, .pipes])
        func `waits for calls that run as tasks`(way: Way) async throws {
            let report = try await report("tasks.py", mode: "2026-07-28", way: way)

            #expect(report["text"] == "Hello, Ann!")
            // How often it is seen at work depends on who is faster.
            let states = report["states"].elements.filter { $0 != "working" }
            #expect(states == ["input_required", "completed", "cancelled"])
            #expect(report["cancelled"] == "cancelled")
            #expect(report["unknown"] == -32_602)
            #expect(report["plain"] == "Hello, Bea!")
        }

        @Test(arguments: visits)
        func `is told of what changes in a server`(visit: Visit) async throws {
            let report = try await report("watching.py", mode: visit.mode, way: visit.way)

            #expect(report["protocolVersion"].string == visit.version)
            if visit.version == "2025-11-25" {
                let lists: [JSON] = [
                    ["notifications/prompts/list_changed", .null], ["notifications/tools/list_changed", .null],
                ]
                let resource: JSON = ["notifications/resources/updated", "test://watched-resource"]
                #expect(report["told"] == .array([lists[0], resource, lists[1]]))
                #expect(report["toldLess"] == .array(lists))
                #expect(report["listens"] == false)
            } else {
                #expect(
                    report["told"] == [
                        ["PromptsListChanged", .null], ["ResourceUpdated", "test://watched-resource"],
                        ["ToolsListChanged", .null],
                    ])
                #expect(report["other"] == "PromptsListChanged")
                #expect(report["afterwards"] == "text")
            }
        }

        /// The gateway must not get in the way of anything.
        @Test(arguments: visits)
        func `uses everything that a server offers`(visit: Visit) async throws {
            let report = try await report("features.py", mode: visit.mode, way: visit.way)

            #expect(report["protocolVersion"].string == visit.version)
            let tools = report["tools"].elements.count
            #expect(report["pages"].int == (visit.way == .pipes ? 1 : (tools + 9) / 10))
            #expect(
                report["prompts"] == [
                    "explain_data", "test_input_required_result_prompt", "test_prompt_with_arguments",
                    "test_prompt_with_embedded_resource", "test_prompt_with_image", "test_simple_prompt",
                ])
            #expect(report["templates"] == ["monitoring://metrics/{name}", "test://template/{id}/data"])
            #expect(
                report["resources"] == [
                    "monitoring://metrics", "test://static-binary", "test://static-text", "test://watched-resource",
                ])
            #expect(report["progress"] == [[0, 100, "0 of 100"], [50, 100, "50 of 100"], [100, 100, "100 of 100"]])
            #expect(
                report["logs"] == [
                    ["info", "The tool begins."], ["info", "The tool works."], ["info", "The tool ends."],
                ])
            #expect(report["kinds"] == ["text", "image", "resource"])
            #expect(report["sound"] == ["audio", "audio/wav"])
            #expect(report["failed"] == true)
            #expect(report["region"] == "The region is eu süd.")
            #expect(report["prompt"] == "The first is one, the second two.")
            #expect(report["missingArgument"] == -32_602)
            #expect(report["completions"] == ["paris", "park", "party"])
            #expect(report["ids"] == ["10", "100"])
            #expect(report["data"] == ["id": "7", "template": true])
            #expect(report["binary"] == ["image/png", true])
            #expect(report["givenUp"] == true)
            #expect(report["afterwards"] == "text")
        }

        /// A client that can do both finds out what a server speaks, directly and through the gateway.
        @Test(arguments: [("legacy", "2025-11-25"), ("modern", "2026-07-28")], [true, false])
        func `finds the era of a server that speaks one only`(
            server: (protocol: String, version: String), throughGateway: Bool
        ) async throws {
            let tools = try await ToolServer.start("tools", flags: ["--protocol", server.protocol])
            let gateway = try await RunningGateway.start(backends: [tools])
            let report = try await PythonClient.report(
                "tour.py", throughGateway ? gateway.endpoint : tools.url, "auto")
            #expect(report["protocolVersion"].string == server.version)
            #expect(report["calls"]["transform"]["result"]["city"] == "PARIS")
        }

        @Test(arguments: ["legacy", "2026-07-28"])
        func `twenty clients get two hundred answers, each its own`(mode: String) async throws {
            let (gateway, _) = try await Integration.threeServers()
            let report = try await PythonClient.report("crowd.py", gateway.endpoint, mode, "20", "200")

            #expect(report["answered"] == 200)
            #expect(report["crossed"] == [])
            #expect(report["failed"] == [])
            // Every backend had its share.
            #expect(report["servers"].names == ["tools-1", "tools-2", "tools-3"])
            let metrics = try await gateway.metrics()
            #expect(
                metrics("mcp_gateway_requests_total", ["method": "tools/call", "status": "ok", "pool": "tools"]) == 200)
        }

        /// Legacy answers as an event stream, then the probing and the modern client.
        @Test(arguments: zip(modes, [[], ["--json"], []]))
        func `is served by a server of the same SDK`(mode: (name: String, version: String), flags: [String])
            async throws
        {
            let server = try ChildProcess(
                Machine.python,
                [Machine.root.appending(path: "Tests/IntegrationTests/Clients/reference_server.py").path, "reference"]
                    + flags)
            let backend = ForeignBackend(port: try await server.port())
            let gateway = try await RunningGateway.start(backends: [backend])
            let report = try await PythonClient.report("tour.py", gateway.endpoint, mode.name)

            #expect(report["protocolVersion"].string == mode.version)
            #expect(report["calls"]["transform"]["result"]["city"] == "PARIS")
            #expect(report["resources"] == ["monitoring://metrics"])
            #expect(report["unknownTool"]["isError"] == true)
            #expect(report["afterError"] == ["a": "B"])
            await server.stop()
        }
    }
}
