import Foundation
import Testing

extension Integration {
    /// Backends by host names, through the resolver of the system.
    @Suite struct Names {
        /// A backend at an address of its own. Servers of this package on loopback addresses refuse names like these.
        private struct Server {
            let host: String
            let backend: ScriptedBackend
            var port: Int { backend.port }
            /// As the name of the test stands for it.
            var name: String { "\(host) tools.test" }
            var address: String { "\(host):\(port)" }
        }

        /// Servers at 127.0.0.2, 127.0.0.3 and so on, all at one port.
        private func servers(_ count: Int) throws -> [Server] {
            var servers: [Server] = []
            for number in 0..<count {
                let host = "127.0.0.\(2 + number)"
                let backend = try ScriptedBackend(host: host, port: servers.first?.port ?? 0) { request in
                    let result =
                        request.method == "initialize"
                        ? #"{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}"#
                        : #"{"resultType":"complete","content":[{"type":"text","text":"\#(number)"}]}"#
                    return .bytes(
                        ScriptedBackend.Answer.json(
                            #"{"jsonrpc":"2.0","id":\#(request.id),"result":\#(result)}"#,
                            fields: request.method == "initialize" ? "Mcp-Session-Id: s\(number)\r\n" : ""))
                }
                servers.append(Server(host: host, backend: backend))
            }
            return servers
        }

        private func names(_ servers: ArraySlice<Server>) -> [String] { servers.map(\.name) }

        @Test(.enabled(if: NamedGateway.isPossible))
        func `addresses come and go under 200 calls a second, and no call is lost`() async throws {
            let servers = try servers(3)
            let url = "http://tools.test:\(servers[0].port)/mcp"
            let gateway = try await NamedGateway.start([url], names(servers[0..<1]))
            #expect(try await gateway.backends == [url])
            async let load = ChildProcess.run(
                Machine.binaries.appending(path: "mcp-load"),
                [
                    "http://127.0.0.1:\(gateway.port)/mcp", "--tool", "health_check", "--rate", "200", "--duration",
                    "12s",
                    "--connections", "16", "--json", "--era", "modern",
                ])
            try await eventually("calls are under way") {
                try await gateway.metrics()("mcp_gateway_attempts_total", ["outcome": "success"]) > 100
            }
            for present in [servers[0..<2], servers[1..<2], servers[1..<3], servers[0..<1]] {
                try gateway.name(names(present))
                let expected = present.map { present.count == 1 ? url : "\(url)@\($0.host)" }
                let addresses = present.map(\.address)
                try await eventually("the backends are \(expected); it said: \(gateway.process.lastWords)") {
                    let backends = try await gateway.status()["pools"][0]["backends"].elements
                    return backends.compactMap { $0["url"].string } == expected
                        && backends.compactMap { $0["address"].string } == addresses
                }
                // Each of them is called before the next change.
                let before = try await gateway.metrics()
                try await eventually("all of them get calls") {
                    let metrics = try await gateway.metrics()
                    return expected.allSatisfy { label in
                        let labels: KeyValuePairs = ["backend": label, "outcome": "success"]
                        return metrics("mcp_gateway_attempts_total", labels)
                            > before("mcp_gateway_attempts_total", labels)
                    }
                }
            }
            let outcome = try await load
            print("addresses that change under 200 calls/s: \(outcome.output)")
            #expect(outcome.status == 0, "\(outcome.output) \(outcome.complaints)")
            let metrics = try await gateway.metrics()
            #expect(metrics("mcp_gateway_requests_total", ["status": "ok"]) >= 2_400)
            #expect(metrics("mcp_gateway_requests_total", ["status": "ok"]) == metrics("mcp_gateway_requests_total"))
            #expect(metrics("mcp_gateway_config_reloads_total") == 0, "nobody has reloaded")
            #expect(metrics("mcp_gateway_config_generation") >= 5)
            #expect(metrics("mcp_gateway_dns_lookups_total", ["result": "ok"]) >= 8)
            let generations = Int(metrics("mcp_gateway_config_generation"))
            #expect(gateway.lines(with: "the addresses of a name have changed") >= 4)
            #expect(gateway.lines(with: "the addresses of a name have changed") <= generations)
        }

        @Test(.enabled(if: NamedGateway.isPossible))
        func `a session stays with its address while others come and go, and ends with it`() async throws {
            let servers = try servers(2)
            let url = "http://tools.test:\(servers[0].port)/mcp"
            let gateway = try await NamedGateway.start([url], names(servers[0..<1]))
            let session = try #require(try await gateway.send(.initialize()).fields["mcp-session-id"])
            let call = HTTPCall.process("a", era: .legacy).inSession(session)
            for count in [1, 2, 1] {
                try gateway.name(names(servers[0..<count]))
                try await eventually("there are \(count)") { try await gateway.backends.count == count }
                for _ in 1...4 { #expect(try await gateway.send(call).status == 200) }
            }
            let calls = servers[0].backend.calls
            #expect(calls.count == 12 && servers[1].backend.calls.isEmpty)
            #expect(calls.allSatisfy { $0.head.lowercased().contains("mcp-session-id: s0\r\n") })
            #expect(calls.allSatisfy { $0.head.contains("Host: tools.test:\(servers[0].port)\r\n") })
            try gateway.name(names(servers[1..<2]))
            let address = JSON.string(servers[1].address)
            try await eventually("the other one is there alone") {
                let backends = try await gateway.status()["pools"][0]["backends"].elements
                return backends.count == 1 && backends[0]["address"] == address
            }
            #expect(try await gateway.send(call).status == 404)
        }

        @Test(.enabled(if: NamedGateway.isPossible))
        func `a name that does not exist is down, said once, and served as soon as it exists`() async throws {
            let servers = try servers(1)
            let url = "http://tools.test:\(servers[0].port)/mcp"
            let gateway = try await NamedGateway.start([url], ["127.0.0.9 other.test"])
            let refused = try await gateway.send(.process("a", era: .modern))
            #expect(refused.status >= 500 && refused.message["error"]["code"].int != nil)
            try await eventually("it has been looked up several times") {
                try await gateway.metrics()("mcp_gateway_dns_lookups_total", ["result": "failed"]) >= 4
            }
            #expect(try await HTTPCall.get("/ready").send(to: gateway.admin).status == 503)
            #expect(gateway.lines(with: "a name cannot be looked up") == 1)
            let name = try await gateway.status()["names"][0]
            #expect(name["name"] == "tools.test" && name["addresses"].elements.isEmpty)
            #expect(name["failure"].string != nil && name["last_failure"].string != nil)
            try gateway.name(names(servers[0..<1]))
            try await eventually("it is served; it said: \(gateway.process.lastWords)") {
                try await gateway.send(.process("a", era: .modern)).status == 200
            }
            #expect(gateway.lines(with: "the addresses of a name have changed") == 1)
        }

        @Test(.enabled(if: NamedGateway.isPossible))
        func `a name that is bound to a forbidden address is not called there`() async throws {
            let servers = try servers(1)
            let url = "http://tools.test:\(servers[0].port)/mcp"
            let gateway = try await NamedGateway.start([url], ["0.0.0.0 tools.test", "169.254.169.254 tools.test"])
            #expect(try await gateway.send(.process("a", era: .modern)).status >= 500)
            #expect(try await gateway.metrics()("mcp_gateway_dns_lookups_total", ["result": "refused"]) >= 1)
            try gateway.name(names(servers[0..<1]))
            try await eventually("it is served") {
                try await gateway.send(.process("a", era: .modern)).status == 200
            }
            // Bound anew to what it must not be: what is known goes on.
            try gateway.name(["169.254.169.254 tools.test"])
            let before = try await gateway.metrics()("mcp_gateway_dns_lookups_total", ["result": "refused"])
            try await eventually("that was seen") {
                try await gateway.metrics()("mcp_gateway_dns_lookups_total", ["result": "refused"]) > before + 2
            }
            #expect(try await gateway.send(.process("a", era: .modern)).status == 200)
            let name = try await gateway.status()["names"][0]
            #expect(name["addresses"].elements.compactMap(\.string) == ["127.0.0.2"])
            #expect(name["refused"].elements.compactMap(\.string) == ["169.254.169.254"])
            #expect(gateway.lines(with: "addresses that backends must not have") == 2)
        }

        @Test func `localhost is one backend, and needs nobody who knows it`() async throws {
            let server = try await ToolServer.start("one")
            let gateway = try await RunningGateway.start(
                configuration: "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\npools:\n  tools:\n    backends:\n"
                    + "      - http://localhost:\(server.port)/mcp\n")
            for _ in 1...4 { #expect(try await gateway.send(.process("a", era: .modern)).status == 200) }
            let status = JSON(parsing: try await HTTPCall.get("/status").send(to: gateway.admin).body)
            #expect(status["pools"][0]["backends"].elements.count == 1 && status["names"].elements.isEmpty)
            #expect(try await gateway.metrics()("mcp_gateway_dns_lookups_total") == 0)
        }

        @Test func `a literal that is forbidden is an error of check, unless the pool allows it`() async throws {
            let folder = try TemporaryFolder()
            let program = Machine.binaries.appending(path: "mcp-gateway")
            let text = "pools:\n  tools:\n    backends: [http://169.254.7.1:80/mcp]\n"
            let bad = try folder.write("bad.conf", text.utf8)
            let refused = try await ChildProcess.run(program, ["check", bad.path])
            #expect(refused.status == 78 && refused.complaints.contains("bad.conf:3:16: pools.tools.backends[0]"))
            let good = try folder.write("good.conf", (text + "    allowed_addresses: [169.254.7.0/24]\n").utf8)
            #expect(try await ChildProcess.run(program, ["check", good.path]).status == 0)
        }
    }
}
