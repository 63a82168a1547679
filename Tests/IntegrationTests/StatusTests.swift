import Foundation
import Testing

extension Integration {
    /// What operators see of backends, and what they make of them while clients work.
    @Suite struct Status {
        private let program = Machine.binaries.appending(path: "mcp-gateway")

        private func order(_ order: String, _ server: ToolServer, _ gateway: RunningGateway) async throws
            -> ChildProcess.Outcome
        {
            try await ChildProcess.run(
                program,
                ["backend", order, "tools", "127.0.0.1:\(server.port)", "--admin", "127.0.0.1:\(gateway.admin)"])
        }

        private func backend(_ server: ToolServer, of gateway: RunningGateway) async throws -> JSON {
            let status = JSON(parsing: try await HTTPCall.get("/status").send(to: gateway.admin).body)
            return status["pools"][0]["backends"].elements.first { $0["url"].string == server.url } ?? .absent
        }

        /// Who has served a call.
        private func server(_ gateway: RunningGateway, _ call: HTTPCall = .process("m", era: .modern)) async throws
            -> String?
        {
            let reply = try await gateway.send(call)
            #expect(reply.status == 200)
            return JSON(parsing: reply.body)["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"].string
        }

        @Test func `a backend is drained and resumed while clients work`() async throws {
            let (gateway, servers) = try await Integration.threeServers()
            // A session that is open there goes on.
            var session: String?
            for _ in 1...3 {
                let reply = try await gateway.send(.initialize())
                let name = JSON(parsing: reply.body)["result"]["serverInfo"]["name"].string
                if name == servers[1].name { session = reply.fields["mcp-session-id"] }
            }
            let open = try #require(session)

            let drained = try await order("drain", servers[1], gateway)
            #expect(drained.status == 0, "\(drained.complaints)")
            #expect(JSON(parsing: drained.output)["changed"] == true)
            #expect(try await backend(servers[1], of: gateway)["drained"] == true)
            for _ in 1...9 { #expect(try await server(gateway) != servers[1].name) }
            let before = try await backend(servers[1], of: gateway)["attempts"]["success"].int ?? 0
            #expect(try await gateway.send(.process("m", era: .legacy).inSession(open)).status == 200)
            #expect(try await backend(servers[1], of: gateway)["attempts"]["success"].int == before + 1)

            #expect(try await order("resume", servers[1], gateway).status == 0)
            // Whoever comes back begins with a small share.
            try await eventually("the backend has calls again") {
                try await server(gateway) == servers[1].name
            }
        }

        @Test func `a breaker is forced open and given back`() async throws {
            let (gateway, servers) = try await Integration.threeServers(hasSessions: false)
            #expect(try await order("open", servers[0], gateway).status == 0)
            #expect(try await backend(servers[0], of: gateway)["breaker"] == "forced_open")
            for _ in 1...9 { #expect(try await server(gateway) != servers[0].name) }
            #expect(try await order("close", servers[0], gateway).status == 0)
            #expect(try await backend(servers[0], of: gateway)["breaker"] == "disabled")
            #expect(try await order("reset", servers[0], gateway).status == 0)
            #expect(try await backend(servers[0], of: gateway)["breaker"] == "closed")
            try await eventually("the backend has calls again") {
                try await server(gateway) == servers[0].name
            }
        }

        @Test func `the last failure is told, with when and where`() async throws {
            let (gateway, servers) = try await Integration.threeServers(hasSessions: false)
            #expect(try await backend(servers[2], of: gateway)["last_failure"] == .null)
            servers[2].process.signal(SIGKILL)
            try await eventually("the backend is down") {
                try await backend(servers[2], of: gateway)["health"] == "down"
            }
            let failure = try await backend(servers[2], of: gateway)["last_failure"]
            #expect(failure["stage"] == "health_check")
            #expect(failure["time"].string?.contains(/^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}Z$/) == true)
            #expect(failure["message"].string?.isEmpty == false)

            let place = ["--admin", "127.0.0.1:\(gateway.admin)"]
            let table = try await ChildProcess.run(program, ["status"] + place)
            #expect(table.status == 0, "\(table.complaints)")
            for server in servers { #expect(table.output.contains(server.url)) }
            #expect(table.output.contains("down") && table.output.contains("LAST FAILURE"))
            let json = try await ChildProcess.run(program, ["status", "--json"] + place)
            #expect(JSON(parsing: json.output)["pools"][0]["name"] == "tools")
        }

        @Test func `orders to nobody are refused with who there is`() async throws {
            let (gateway, servers) = try await Integration.threeServers()
            let wrong = try await ChildProcess.run(
                program, ["backend", "drain", "tolls", "127.0.0.1:1", "--admin", "127.0.0.1:\(gateway.admin)"])
            #expect(wrong.status == 1 && wrong.complaints.contains("tools"))
            let path = "/backends/tools/127.0.0.1:\(servers[0].port)/drain"
            #expect(try await HTTPCall.get(path).send(to: gateway.admin).status == 405)
            // Nor can clients give any.
            #expect(try await HTTPCall(method: "POST", path: path).send(to: gateway.port).status == 404)
            #expect(try await backend(servers[0], of: gateway)["drained"] == false)
            let page = HTTPCall(method: "POST", path: path, fields: [(name: "Origin", value: "http://evil.example")])
            #expect(try await page.send(to: gateway.admin).status == 403)
        }

        @Test func `the table is shown anew every second`() async throws {
            let (gateway, _) = try await Integration.threeServers()
            let top = try ChildProcess(program, ["top", "--admin", "127.0.0.1:\(gateway.admin)"])
            try await eventually("the second table is there") {
                top.output.components(separatedBy: "TRIES/S").count > 2
            }
            top.signal(SIGTERM)
            _ = try await top.exit()
        }
    }
}
