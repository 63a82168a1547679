import Foundation
import Testing

extension Integration {
    /// The admin listener and the access log: what operators read.
    @Suite struct Admin {
        @Test func `health, ready and metrics answer`() async throws {
            let (gateway, servers) = try await Integration.threeServers(hasSessions: false)
            for id in 1...6 { #expect(try await gateway.send(.process("m", id: "\(id)", era: .modern)).status == 200) }
            _ = try await gateway.send(.process("m", era: .legacy))

            let health = try await HTTPCall.get("/health").send(to: gateway.admin)
            #expect(health.status == 200)
            #expect(JSON(parsing: health.body)["status"] == "healthy")
            let metrics = try await gateway.metrics()
            #expect(metrics("mcp_gateway_build_info") == 1)
            #expect(metrics("mcp_gateway_config_generation") == 1)
            #expect(
                metrics("mcp_gateway_requests_total", ["pool": "tools", "method": "tools/call", "status": "ok"]) == 7)
            for server in servers {
                #expect(metrics("mcp_gateway_backend_up", ["pool": "tools", "backend": server.url]) == 1)
                #expect(metrics("mcp_gateway_attempts_total", ["backend": server.url, "outcome": "success"]) >= 2)
            }
            #expect(metrics("mcp_server_operation_duration_seconds_count", ["pool": "tools"]) == 7)
            #expect(metrics("mcp_gateway_overhead_seconds_count", ["pool": "tools"]) == 7)
            let attempts = servers.map { metrics("mcp_client_operation_duration_seconds_count", ["backend": $0.url]) }
            #expect(attempts.reduce(0, +) == 7 && attempts.allSatisfy { $0 >= 2 })
            #expect(metrics("mcp_gateway_connections_limit") >= 1_000)
            #expect(metrics("mcp_gateway_bugs_total") == 0)
            // At least standard input, output and error, two listeners, and this connection.
            #expect(metrics("mcp_gateway_open_fds") >= 6)
            #expect(try await HTTPCall.get("/elsewhere").send(to: gateway.admin).status == 404)
            #expect(try await HTTPCall(method: "DELETE", path: "/metrics").send(to: gateway.admin).status == 405)
            // Metrics are no business of clients.
            #expect(try await HTTPCall.get("/metrics").send(to: gateway.port).status == 404)
        }

        @Test(.enabled(if: Machine.isComplete || Machine.program("promtool") != nil, "promtool is not installed"))
        func `Prometheus finds nothing wrong with the metrics`() async throws {
            let promtool = try #require(Machine.program("promtool"))
            let (gateway, servers) = try await Integration.threeServers()
            for id in 1...6 { _ = try await gateway.send(.process("m", id: "\(id)", era: .modern)) }
            _ = try await HTTPCall(fields: HTTPCall.jsonAndEvents, body: "{").send(to: gateway.port)
            _ = try await HTTPCall.get("/elsewhere").send(to: gateway.port)
            for text in [
                try await gateway.metrics().text, try await HTTPCall.get("/metrics").send(to: servers[0].port).text,
            ] {
                let folder = try TemporaryFolder()
                let file = try folder.write("metrics", text.utf8)
                let outcome = try await ChildProcess.run(
                    URL(filePath: "/bin/sh"), ["-c", "exec \"$0\" check metrics < \"$1\"", promtool.path, file.path])
                #expect(outcome.status == 0, "\(outcome.complaints)")
                #expect(outcome.complaints.isEmpty)
            }
        }

        /// Rates see the step from nothing to the first of a kind only if the series is there before.
        @Test func `counts begin at 0, before the first call`() async throws {
            let gateway = try await RunningGateway.start(
                configuration:
                    "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\npools: { a: { backends: [ \"http://127.0.0.1:1/mcp\" ] } }\n",
                isReady: false)
            let text = try await gateway.metrics().text
            for status in ["ok", "tool_error", "rpc_error", "client_error", "refused", "backend_error", "timeout"] {
                let sample = "mcp_gateway_requests_total{pool=\"a\",method=\"tools/call\",status=\"\(status)\"} 0\n"
                #expect(text.contains(sample))
            }
            for reason in ["rate_limited", "unavailable", "overloaded", "draining"] {
                #expect(text.contains("mcp_gateway_shed_total{pool=\"a\",reason=\"\(reason)\"} 0\n"), "\(reason)")
            }
            #expect(text.contains("mcp_gateway_retries_total{reason=\"refused\"} 0\n"))
            #expect(text.contains("mcp_gateway_refused_requests_total{error_type=\"bad_request\"} 0\n"))

            _ = try await gateway.send(.process("m", era: .modern))
            let metrics = try await gateway.metrics()
            #expect(metrics("mcp_gateway_shed_total", ["pool": "a", "reason": "unavailable"]) == 1)
            #expect(metrics("mcp_gateway_shed_total") == metrics("mcp_gateway_requests_total", ["status": "refused"]))
        }

        @Test func `the tool server says how it is itself`() async throws {
            let server = try await ToolServer.start("self")
            let metrics = Metrics(try await HTTPCall.get("/metrics").send(to: server.port).text)
            #expect(metrics("mcp_build_info") == 1)
            #expect(metrics("process_resident_memory_bytes") > 1_000_000 && metrics("process_open_fds") >= 4)
        }

        @Test func `not ready without a backend, ready with the first`() async throws {
            let port = try Socket.listening().port
            let gateway = try await RunningGateway.start(backends: [ForeignBackend(port: port)], isReady: false)
            #expect(try await HTTPCall.get("/ready").send(to: gateway.admin).status == 503)
            #expect(try await HTTPCall.get("/health").send(to: gateway.admin).status == 200)
            let server = try await ToolServer.start("late", port: port)
            try await eventually("ready") { try await gateway.isReady }
            await server.process.stop()
        }

        @Test func `each call has its line of JSON in the access log`() async throws {
            let (gateway, servers) = try await Integration.threeServers(
                hasSessions: false, more: "log: { access: true }")
            _ = try await gateway.send(.process("secret-argument", id: "\"a\"", era: .modern))
            _ = try await gateway.send(.process("secret-argument", id: "2", era: .legacy))
            _ = try await gateway.send(.tool("no\\u0022such\\ntool", "{}", id: "3", era: .legacy))
            try await eventually("three lines") { gateway.accessLog.count >= 3 }

            for line in gateway.process.output.split(separator: "\n") {
                #expect(JSON(parsing: line).names.isEmpty == false, "not an object: \(line)")
            }
            // Event loops hand their lines over in blocks, so that the order is theirs.
            let lines = gateway.accessLog.sorted { $0["name"] == "process_data" && $1["name"] != "process_data" }
                .sorted { $0["era"] == "modern" && $1["era"] != "modern" }
            #expect(lines.count == 3)
            #expect(lines.map { $0["method"] } == ["tools/call", "tools/call", "tools/call"])
            #expect(lines.map { $0["era"] } == ["modern", "legacy", "legacy"])
            #expect(lines[0]["name"] == "process_data")
            #expect(lines[2]["name"] == "no\"such\ntool")
            #expect(lines[0]["status"] == "ok")
            #expect(lines[0]["httpStatus"] == 200)
            #expect(lines[0]["pool"] == "tools")
            #expect(servers.map(\.url).contains(lines[0]["backend"].string ?? ""))
            #expect(lines[0]["attempts"] == 1)
            #expect((lines[0]["durationMicroseconds"].int ?? 0) > 0)
            #expect((lines[0]["requestBytes"].int ?? 0) > 100)
            #expect((lines[0]["answerBytes"].int ?? 0) > 100)
            // Arguments are nobody's business.
            #expect(!gateway.process.output.contains("secret-argument"))
        }
    }
}
