import Gateway
import GatewayTestKit
import NIOCore
import Testing

@Suite struct `a simulated gateway that listens for changes` {
    private static let hints = ",\"resultType\":\"complete\",\"ttlMs\":3600000,\"cacheScope\":\"public\""
    private static let legacyPool = "    cache: { ttl: 1h, scope: public }\n    protocol: legacy\n"

    private func simulation(
        _ telling: ScriptedBackend.Telling, seed: UInt64 = 1, pool: String = "", backends: Int = 1
    ) throws -> Simulation {
        let simulation = try Simulation(seed: seed, backendCount: backends, pool: pool)
        for backend in simulation.backends {
            backend.resultMembers = Self.hints
            backend.telling = telling
        }
        simulation.startListeners()
        return simulation
    }

    /// Calls once, on a connection of its own, and tells what the cache said.
    private func call(_ simulation: Simulation, _ method: String, uri: String? = nil) -> String? {
        let client = simulation.connectClient()
        client.call(method, id: 1, uri: uri)
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .seconds(70)))
        client.disconnect()
        return client.answers.first?.field("X-Cache")
    }

    private func state(_ simulation: Simulation, _ backend: Int = 0) -> ListeningState {
        simulation.plan.pools[0].backends[backend].listening.state
    }

    private func listens(_ simulation: Simulation) -> Bool {
        simulation.advance(
            until: { simulation.plan.pools[0].backends.allSatisfy { $0.listening.state == .listening } },
            limit: .seconds(5))
    }

    private func changed(_ what: String, _ params: String = "") -> String {
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/\(what)\"\(params.isEmpty ? "" : ",\"params\":\(params)")}"
    }

    private func count(_ simulation: Simulation, _ source: InvalidationSource) -> Int {
        simulation.plan.cache.invalidations.first { $0.source == source }?.count ?? 0
    }

    // MARK: Changes

    @Test(arguments: [ScriptedBackend.Telling.modern, .legacy(withIDs: false)])
    func `what has changed is asked for again, and nothing else`(telling: ScriptedBackend.Telling) throws {
        let simulation = try simulation(telling, pool: telling == .modern ? "" : Self.legacyPool)
        #expect(listens(simulation))
        for method in ["tools/list", "prompts/list", "resources/list"] {
            #expect(call(simulation, method) == "miss")
            #expect(call(simulation, method) == "hit")
        }
        simulation.backends[0].tell(changed("tools/list_changed"))
        simulation.advance(by: .milliseconds(10))
        #expect(call(simulation, "tools/list") == "miss")
        #expect(call(simulation, "tools/list") == "hit")
        #expect(call(simulation, "prompts/list") == "hit")
        simulation.backends[0].tell(changed("prompts/list_changed"))
        simulation.backends[0].tell(changed("resources/list_changed"))
        simulation.backends[0].tell(changed("message", "{\"level\":\"info\",\"data\":1}"))
        simulation.advance(by: .milliseconds(10))
        #expect(call(simulation, "prompts/list") == "miss")
        #expect(call(simulation, "resources/list") == "miss")
        #expect(call(simulation, "tools/list") == "hit")
        #expect(count(simulation, .listener) == 3)
        let metrics = simulation.metrics()
        #expect(metrics.contains("mcp_gateway_cache_listeners{pool=\"tools\",state=\"listening\"} 1\n"))
        #expect(metrics.contains("mcp_gateway_cache_invalidations_total{source=\"listener\"} 3\n"))
    }

    @Test(arguments: [ScriptedBackend.Telling.modern, .legacy(withIDs: false)])
    func `resources of which answers are kept are named, and what was read before they were is void`(
        telling: ScriptedBackend.Telling
    ) throws {
        let simulation = try simulation(telling, pool: telling == .modern ? "" : Self.legacyPool)
        let backend = simulation.backends[0]
        #expect(listens(simulation))
        #expect(call(simulation, "resources/read", uri: "test://a/b") == "miss")
        #expect(call(simulation, "resources/read", uri: "test://a/b") == "hit")
        #expect(simulation.advance(until: { backend.lastSubscription.contains("test://a/b") }, limit: .seconds(2)))
        simulation.advance(by: .milliseconds(100))
        #expect(call(simulation, "resources/read", uri: "test://a/b") == "miss")
        #expect(call(simulation, "resources/read", uri: "test://a/b") == "hit")
        // A part of it has changed.
        backend.tell(changed("resources/updated", "{\"uri\":\"test:\\/\\/a/b/c\"}"))
        simulation.advance(by: .milliseconds(10))
        #expect(call(simulation, "resources/read", uri: "test://a/b") == "miss")
        #expect(backend.listenerCount == 1)
        #expect(backend.listenerRequests.count == (telling == .modern ? 2 : 4))
        // Nothing is left to be named.
        simulation.advance(by: .seconds(20))
        #expect(backend.listenerRequests.count == (telling == .modern ? 2 : 4))
    }

    @Test func `what is said on the stream of a call counts`() throws {
        let simulation = try simulation(.nothing)
        #expect(call(simulation, "tools/list") == "miss")
        #expect(call(simulation, "tools/list") == "hit")
        simulation.backends[0].behaviour = .stream(notifications: 2)
        simulation.backends[0].notification = changed("tools/list_changed")
        let client = simulation.connectClient()
        client.call("tools/call", id: 2, name: "echo")
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .seconds(1)))
        #expect(count(simulation, .call) == 2)
        simulation.backends[0].behaviour = .answer
        #expect(call(simulation, "tools/list") == "miss")
    }

    // MARK: Gaps

    @Test(arguments: [ScriptedBackend.Telling.modern, .legacy(withIDs: false)])
    func `everything is void when a stream that has ended is there again`(
        telling: ScriptedBackend.Telling
    ) throws {
        let simulation = try simulation(telling, pool: telling == .modern ? "" : Self.legacyPool)
        #expect(listens(simulation))
        #expect(call(simulation, "tools/list") == "miss")
        simulation.backends[0].endListening()
        #expect(simulation.advance(until: { state(simulation) == .waiting }, limit: .seconds(1)))
        // Nobody knows better yet.
        #expect(call(simulation, "tools/list") == "hit")
        #expect(listens(simulation))
        #expect(call(simulation, "tools/list") == "miss")
        #expect(count(simulation, .gap) == 2)
    }

    @Test func `a stream that is resumed has lost nothing`() throws {
        let simulation = try simulation(.legacy(withIDs: true), pool: Self.legacyPool)
        let backend = simulation.backends[0]
        #expect(listens(simulation))
        #expect(call(simulation, "tools/list") == "miss")
        backend.tell(changed("prompts/list_changed"))
        simulation.advance(by: .milliseconds(10))
        backend.endListening()
        #expect(simulation.advance(until: { backend.listenerCount == 1 }, limit: .seconds(3)))
        #expect(backend.lastListenerHead.contains("Last-Event-ID: e1\r\n"))
        #expect(backend.lastListenerHead.contains("Mcp-Session-Id: s1\r\n"))
        #expect(backend.lastListenerHead.contains("MCP-Protocol-Version: 2025-06-18\r\n"))
        #expect(call(simulation, "tools/list") == "hit")
        #expect(state(simulation) == .listening)
        #expect(backend.listenerRequests.filter { $0 == "initialize" }.count == 1)
    }

    @Test func `a backend that dies and comes back is listened to again`() throws {
        for telling in [ScriptedBackend.Telling.modern, .legacy(withIDs: true)] {
            let simulation = try simulation(telling, pool: telling == .modern ? "" : Self.legacyPool, backends: 2)
            #expect(listens(simulation))
            simulation.startMonitors()
            simulation.backends[0].behaviour = .refuse
            simulation.backends[0].resetAll()
            simulation.advance(by: .seconds(60))
            #expect(state(simulation) == .waiting && state(simulation, 1) == .listening)
            let tries = simulation.backends[0].listenerRequests.count
            simulation.backends[0].behaviour = .answer
            #expect(simulation.advance(until: { state(simulation) == .listening }, limit: .seconds(35)))
            #expect(simulation.backends[0].listenerRequests.count <= tries + 4)
        }
    }

    // MARK: Long silences

    @Test func `a silent stream is replaced before it is closed, and nothing becomes void`() throws {
        let simulation = try simulation(.modern, pool: "    timeout: { stream_idle: 10s }\n")
        let backend = simulation.backends[0]
        #expect(listens(simulation))
        #expect(call(simulation, "tools/list") == "miss")
        var counts: Set<Int> = []
        #expect(
            !simulation.advance(
                until: {
                    counts.insert(backend.listenerCount)
                    return false
                }, limit: .seconds(65)))
        #expect(backend.listenerRequests.count == 7)
        #expect(counts == [1, 2])
        #expect(call(simulation, "tools/list") == "hit")
        // One that has sent signs of life and sends no more may have been dead.
        backend.tellNothing()
        simulation.advance(by: .seconds(12))
        #expect(call(simulation, "tools/list") == "miss")
    }

    @Test func `a silent session is asked whether it lives, and answers what it is asked`() throws {
        let simulation = try simulation(
            .legacy(withIDs: false), pool: Self.legacyPool + "    timeout: { stream_idle: 10s }\n")
        let backend = simulation.backends[0]
        #expect(listens(simulation))
        simulation.advance(by: .seconds(35))
        #expect(
            backend.listenerRequests == ["initialize", "notifications/initialized", "GET", "ping", "ping", "ping"])
        backend.tell("{\"jsonrpc\":\"2.0\",\"id\":\"asked\",\"method\":\"ping\"}")
        #expect(simulation.advance(until: { backend.listenerRequests.last == "answer" }, limit: .seconds(1)))
        #expect(backend.lastListenerBody == "{\"jsonrpc\":\"2.0\",\"id\":\"asked\",\"result\":{}}")
        backend.tell("{\"jsonrpc\":\"2.0\",\"id\":\"asked\",\"method\":\"roots/list\"}")
        #expect(simulation.advance(until: { backend.lastListenerBody.contains("-32601") }, limit: .seconds(1)))
        #expect(simulation.stopListeners())
        #expect(backend.listenerRequests.last == "DELETE")
        #expect(state(simulation) == .off)
        simulation.advance(by: .seconds(60))
        #expect(backend.listenerRequests.last == "DELETE" && backend.listenerCount == 0)
        #expect(simulation.network.openCount == 0)
    }

    // MARK: Backends that tell nothing

    @Test func `a backend that tells nothing is asked every five minutes, and costs nothing else`() throws {
        let simulation = try simulation(.nothing, pool: "    cache: { ttl: 1h, scope: public }\n")
        #expect(simulation.advance(until: { state(simulation) == .notOffered }, limit: .seconds(2)))
        #expect(simulation.backends[0].listenerRequests == ["subscriptions/listen", "initialize"])
        #expect(call(simulation, "tools/list") == "miss")
        simulation.advance(by: .seconds(290))
        #expect(simulation.backends[0].listenerRequests.count == 2)
        #expect(call(simulation, "tools/list") == "hit")
        simulation.advance(by: .seconds(20))
        #expect(simulation.backends[0].listenerRequests.count == 4)
        #expect(call(simulation, "tools/list") == "hit")
    }

    @Test func `nobody listens where nothing is kept`() throws {
        for pool in ["    cache: { use_hints: false }\n", "    protocol: legacy\n"] {
            let simulation = try simulation(.modern, pool: pool)
            simulation.advance(by: .seconds(10))
            #expect(simulation.backends[0].listenerRequests.isEmpty && state(simulation) == .off)
        }
        // A legacy backend with hints that it cannot give.
        let simulation = try simulation(.legacy(withIDs: false))
        simulation.advance(by: .seconds(10))
        #expect(simulation.backends[0].listenerRequests == ["subscriptions/listen"])
    }

    @Test(arguments: [
        ScriptedBackend.Behaviour.garbage, .resetMidAnswer, .status(503), .status(200), .stall, .blackHole, .wrongID,
    ])
    func `a backend that misbehaves costs a try now and then`(behaviour: ScriptedBackend.Behaviour) throws {
        let simulation = try Simulation(seed: 3, backendCount: 1, pool: "    cache: { ttl: 1h, scope: public }\n")
        let backend = simulation.backends[0]
        backend.telling = .modern
        backend.misbehavesToListeners = true
        backend.behaviour = behaviour
        simulation.startListeners()
        simulation.advance(by: .seconds(120))
        #expect(state(simulation) == .waiting || state(simulation) == .notOffered || state(simulation) == .connecting)
        #expect((1...60).contains(simulation.network.connectionCount))
        #expect(simulation.network.openCount <= 2)
        backend.misbehavesToListeners = false
        backend.behaviour = .answer
        #expect(simulation.advance(until: { state(simulation) == .listening }, limit: .seconds(310)))
    }
}
