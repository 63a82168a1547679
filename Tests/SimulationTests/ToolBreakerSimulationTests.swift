import GatewayTestKit
import NIOCore
import Resilience
import Testing

@testable import Gateway

/// Breakers of single tools beside those of the backends.
@Suite struct `a simulated gateway with a breaker for a tool` {
    private static let pool = """
            timeout: { first_byte: 200ms, request: 400ms }
            tools: { slow_report: { circuit_breaker: { slow_call: 100ms } }, other: { circuit_breaker: {} } }

        """

    private func phase(_ simulation: Simulation, backend: Int, tool: Int = 0) -> CircuitBreaker.Phase? {
        simulation.plan.pools[0].tools[tool].breaker(at: backend)?.phase
    }

    private func backendPhase(_ simulation: Simulation, _ index: Int) -> CircuitBreaker.Phase {
        simulation.plan.pools[0].backends[index].status.breakerWord.phase
    }

    private func counts(_ simulation: Simulation, backend: Int) -> SlidingWindow.Counts {
        simulation.plan.pools[0].backends[backend].status.counts(at: MonotonicTime(simulation.loop.now))
    }

    private func expectAllGivenBack(_ simulation: Simulation, _ location: SourceLocation = #_sourceLocation) {
        let pool = simulation.plan.pools[0]
        #expect(pool.admission.inFlight == 0, sourceLocation: location)
        for backend in pool.backends {
            #expect(backend.status.callCount == 0 && backend.status.probesInFlight == 0, sourceLocation: location)
        }
    }

    /// Makes calls of a tool one after another; their statuses.
    private func call(_ simulation: Simulation, _ tool: String, _ count: Int) -> [Int] {
        (0..<count).map { _ in
            let client = simulation.connectClient()
            client.call("tools/call", id: 1, name: tool)
            _ = simulation.advance(until: { client.answers.count == 1 }, limit: .seconds(2))
            client.disconnect()
            simulation.advance(by: .milliseconds(2))
            return client.answers.first?.status ?? 0
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `keeps a tool from a backend that hangs with it, and nothing else`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, backendCount: 2, pool: Self.pool)
        simulation.backends[0].behaviour = .stall
        #expect(call(simulation, "slow_report", 10).filter { $0 == 504 }.count == 5)
        #expect(phase(simulation, backend: 0) == .open && phase(simulation, backend: 1) == .closed)
        #expect(backendPhase(simulation, 0) == .closed)
        #expect(counts(simulation, backend: 0).failures == 0, "what the tool does says nothing of the backend")
        // The tool goes to the other one; other tools go to both.
        simulation.backends[0].behaviour = .answer
        let (before, others) = (simulation.backends[0].runs.count, simulation.backends[1].runs.count)
        #expect(call(simulation, "slow_report", 4) == [200, 200, 200, 200])
        #expect(simulation.backends[0].runs.count == before && simulation.backends[1].runs.count == others + 4)
        #expect(call(simulation, "charge", 4) == [200, 200, 200, 200])
        #expect(call(simulation, "other", 4) == [200, 200, 200, 200])
        #expect(simulation.backends[0].runs.count == before + 4)
        #expect(phase(simulation, backend: 0, tool: 1) == .closed)
        expectAllGivenBack(simulation)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `lets one call after another find out whether it works again`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, backendCount: 1, pool: Self.pool)
        simulation.backends[0].behaviour = .status(500)
        #expect(call(simulation, "slow_report", 5) == [502, 502, 502, 502, 502])
        #expect(phase(simulation, backend: 0) == .open)
        simulation.advance(by: .seconds(3))
        #expect(call(simulation, "slow_report", 2) == [502, 503], "a call that fails opens it again")
        simulation.advance(by: .seconds(5))
        simulation.backends[0].behaviour = .hold
        let (first, second) = (simulation.connectClient(), simulation.connectClient())
        first.call("tools/call", id: 1, name: "slow_report")
        let runs = simulation.backends[0].runs.count
        #expect(simulation.advance(until: { simulation.backends[0].runs.count == runs + 1 }, limit: .milliseconds(50)))
        #expect(phase(simulation, backend: 0) == .halfOpen)
        second.call("tools/call", id: 2, name: "slow_report")
        #expect(simulation.advance(until: { second.answers.count == 1 }, limit: .milliseconds(50)))
        #expect(second.answers[0].status == 503, "one at a time, of calls that may not be repeated")
        simulation.backends[0].release()
        #expect(simulation.advance(until: { first.answers.count == 1 }, limit: .milliseconds(50)))
        #expect(call(simulation, "slow_report", 2) == [200, 200])
        #expect(phase(simulation, backend: 0) == .closed)
        expectAllGivenBack(simulation)
    }

    @Test func `refuses with a time when all backends are spared that tool`() throws {
        let simulation = try Simulation(seed: 1, backendCount: 2, pool: Self.pool)
        for backend in simulation.backends { backend.behaviour = .status(500) }
        #expect(call(simulation, "slow_report", 10) == Array(repeating: 502, count: 10))
        let client = simulation.connectClient()
        client.call("tools/call", id: 1, name: "slow_report")
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .milliseconds(50)))
        #expect(client.answers[0].status == 503 && client.answers[0].body.contains("-31503"))
        #expect(["1", "2"].contains(client.answers[0].field("Retry-After") ?? ""))
        for backend in simulation.backends { #expect(backend.runs.count == 5) }
        #expect(!simulation.metrics().contains("mcp_gateway_panic{pool=\"tools\"} 1"))
    }

    @Test func `opens for what is slow, by the tool's own measure`() throws {
        let simulation = try Simulation(seed: 1, backendCount: 1, pool: Self.pool)
        simulation.backends[0].workTime = .milliseconds(150)
        #expect(call(simulation, "slow_report", 20) == Array(repeating: 200, count: 20))
        #expect(phase(simulation, backend: 0) == .open)
        #expect(backendPhase(simulation, 0) == .closed)
        #expect(counts(simulation, backend: 0).slow == 0)
        #expect(call(simulation, "slow_report", 1) == [503])
        #expect(call(simulation, "charge", 1) == [200])
    }

    @Test(arguments: [ScriptedBackend.Behaviour.resetAfterRunning, .resetMidAnswer, .refuse])
    func `counts for both what ends a connection`(behaviour: ScriptedBackend.Behaviour) throws {
        let simulation = try Simulation(seed: 1, backendCount: 1, pool: Self.pool + "    retry: { attempts: 1 }\n")
        simulation.backends[0].behaviour = behaviour
        _ = call(simulation, "slow_report", 5)
        #expect(phase(simulation, backend: 0) == .open)
        #expect(backendPhase(simulation, 0) == .open)
    }

    @Test func `is neutral for the backend's own breaker, whose probes it gives back`() throws {
        let simulation = try Simulation(
            seed: 1, backendCount: 1, pool: Self.pool + "    circuit_breaker: { open_duration: 100ms }\n")
        let status = simulation.plan.pools[0].backends[0].status
        for _ in 0..<5 {
            let permit = try status.admit(isRepeatable: true, at: MonotonicTime(simulation.loop.now)).get()
            status.record(.failure, permit: permit, shard: 0, at: MonotonicTime(simulation.loop.now))
        }
        simulation.advance(by: .milliseconds(200))
        #expect(call(simulation, "slow_report", 1) == [503], "the backend's breaker wants calls that may be repeated")
        #expect(phase(simulation, backend: 0) == .closed)
        expectAllGivenBack(simulation)
    }

    @Test func `tries again elsewhere what may be repeated`() throws {
        let pool = Self.pool.replacing("slow_call: 100ms }", with: "slow_call: 100ms }, repeatable: true")
        let simulation = try Simulation(seed: 1, backendCount: 2, pool: pool)
        simulation.backends[0].behaviour = .status(500)
        #expect(call(simulation, "slow_report", 12) == Array(repeating: 200, count: 12))
        #expect(simulation.backends[0].runs.count == 5)
        #expect(phase(simulation, backend: 0) == .open)
    }

    @Test func `shows it in metrics, and no such metric without one`() throws {
        let simulation = try Simulation(seed: 1, backendCount: 1, pool: Self.pool)
        simulation.backends[0].behaviour = .status(500)
        _ = call(simulation, "slow_report", 5)
        let metrics = simulation.metrics()
        let labels = "pool=\"tools\",backend=\"http://10.0.0.1:9001/mcp\",tool=\"slow_report\""
        #expect(metrics.contains("mcp_gateway_tool_circuit_breaker_state{\(labels),state=\"open\"} 1\n"))
        #expect(metrics.contains("mcp_gateway_tool_circuit_breaker_state{\(labels),state=\"closed\"} 0\n"))
        #expect(metrics.contains("mcp_gateway_tool_circuit_breaker_transitions_total{\(labels),to=\"open\"} 1\n"))
        #expect(metrics.contains("tool=\"other\",state=\"closed\"} 1\n"))
        #expect(
            metrics.contains(
                "mcp_gateway_circuit_breaker_state{pool=\"tools\",backend=\"http://10.0.0.1:9001/mcp\",state=\"closed\"} 1\n"
            ))
        #expect(!(try Simulation(seed: 1).metrics().contains("mcp_gateway_tool_circuit_breaker")))
    }

    @Test func `survives a reload that keeps the backend and the tool`() throws {
        let simulation = try Simulation(seed: 1, backendCount: 2, pool: Self.pool)
        for backend in simulation.backends { backend.behaviour = .status(500) }
        _ = call(simulation, "slow_report", 10)
        #expect(phase(simulation, backend: 0) == .open && phase(simulation, backend: 1) == .open)
        // In another order, so that it must be found by name.
        try simulation.reload([1, 0], pool: Self.pool.replacing("other: {", with: "another: {"))
        #expect(phase(simulation, backend: 0) == .open && phase(simulation, backend: 1) == .open)
        #expect(phase(simulation, backend: 0, tool: 1) == .closed)
        try simulation.reload([1], pool: "    tools: { other: { cost: 2 } }\n")
        #expect(phase(simulation, backend: 0) == nil)
        for backend in simulation.backends { backend.behaviour = .answer }
        #expect(call(simulation, "slow_report", 1) == [200])
        try simulation.reload([1], pool: Self.pool)
        #expect(phase(simulation, backend: 0) == .closed)
    }

    @Test func `counts internal errors where the tool wants it`() throws {
        let pool = "    tools: { slow_report: { circuit_breaker: { count_internal_errors: true } } }\n"
        let simulation = try Simulation(seed: 1, backendCount: 1, pool: pool)
        let error = "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32603,\"message\":\"no\"}}"
        simulation.backends[0].behaviour = .sends(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(error.utf8.count)\r\n\r\n\(error)")
        for number in 0..<7 {
            for tool in ["charge", "slow_report"] {
                let client = simulation.connectClient()
                client.call("tools/call", id: 1, name: tool, fields: "Authorization: Bearer \(number)\r\n")
                #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .milliseconds(50)))
            }
        }
        #expect(phase(simulation, backend: 0) == .open)
        #expect(backendPhase(simulation, 0) == .closed && counts(simulation, backend: 0).failures == 0)
    }
}
