import Foundation
import Testing

extension Integration {
    /// Backends that die, hang and come back under load.
    @Suite struct FaultsOfProcesses {
        @Test(arguments: HTTPCall.Era.allCases)
        func `a killed backend costs at most the calls in flight on it, and serves again`(
            era: HTTPCall.Era
        ) async throws {
            let (gateway, servers) = try await Integration.threeServers(
                hasSessions: false, pool: "circuit_breaker: { open_duration: 1s }")
            let victim = servers[1]
            let callers = Callers(12, port: gateway.port, era: era)
            defer { callers.cancel() }
            try await eventually("calls are answered") { callers.outcomes.count > 300 }

            victim.process.signal(SIGKILL)
            // Each caller has one call under way, so no more can have been in flight.
            let killed = ContinuousClock.now
            try await eventually("the breaker opens") {
                try await gateway.metrics()(
                    "mcp_gateway_circuit_breaker_transitions_total", ["backend": victim.url, "to": "open"]) >= 1
            }
            #expect(ContinuousClock.now - killed < .seconds(4))
            let before = callers.outcomes.count
            try await eventually("calls go on") { callers.outcomes.count > before + 300 }
            let failures = callers.failures
            #expect(failures.count <= 12, "\(failures.map { $0.complaint ?? "" })")
            #expect(failures.allSatisfy { $0.complaint?.contains("-31502") == true })
            #expect(failures.allSatisfy { $0.end - killed < .seconds(2) })

            let again = try await ToolServer.start(victim.name, port: victim.port, hasSessions: false)
            let answered = try await gateway.metrics()(
                "mcp_gateway_attempts_total", ["backend": victim.url, "outcome": "success"])
            try await eventually("the backend serves again", within: .seconds(8)) {
                try await gateway.metrics()(
                    "mcp_gateway_attempts_total", ["backend": victim.url, "outcome": "success"]) > answered + 20
            }
            try await callers.stop()

            #expect(callers.failures.count == failures.count, "a call failed when the backend came back")
            let metrics = try await gateway.metrics()
            #expect(metrics("mcp_gateway_circuit_breaker_state", ["backend": victim.url, "state": "closed"]) == 1)
            #expect(metrics("mcp_gateway_inflight") == 0)
            #expect(Int(metrics("mcp_gateway_requests_total", ["method": "tools/call"])) == callers.outcomes.count)
            await again.process.stop()
        }

        @Test func `a backend that hangs fails its own calls only, and only until its breaker opens`() async throws {
            let (gateway, servers) = try await Integration.threeServers(
                pool: "timeout: { first_byte: 500ms }\nhealth_check: { interval: 60s, timeout: 5s }")
            let callers = Callers(12, port: gateway.port, era: .modern)
            defer { callers.cancel() }
            try await eventually("calls are answered") { callers.outcomes.count > 300 }

            servers[2].process.signal(SIGSTOP)
            defer { servers[2].process.signal(SIGCONT) }
            try await eventually("the breaker opens") {
                try await gateway.metrics()(
                    "mcp_gateway_circuit_breaker_state", ["backend": servers[2].url, "state": "open"]) == 1
            }
            let failed = callers.failures.count
            let before = callers.outcomes.count
            try await eventually("calls go on") { callers.outcomes.count > before + 300 }
            try await callers.stop()

            // All callers may hang on it once, and be told so; after that nobody is sent there.
            #expect(callers.failures.allSatisfy { $0.complaint?.contains("-31504") == true })
            #expect(failed <= 24)
            #expect(callers.failures.count <= failed + 12)
        }

        @Test func `all backends gone: refused at once; one comes back: served`() async throws {
            let server = try await ToolServer.start("only")
            let gateway = try await RunningGateway.start(backends: [server])
            #expect(try await gateway.send(.process("a", era: .modern)).status == 200)

            server.process.signal(SIGKILL)
            try await eventually("not ready") { try await !gateway.isReady }
            let reply = try await gateway.send(.process("b", era: .modern))
            #expect(reply.status == 503)
            #expect(reply.message["error"]["code"] == -31_503)

            let again = try await ToolServer.start("only", port: server.port)
            try await eventually("served within 4 s", within: .seconds(4)) {
                try await gateway.send(.process("c", era: .modern)).status == 200
            }
            #expect(try await gateway.isReady)
            await again.process.stop()
        }
    }
}
