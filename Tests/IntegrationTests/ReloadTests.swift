import Foundation
import Testing

extension Integration {
    /// A gateway that is configured anew while it serves.
    @Suite struct Reload {
        @Test func `POST reload applies the file, says what has changed, and what waits`() async throws {
            let servers = [try await ToolServer.start("one"), try await ToolServer.start("two")]
            let stand = try await GatewayOfFile.start(GatewayOfFile.text([servers[0]]))
            #expect(try await HTTPCall.process("a", era: .modern).send(to: stand.port).status == 200)
            try stand.write(GatewayOfFile.text([servers[1]], more: "workers: 3\nlimits: { max_body: 128KiB }\n"))
            let reply = try await stand.reload()
            #expect(reply.status == 200)
            let answer = JSON(parsing: reply.body)
            #expect(answer["result"] == "applied" && answer["generation"] == 2)
            #expect(answer["changes"].elements.count == 4)
            #expect(answer["next_start"].elements.count == 1)
            #expect(answer["next_start"][0].string?.hasSuffix("takes effect at the next start") == true)
            for id in 1...4 {
                let reply = try await HTTPCall.process("a", id: "\(id)", era: .modern).send(to: stand.port)
                #expect(reply.status == 200)
            }
            let metrics = try await stand.metrics()
            #expect(metrics("mcp_gateway_config_generation") == 2)
            #expect(metrics("mcp_gateway_config_reloads_total", ["result": "applied"]) == 1)
            #expect(metrics("mcp_gateway_config_last_reload_ok") == 1)
            #expect(metrics("mcp_gateway_requests_total", ["method": "tools/call", "status": "ok"]) == 5)
            #expect(metrics("mcp_gateway_attempts_total", ["backend": servers[1].url, "outcome": "success"]) == 4)
            #expect(metrics("mcp_gateway_attempts_total", ["backend": servers[0].url]) == 0)
            #expect(stand.process.lastWords.contains("the configuration has changed"))
            let again = JSON(parsing: try await stand.reload().body)
            #expect(again["result"] == "unchanged" && again["next_start"].elements.count == 1)
            let config = try await HTTPCall.get("/config").send(to: stand.admin)
            #expect(config.text.contains(servers[1].url) && !config.text.contains(servers[0].url))
        }

        @Test func `a bad file changes nothing, and the complaint says why`() async throws {
            let server = try await ToolServer.start("one")
            let stand = try await GatewayOfFile.start(GatewayOfFile.text([server]))
            try stand.write(GatewayOfFile.text([server], pool: "    balance: sometimes\n"))
            let reply = try await stand.reload()
            #expect(reply.status == 422)
            let complaints = JSON(parsing: reply.body)["complaints"].elements
            #expect(complaints.count == 1 && complaints[0].string?.contains("balance") == true)
            let metrics = try await stand.metrics()
            #expect(metrics("mcp_gateway_config_generation") == 1)
            #expect(metrics("mcp_gateway_config_reloads_total", ["result": "rejected"]) == 1)
            #expect(metrics("mcp_gateway_config_last_reload_ok") == 0)
            #expect(try await HTTPCall.process("a", era: .modern).send(to: stand.port).status == 200)
            let lines = stand.process.complaints.split(separator: "\n").filter { $0.contains("was refused") }
            #expect(lines.count == 1)
        }

        @Test func `an address that is taken changes nothing`() async throws {
            let server = try await ToolServer.start("one")
            let stand = try await GatewayOfFile.start(GatewayOfFile.text([server]))
            try stand.write(
                GatewayOfFile.text([server]).replacing(
                    "listen: 127.0.0.1:0", with: "listen: [127.0.0.1:0, 127.0.0.1:\(server.port)]")
            )
            let reply = try await stand.reload()
            #expect(reply.status == 422)
            #expect(try await stand.metrics()("mcp_gateway_config_generation") == 1)
            #expect(try await HTTPCall.process("a", era: .modern).send(to: stand.port).status == 200)
        }

        @Test func `listeners come and go`() async throws {
            let server = try await ToolServer.start("one")
            let stand = try await GatewayOfFile.start(GatewayOfFile.text([server]))
            let spare = try await ToolServer.start("spare")
            await spare.process.stop()
            try stand.write(
                GatewayOfFile.text([server]).replacing("listen: 127.0.0.1:0", with: "listen: 127.0.0.1:\(spare.port)"))
            #expect(try await stand.reload().status == 200)
            #expect(try await HTTPCall.process("a", era: .modern).send(to: spare.port).status == 200)
            try await eventually("the old one is closed") { (try? HTTPConnection(port: stand.port)) == nil }
        }

        @Test func `SIGHUP and a file that has changed do the same`() async throws {
            let server = try await ToolServer.start("one")
            let stand = try await GatewayOfFile.start(GatewayOfFile.text([server]), flags: [])
            try stand.write(GatewayOfFile.text([server], pool: "    balance: random\n"))
            stand.process.signal(SIGHUP)
            try await eventually("it goes by the file: \(stand.process.lastWords)") {
                try await stand.metrics()("mcp_gateway_config_generation") == 2
            }
            try stand.write(GatewayOfFile.text([server], pool: "    balance: least_request\n"))
            try await eventually("it goes by the file: \(stand.process.lastWords)", within: .seconds(10)) {
                try await stand.metrics()("mcp_gateway_config_generation") == 3
            }
            #expect(try await stand.metrics()("mcp_gateway_config_reloads_total", ["result": "rejected"]) == 0)
        }

        @Test func `10 reloads under 500 calls a second lose none, and keep none waiting`() async throws {
            var servers: [ToolServer] = []
            for number in 1...3 { servers.append(try await ToolServer.start("tools-\(number)")) }
            let stand = try await GatewayOfFile.start(GatewayOfFile.text(servers))
            async let load = ChildProcess.run(
                Machine.binaries.appending(path: "mcp-load"),
                [
                    "http://127.0.0.1:\(stand.port)/mcp", "--tool", "health_check", "--rate", "500", "--duration",
                    "12s",
                    "--connections", "32", "--json", "--era", "modern",
                ])
            try await Task.sleep(for: .seconds(2))
            for round in 1...10 {
                // Each time another backend is missing, and the pool another one.
                var present: [ToolServer] = servers
                present.remove(at: round % 3)
                try stand.write(GatewayOfFile.text(present, pool: "    retry: { attempts: \(2 + round % 2) }\n"))
                let reply = try await stand.reload()
                #expect(JSON(parsing: reply.body)["result"] == "applied")
                try await Task.sleep(for: .milliseconds(800))
            }
            let outcome = try await load
            print("10 reloads under 500 calls/s: \(outcome.output)")
            #expect(outcome.status == 0, "\(outcome.output) \(outcome.complaints)")
            let p99 = try #require(
                outcome.output.firstMatch(of: /"p99":([0-9.]+)/).flatMap { Double($0.output.1) }, "\(outcome.output)")
            #expect(p99 <= 150_000, "microseconds")
            let metrics = try await stand.metrics()
            #expect(metrics("mcp_gateway_config_generation") == 11)
            #expect(metrics("mcp_gateway_requests_total", ["status": "ok"]) >= 6_000)
        }
    }
}
