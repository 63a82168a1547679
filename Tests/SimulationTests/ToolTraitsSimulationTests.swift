import Gateway
import GatewayTestKit
import NIOCore
import Testing
import Wire

@Suite struct `a simulated gateway that trusts annotations` {
    private static let trust = "    trust_annotations: true\n    health_check: { interval: 1s }\n"
    private static let readOnly = #"[{"name":"charge"},{"name":"read","annotations":{"readOnlyHint":true}}]"#
    private static let plain = #"[{"name":"charge"},{"name":"read"}]"#
    private static let idempotent = #"[{"name":"put","annotations":{"idempotentHint":true,"destructiveHint":true}}]"#

    private func simulation(
        _ era: MCPEra? = .modern, backends: Int = 2, pool: String = trust, pages: [String] = [readOnly],
        telling: ScriptedBackend.Telling = .nothing, seed: UInt64 = 1
    ) throws -> Simulation {
        let simulation = try Simulation(seed: seed, backendCount: backends, pool: pool)
        for backend in simulation.backends {
            backend.listsTools = era
            backend.toolPages = pages
            backend.telling = telling
        }
        if telling != .nothing {
            simulation.startListeners()
            #expect(
                simulation.advance(
                    until: { simulation.backends.allSatisfy { $0.listenerCount == 1 } }, limit: .seconds(5)))
        }
        simulation.startReaders()
        simulation.advance(by: .seconds(3))
        return simulation
    }

    /// Calls `tool` while one backend loses it on the way: how often it ran, and the status of the answer.
    private func runs(_ simulation: Simulation, _ tool: String, id: Int = 1) -> (count: Int, status: Int?) {
        for backend in simulation.backends { backend.behaviour = .resetAfterRunning }
        // Whoever is asked second answers.
        simulation.backends.forEach { backend in
            backend.onCall = { _ in
                for other in simulation.backends where other !== backend { other.behaviour = .answer }
            }
        }
        let client = simulation.connectClient()
        client.call("tools/call", id: id, name: tool)
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .seconds(10)))
        client.disconnect()
        for backend in simulation.backends { backend.onCall = nil; backend.behaviour = .answer }
        let count = simulation.backends.flatMap(\.runs).count { $0 == "\(id)" }
        return (count, client.answers.first?.status)
    }

    private func isRepeated(_ simulation: Simulation, _ tool: String, id: Int) -> Bool {
        let (count, status) = runs(simulation, tool, id: id)
        #expect((count == 2 && status == 200) || (count == 1 && status == 502), "\(count) \(status ?? 0)")
        return count == 2
    }

    /// Whether the gateway would call `tool` again.
    private func isKnown(_ tool: String, _ simulation: Simulation) -> Bool {
        let name = Array(tool.utf8)
        let text = JSONText(range: ByteRange(from: 0, to: name.count), isEscaped: false)
        return name.withUnsafeBytes {
            simulation.plan.pools[0].toolTraits?.isRepeatable(text, in: ByteView($0)) ?? false
        }
    }

    @Test(arguments: MCPEra.allCases, Array(1...10))
    func `calls a read-only tool again elsewhere, and no other`(era: MCPEra, seed: Int) throws {
        let simulation = try simulation(era, seed: UInt64(seed))
        #expect(isRepeated(simulation, "read", id: 1))
        #expect(!isRepeated(simulation, "charge", id: 2))
        #expect(!isRepeated(simulation, "unknown", id: 3))
        #expect(simulation.snapshot.counters.inFlight == 0)
    }

    @Test(arguments: MCPEra.allCases)
    func `reads all pages, with what its era demands and nothing of clients`(era: MCPEra) throws {
        let simulation = try simulation(era, backends: 1, pages: [Self.readOnly, "[]", Self.idempotent])
        let backend = simulation.backends[0]
        let pages = backend.pageRequests.filter { $0.contains("2026-07-28") == (era == .modern) }
        #expect(pages.count == 3)
        #expect(pages[0].contains("cursor") == false)
        #expect(pages[2].contains("\"cursor\":\"p2\""))
        for page in pages {
            #expect(page.contains("Mcp-Method: tools/list\r\n") == (era == .modern))
            #expect(page.contains("\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"") == (era == .modern))
            #expect(page.contains("Mcp-Session-Id: reader\r\n") == (era == .legacy))
            #expect(page.contains("MCP-Protocol-Version: 2025-11-25\r\n") == (era == .legacy))
            #expect(!page.lowercased().contains("authorization"))
        }
        if era == .legacy {
            let lists = Array(repeating: "tools/list", count: 3)
            #expect(
                backend.readerRequests
                    == ["tools/list", "initialize", "notifications/initialized"] + lists + ["DELETE"])
        }
        #expect(backend.runs.isEmpty && simulation.snapshot.counters.inFlight == 0)
        #expect(isKnown("put", simulation))
        #expect(simulation.stopReaders())
    }

    @Test func `does not call a tool again on which two backends disagree`() throws {
        let simulation = try simulation()
        #expect(isRepeated(simulation, "read", id: 1))
        simulation.backends[1].toolPages = [Self.plain]
        simulation.advance(by: .seconds(70))
        #expect(!isRepeated(simulation, "read", id: 2))
        simulation.backends[1].toolPages = [Self.readOnly]
        simulation.advance(by: .seconds(70))
        #expect(isRepeated(simulation, "read", id: 3))
    }

    @Test(arguments: [MCPEra.modern, .legacy])
    func `stops when a change has taken the hint away, and begins when one gives it`(era: MCPEra) throws {
        let telling: ScriptedBackend.Telling = era == .modern ? .modern : .legacy(withIDs: false)
        let simulation = try simulation(era, telling: telling)
        #expect(isRepeated(simulation, "read", id: 1))
        let changed = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}"
        for backend in simulation.backends { backend.toolPages = [Self.plain] }
        simulation.backends[0].tell(changed)
        // Before the new list is there, too.
        simulation.advance(by: .milliseconds(10))
        #expect(!isRepeated(simulation, "read", id: 2))
        simulation.advance(by: .seconds(1))
        #expect(!isRepeated(simulation, "read", id: 3))
        for backend in simulation.backends { backend.toolPages = [Self.readOnly] }
        simulation.backends[1].tell(changed)
        simulation.advance(by: .milliseconds(1_050))
        #expect(isRepeated(simulation, "read", id: 4))
    }

    @Test(arguments: 1...10)
    func `does not wait for a backend that hangs when another one has news`(seed: Int) throws {
        let simulation = try simulation(backends: 3, telling: .modern, seed: UInt64(seed))
        simulation.backends[2].behaviour = .stall
        simulation.backends[0].tell("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}")
        simulation.advance(by: .milliseconds(10))
        #expect(!isKnown("read", simulation), "whoever has news is asked first")
        simulation.advance(by: .milliseconds(1_050))
        #expect(isKnown("read", simulation))
    }

    @Test func `asks for nothing where annotations are not trusted`() throws {
        let simulation = try simulation(pool: "")
        simulation.advance(by: .seconds(130))
        #expect(simulation.backends.allSatisfy { $0.readerRequests.isEmpty })
        #expect(!isRepeated(simulation, "read", id: 1))
    }

    @Test func `lets the configuration have the last word`() throws {
        let tools = "    tools: { read: { repeatable: false }, charge: { repeatable: true } }\n"
        let simulation = try simulation(pool: Self.trust + tools)
        #expect(!isRepeated(simulation, "read", id: 1))
        #expect(isRepeated(simulation, "charge", id: 2))
    }

    @Test func `keeps what it knew when a list is malformed, for ten minutes`() throws {
        let simulation = try simulation()
        for backend in simulation.backends { backend.toolPages = ["[{\"name\":\"read\",\"annotations\":1}]"] }
        simulation.advance(by: .seconds(300))
        #expect(isRepeated(simulation, "read", id: 1))
        simulation.advance(by: .seconds(400))
        #expect(!isRepeated(simulation, "read", id: 2))
        for backend in simulation.backends { backend.toolPages = [Self.readOnly] }
        simulation.advance(by: .seconds(70))
        #expect(isRepeated(simulation, "read", id: 3))
    }

    @Test func `asks about once a minute`() throws {
        let simulation = try simulation(backends: 3)
        let before = simulation.backends.map(\.readerRequests.count)
        #expect(before == [1, 1, 1])
        simulation.advance(by: .seconds(600))
        for backend in simulation.backends { #expect((9...12).contains(backend.readerRequests.count)) }
    }

    @Test func `does not read lists without an end`() throws {
        let pages = Array(repeating: Self.readOnly, count: 65)
        let simulation = try simulation(backends: 1, pages: pages)
        #expect(simulation.backends[0].pageRequests.count >= 64)
        #expect(!isRepeated(simulation, "read", id: 1))
    }

    @Test func `forgets a backend that is down and asks again when it is back`() throws {
        let simulation = try simulation()
        simulation.startMonitors()
        simulation.backends[1].toolPages = [Self.plain]
        simulation.advance(by: .seconds(70))
        #expect(!isKnown("read", simulation))
        simulation.backends[1].behaviour = .refuse
        simulation.backends[1].resetAll()
        #expect(
            simulation.advance(
                until: { simulation.plan.pools[0].backends[1].status.health == .down }, limit: .seconds(60)))
        simulation.advance(by: .seconds(1))
        #expect(isKnown("read", simulation), "the one that disagreed is gone")
        simulation.backends[1].behaviour = .answer
        #expect(
            simulation.advance(
                until: { simulation.plan.pools[0].backends[1].status.health == .up }, limit: .seconds(60)))
        simulation.advance(by: .seconds(1))
        #expect(!isKnown("read", simulation))
    }
}
