import Gateway
import GatewayTestKit
import NIOCore
import Testing

@Suite struct `a simulated gateway with a cache` {
    private static let publicHints = ",\"resultType\":\"complete\",\"ttlMs\":60000,\"cacheScope\":\"public\""
    private static let privateHints = ",\"resultType\":\"complete\",\"ttlMs\":60000,\"cacheScope\":\"private\""

    /// A gateway with one backend whose results have these members.
    private func simulation(
        _ members: String = publicHints, shards: Int = 1, seed: UInt64 = 1, pool: String = "", settings: String = ""
    ) throws -> Simulation {
        let simulation = try Simulation(
            seed: seed, backendCount: 1, shardCount: shards, pool: pool, settings: settings)
        simulation.backends[0].resultMembers = members
        return simulation
    }

    private func token(_ name: String) -> String { "Authorization: Bearer \(name)\r\n" }

    /// Calls once, on a connection of its own: those that nobody has used for long are closed.
    private func call(_ simulation: Simulation, id: Int) -> SimulatedClient {
        let client = simulation.connectClient()
        client.call("tools/list", id: id)
        #expect(answered(simulation, [client], 1))
        return client
    }

    /// Waits until `clients` have this many answers together.
    private func answered(_ simulation: Simulation, _ clients: [SimulatedClient], _ count: Int) -> Bool {
        simulation.advance(until: { clients.map(\.answers.count).reduce(0, +) == count }, limit: .seconds(70))
    }

    private func states(_ client: SimulatedClient) -> [String?] { client.answers.map { $0.field("X-Cache") } }

    // MARK: Hits

    @Test func `serves a list for as long as its server says, with the caller's id and what is left of the time`()
        throws
    {
        let simulation = try simulation()
        let client = simulation.connectClient()
        client.call("tools/list", id: 1)
        #expect(answered(simulation, [client], 1))
        simulation.advance(by: .seconds(20))
        client.call("tools/list", id: 22)
        #expect(answered(simulation, [client], 2))
        #expect(states(client) == ["miss", "hit"])
        #expect(simulation.backends[0].runs == ["1"])
        let hit = try #require(client.answers.last)
        #expect(hit.status == 200 && hit.body.hasPrefix("{\"jsonrpc\":\"2.0\",\"id\":22,\"result\":"))
        #expect(hit.field("Age") == "20" && hit.field("Content-Type") == "application/json")
        let left = try #require(hit.body.components(between: "\"ttlMs\":", and: ",").flatMap { Int($0) })
        // A random tenth is taken at most.
        #expect((33_900...40_000).contains(left))
        simulation.advance(by: .seconds(400))
        #expect(states(call(simulation, id: 3)) == ["miss"])
        #expect(simulation.backends[0].runs == ["1", "3"])
        #expect(simulation.snapshot.counters.calls(pool: 0, method: .toolsList, status: .ok) == 3)
        #expect(simulation.snapshot.counters.inFlight == 0)
    }

    @Test func `shows everybody what is public, and nobody but its caller what is not`() throws {
        for (hints, runs) in [(Self.publicHints, 1), (Self.privateHints, 3)] {
            let simulation = try simulation(hints)
            let client = simulation.connectClient()
            for (id, name) in [(1, "ann"), (2, "bob"), (3, "ann"), (4, "bob")] {
                client.call("tools/list", id: id, fields: token(name))
                #expect(answered(simulation, [client], id))
            }
            client.call("tools/list", id: 5)
            #expect(answered(simulation, [client], 5))
            #expect(simulation.backends[0].runs.count == runs)
            #expect(
                states(client)
                    == (runs == 1 ? ["miss", "hit", "hit", "hit", "hit"] : ["miss", "miss", "hit", "hit", "miss"]))
        }
    }

    @Test func `keeps nothing that says nothing, and nothing private of nobody`() throws {
        for hints in ["", Self.privateHints, ",\"resultType\":\"complete\",\"ttlMs\":0,\"cacheScope\":\"public\""] {
            let simulation = try simulation(hints)
            let client = simulation.connectClient()
            for id in 1...3 {
                client.call("tools/list", id: id)
                #expect(answered(simulation, [client], id))
            }
            #expect(simulation.backends[0].runs == ["1", "2", "3"])
        }
    }

    @Test func `keeps the answers of tools that are configured, for whom they are configured`() throws {
        for (scope, runs) in [("private", ["1", "2", "4"]), ("public", ["1"])] {
            let simulation = try simulation(
                "", pool: "    tools:\n      echo: { cache: { ttl: 60s, scope: \(scope) } }\n")
            let client = simulation.connectClient()
            for (id, name) in [(1, "ann"), (2, "bob"), (3, "ann")] {
                client.call("tools/call", id: id, name: "echo", fields: token(name))
                #expect(answered(simulation, [client], id))
            }
            client.call("tools/call", id: 4, name: "echo")
            #expect(answered(simulation, [client], 4))
            #expect(simulation.backends[0].runs == runs)
            client.call("tools/call", id: 5, name: "other", fields: token("ann"))
            client.call("tools/call", id: 6, name: "other", fields: token("ann"))
            client.call("tools/call", id: 7, name: "echo", arguments: "{\"a\":1}", fields: token("ann"))
            #expect(answered(simulation, [client], 7))
            #expect(simulation.backends[0].runs == runs + ["5", "6", "7"])
        }
    }

    @Test func `keeps nothing of tools that fail`() throws {
        let simulation = try simulation(
            ",\"isError\":true", pool: "    tools:\n      echo: { cache: { ttl: 60s, scope: public } }\n")
        let client = simulation.connectClient()
        for id in 1...3 {
            client.call("tools/call", id: id, name: "echo")
            #expect(answered(simulation, [client], id))
        }
        #expect(simulation.backends[0].runs == ["1", "2", "3"])
    }

    @Test func `keeps the lists of legacy servers as configured`() throws {
        let simulation = try simulation("", pool: "    cache: { ttl: 60s, scope: public }\n")
        let client = simulation.connectClient()
        for id in 1...3 {
            client.postLegacy("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"tools/list\"}")
            #expect(answered(simulation, [client], id))
        }
        #expect(states(client) == ["miss", "hit", "hit"])
        #expect(client.answers.allSatisfy { !$0.body.contains("ttlMs") })
        // Another revision may have another answer.
        client.postLegacy(
            "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"tools/list\"}", fields: "MCP-Protocol-Version: 2025-06-18\r\n")
        #expect(answered(simulation, [client], 4))
        #expect(states(client).last == "miss")
    }

    @Test func `tells apart what other fields may change, and keeps the rest from the backend`() throws {
        let simulation = try simulation()
        let client = simulation.connectClient()
        for (id, fields) in [
            (1, "X-Tenant: a\r\nUser-Agent: one\r\n"), (2, "X-Tenant: b\r\n"),
            (3, "x-tenant: a\r\nUser-Agent: two\r\n"),
        ] {
            client.call("tools/list", id: id, fields: fields)
            #expect(answered(simulation, [client], id))
            if id == 1 {
                #expect(simulation.backends[0].lastHead.contains("X-Tenant: a"))
                #expect(!simulation.backends[0].lastHead.lowercased().contains("user-agent"))
            }
        }
        #expect(states(client) == ["miss", "miss", "hit"])
        client.call("tools/call", id: 4, name: "echo", fields: "User-Agent: one\r\n")
        #expect(answered(simulation, [client], 4))
        #expect(simulation.backends[0].lastHead.contains("User-Agent: one"))
    }

    // MARK: Streams and long answers

    @Test func `keeps an answer that came as an event, unless others came with it`() throws {
        let simulation = try simulation()
        let client = simulation.connectClient()
        simulation.backends[0].behaviour = .stream(notifications: 1)
        for id in 1...2 {
            client.call("tools/list", id: id)
            #expect(answered(simulation, [client], id))
        }
        #expect(simulation.backends[0].runs == ["1", "2"])
        simulation.advance(by: .seconds(2))
        simulation.backends[0].behaviour = .stream(notifications: 0)
        for id in 3...4 {
            client.call("tools/list", id: id)
            #expect(answered(simulation, [client], id))
        }
        #expect(simulation.backends[0].runs == ["1", "2", "3"])
        #expect(client.answers[3].field("Content-Type") == "application/json")
    }

    @Test func `keeps long answers that are not too long`() throws {
        for (count, runs) in [(300_000, 1), (1_100_000, 2)] {
            let simulation = try simulation()
            simulation.backends[0].paddingCount = count
            let client = simulation.connectClient()
            for id in 1...2 {
                client.call("tools/list", id: id)
                #expect(answered(simulation, [client], id))
            }
            #expect(simulation.backends[0].runs.count == runs)
            #expect(client.answers.allSatisfy { $0.status == 200 && $0.body.utf8.count > count })
        }
    }

    // MARK: Flights

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `asks once for a thousand that ask at the same time, on all loops`(seed: UInt64) throws {
        let simulation = try simulation(shards: 4, seed: seed)
        simulation.backends[0].behaviour = .hold
        let clients = (0..<1_000).map { simulation.connectClient(toShard: $0 % 4) }
        for (id, client) in clients.enumerated() { client.call("tools/list", id: id, fields: token("t\(id % 5)")) }
        #expect(simulation.advance(until: { simulation.backends[0].runs.count == 1 }, limit: .seconds(1)))
        simulation.advance(by: .milliseconds(100))
        simulation.backends[0].release()
        #expect(answered(simulation, clients, 1_000))
        #expect(simulation.backends[0].runs.count == 1)
        for (id, client) in clients.enumerated() {
            #expect(client.answers[0].status == 200 && client.answers[0].body.contains("\"id\":\(id),"))
        }
    }

    @Test func `asks once for each caller where answers are private`() throws {
        let simulation = try simulation(Self.privateHints, shards: 2)
        simulation.backends[0].behaviour = .hold
        let clients = (0..<100).map { simulation.connectClient(toShard: $0 % 2) }
        for (id, client) in clients.enumerated() { client.call("tools/list", id: id, fields: token("t\(id % 5)")) }
        simulation.advance(by: .milliseconds(100))
        #expect(simulation.backends[0].runs.count == 1)
        simulation.backends[0].release()
        #expect(answered(simulation, clients, 100))
        #expect(simulation.backends[0].runs.count == 5)
        #expect(clients.allSatisfy { $0.answers[0].status == 200 })
    }

    @Test func `the leader's leaving costs the others nothing, and the last one's ends the call`() throws {
        let simulation = try simulation()
        simulation.backends[0].behaviour = .hold
        let clients = (0..<3).map { _ in simulation.connectClient() }
        for (id, client) in clients.enumerated() { client.call("tools/list", id: id) }
        simulation.advance(by: .milliseconds(10))
        clients[0].disconnect()
        simulation.advance(by: .milliseconds(10))
        clients[1].disconnect()
        simulation.advance(by: .milliseconds(10))
        simulation.backends[0].release()
        #expect(answered(simulation, [clients[2]], 1))
        #expect(simulation.backends[0].runs == ["0"])
        #expect(clients[2].answers[0].body.contains("\"id\":2,"))
        #expect(simulation.snapshot.counters.inFlight == 0)
        #expect(simulation.snapshot.counters.calls(pool: 0, method: .toolsList, status: .clientGone) == 2)
        #expect(simulation.snapshot.counters.calls(pool: 0, method: .toolsList, status: .ok) == 1)

        simulation.backends[0].behaviour = .hold
        simulation.advance(by: .seconds(600))
        let last = simulation.connectClient()
        last.call("tools/list", id: 9)
        simulation.advance(by: .milliseconds(10))
        last.disconnect()
        simulation.advance(by: .milliseconds(10))
        #expect(simulation.plan.cache.figures.flights == 0)
        #expect(simulation.snapshot.backends[0][0].inFlight == 0)
    }

    @Test func `the leader's failure wakes one of the others, not all`() throws {
        let simulation = try simulation(pool: "    retry: { attempts: 1 }\n")
        let backend = simulation.backends[0]
        backend.behaviour = .hold
        let clients = (0..<20).map { _ in simulation.connectClient() }
        for (id, client) in clients.enumerated() { client.call("tools/list", id: id) }
        simulation.advance(by: .milliseconds(10))
        #expect(backend.runs.count == 1)
        backend.resetAll()
        simulation.advance(by: .milliseconds(10))
        #expect(backend.runs.count == 2)
        let failed = clients.filter { $0.answers.map(\.status) == [502] }
        #expect(failed.count == 1 && clients.map(\.answers.count).reduce(0, +) == 1)
        backend.release()
        #expect(answered(simulation, clients, 20))
        #expect(backend.runs.count == 2)
        #expect(clients.count { $0.answers[0].status == 200 } == 19)
    }

    @Test func `who waits is not kept beyond their own time`() throws {
        let simulation = try simulation(pool: "    timeout: { request: 2s, first_byte: 2s }\n")
        simulation.backends[0].behaviour = .stall
        let clients = (0..<3).map { _ in simulation.connectClient() }
        clients[0].call("tools/list", id: 0)
        simulation.advance(by: .milliseconds(1_500))
        clients[1].call("tools/list", id: 1)
        clients[2].call("tools/list", id: 2)
        #expect(answered(simulation, clients, 3))
        #expect(clients.map { $0.answers[0].status } == [504, 504, 504])
        #expect(simulation.plan.cache.figures.flights == 0)
    }

    @Test func `nobody waits for errors one after the other`() throws {
        let simulation = try simulation(",\"resultType\":\"input_required\"")
        simulation.backends[0].behaviour = .hold
        let clients = (0..<50).map { _ in simulation.connectClient() }
        for (id, client) in clients.enumerated() { client.call("tools/list", id: id) }
        simulation.advance(by: .milliseconds(10))
        simulation.backends[0].release()
        simulation.backends[0].behaviour = .hold
        simulation.advance(by: .milliseconds(20))
        #expect(simulation.backends[0].runs.count == 50)
        simulation.backends[0].release()
        #expect(answered(simulation, clients, 50))
    }

    // MARK: Stale

    @Test func `five hundred readers of an answer that ends cause one refresh, and none waits`() throws {
        let simulation = try simulation(shards: 2)
        let backend = simulation.backends[0]
        _ = call(simulation, id: 0)
        simulation.advance(by: .seconds(61))
        backend.behaviour = .hold
        let clients = (0..<500).map { simulation.connectClient(toShard: $0 % 2) }
        for (id, client) in clients.enumerated() { client.call("tools/list", id: 1_000 + id) }
        simulation.advance(by: .milliseconds(5))
        #expect(clients.map(\.answers.count).reduce(0, +) == 500)
        #expect(clients.allSatisfy { states($0) == ["stale"] && $0.answers[0].body.contains("\"ttlMs\":0,") })
        #expect(backend.runs.count == 2)
        backend.release()
        simulation.advance(by: .milliseconds(5))
        clients[1].call("tools/list", id: 5_000)
        #expect(answered(simulation, [clients[1]], 2))
        #expect(states(clients[1]) == ["stale", "hit"] && backend.runs.count == 2)
        // What the cache asks for itself is nobody's call.
        #expect(simulation.snapshot.counters.inFlight == 0)
    }

    @Test(arguments: [ScriptedBackend.Behaviour.refuse, .status(500), .garbage, .resetAfterRunning, .stall])
    func `serves what is stale while its backends fail, for five minutes`(_ behaviour: ScriptedBackend.Behaviour) throws
    {
        let simulation = try simulation(pool: "    timeout: { request: 2s, first_byte: 2s }\n")
        let client = simulation.connectClient()
        client.call("tools/list", id: 1)
        #expect(answered(simulation, [client], 1))
        simulation.backends[0].resetAll()
        simulation.backends[0].behaviour = behaviour
        simulation.advance(by: .seconds(100))
        for id in 2...4 {
            let client = call(simulation, id: id)
            #expect(states(client) == ["stale"] && client.answers[0].status == 200)
        }
        simulation.advance(by: .seconds(300))
        #expect(call(simulation, id: 5).answers[0].status >= 500)
    }

    @Test func `serves nothing stale to whoever is turned away`() throws {
        let simulation = try simulation()
        let client = simulation.connectClient()
        client.call("tools/list", id: 1)
        #expect(answered(simulation, [client], 1))
        simulation.advance(by: .seconds(100))
        simulation.backends[0].behaviour = .status(403)
        for id in 2...3 { #expect(call(simulation, id: id).answers[0].status == 502) }
    }

    // MARK: Invalidation

    @Test func `serves nothing from before a change, and keeps nothing that was asked for before it`() throws {
        let simulation = try simulation()
        let cache = simulation.plan.cache
        let client = simulation.connectClient()
        for id in 1...2 {
            client.call("tools/list", id: id)
            #expect(answered(simulation, [client], id))
        }
        cache.invalidate([.tools], pool: 0)
        client.call("tools/list", id: 3)
        #expect(answered(simulation, [client], 3))
        #expect(states(client) == ["miss", "hit", "miss"])

        cache.invalidate([.prompts], pool: 0)
        client.call("tools/list", id: 4)
        #expect(answered(simulation, [client], 4))
        #expect(states(client).last == "hit")

        cache.clear(pool: 0)
        simulation.backends[0].behaviour = .hold
        client.call("tools/list", id: 5)
        simulation.advance(by: .milliseconds(10))
        cache.invalidate([.tools], pool: 0)
        simulation.backends[0].release()
        #expect(answered(simulation, [client], 5))
        client.call("tools/list", id: 6)
        #expect(answered(simulation, [client], 6))
        #expect(states(client).suffix(2) == ["miss", "miss"])
        // Stale is not past a change either.
        simulation.advance(by: .seconds(70))
        cache.invalidate([.tools], pool: 0)
        simulation.backends[0].behaviour = .status(500)
        #expect(call(simulation, id: 7).answers[0].status == 502)
    }
}

extension String {
    /// What is between the first of each.
    fileprivate func components(between start: String, and end: String) -> Substring? {
        guard let first = range(of: start), let last = self[first.upperBound...].range(of: end) else { return nil }
        return self[first.upperBound..<last.lowerBound]
    }
}
