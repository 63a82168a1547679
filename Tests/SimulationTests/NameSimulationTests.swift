import Gateway
import GatewayTestKit
import NIOCore
import Resilience
import Testing

/// Backends behind a name whose addresses come and go.
@Suite struct `a simulated gateway with a name` {
    private func simulation(
        seed: UInt64 = 1, backends: Int = 3, pool: String = "", _ addresses: [String]? = nil
    ) throws -> Simulation {
        let simulation = try Simulation(seed: seed, backendCount: backends, shardCount: 2, pool: pool, name: "tools")
        simulation.network.names["tools"] = addresses
        simulation.startNames()
        simulation.advance(by: .milliseconds(10))
        return simulation
    }

    /// Makes a call; its status.
    private func call(_ client: SimulatedClient, _ id: Int, _ simulation: Simulation) throws -> Int {
        let count = client.answers.count
        client.call("tools/call", id: id, name: "echo")
        #expect(simulation.advance(until: { client.answers.count > count }, limit: .seconds(3)))
        return try #require(client.answers.last).status
    }

    private func addresses(_ simulation: Simulation) -> [String] {
        simulation.plan.pools[0].backends.map(\.address.host)
    }

    @Test func `calls all addresses, new ones within an interval, and no more those that have left`() throws {
        let simulation = try simulation(["10.0.0.1", "10.0.0.2"])
        let client = simulation.connectClient()
        #expect(addresses(simulation) == ["10.0.0.1", "10.0.0.2"])
        for id in 0..<4 { #expect(try call(client, id, simulation) == 200) }
        #expect(simulation.backends.map(\.runs.count) == [2, 2, 0])
        simulation.network.names["tools"] = ["10.0.0.2", "10.0.0.3"]
        simulation.advance(by: .seconds(12))
        // Who is new is there; who is missing for the first time still is.
        #expect(addresses(simulation) == ["10.0.0.1", "10.0.0.2", "10.0.0.3"])
        simulation.advance(by: .seconds(11))
        #expect(addresses(simulation) == ["10.0.0.2", "10.0.0.3"])
        let before = simulation.backends[0].runs.count
        for id in 4..<12 { #expect(try call(client, id, simulation) == 200) }
        #expect(simulation.backends[0].runs.count == before)
        #expect(simulation.backends[2].runs.count == 4)
    }

    @Test func `answers for itself as long as the name is not known, and by its backends from then on`() throws {
        let simulation = try simulation()
        let client = simulation.connectClient()
        #expect(simulation.network.connectionCount == 0)
        #expect(try call(client, 1, simulation) >= 500)
        #expect(simulation.network.connectionCount == 0, "nobody is connected to")
        #expect(simulation.snapshot.backends[0][0].attempts[Int(AttemptOutcome.connectFailed.rawValue)] > 0)
        #expect(simulation.nameBoard.count(.failed) >= 1)
        simulation.network.names["tools"] = ["10.0.0.1"]
        let isThere = simulation.advance(until: { addresses(simulation) == ["10.0.0.1"] }, limit: .seconds(20))
        #expect(isThere)
        #expect(try call(client, 2, simulation) == 200)
        #expect(simulation.backends[0].runs.count == 1)
        #expect(simulation.metrics().contains("mcp_gateway_dns_names_failing 0\n"))
    }

    @Test func `goes on with what it knows while nobody answers for the name`() throws {
        let simulation = try simulation(["10.0.0.1"])
        for (id, failure) in ([nil, []] as [[String]?]).enumerated() {
            simulation.network.names["tools"] = failure
            simulation.advance(by: .seconds(240))
            #expect(try call(simulation.connectClient(), id, simulation) == 200)
        }
        #expect(simulation.generation == 2, "nothing has changed")
        #expect(simulation.nameBoard.count(.failed) > 20)
        #expect(simulation.metrics().contains("mcp_gateway_dns_names_failing 1\n"))
        simulation.advance(by: .seconds(130))
        #expect(simulation.plan.pools[0].hasUnresolvedNames, "ten minutes are over")
        #expect(try call(simulation.connectClient(), 9, simulation) >= 500)
    }

    @Test func `connects to no forbidden address, at first or later`() throws {
        let simulation = try simulation(["169.254.169.254"])
        let client = simulation.connectClient()
        #expect(try call(client, 1, simulation) >= 500)
        #expect(simulation.network.connectionCount == 0)
        #expect(simulation.nameBoard.count(.refused) >= 1)
        simulation.network.names["tools"] = ["10.0.0.1"]
        simulation.advance(by: .seconds(20))
        #expect(try call(client, 2, simulation) == 200)
        // Rebound.
        simulation.network.names["tools"] = ["169.254.169.254", "::ffff:169.254.169.254"]
        simulation.advance(by: .seconds(60))
        #expect(addresses(simulation) == ["10.0.0.1"])
        #expect(!simulation.metrics().contains("mcp_gateway_dns_lookups_total{result=\"refused\"} 0\n"))
        #expect(simulation.metrics().contains("mcp_gateway_dns_names_failing 1\n"))
    }

    @Test func `makes few generations of answers that show one of four at a time`() throws {
        let simulation = try simulation(backends: 4, ["10.0.0.1"])
        for round in 1...60 {
            simulation.network.names["tools"] = ["10.0.0.\(1 + round % 4)"]
            simulation.advance(by: .seconds(10))
        }
        #expect(simulation.generation <= 14)
        #expect(addresses(simulation).count == 4)
    }

    @Test(arguments: Array(1...40) as [UInt64])
    func `loses no call and runs none twice, whatever the name stands for`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let count = 4
        let simulation = try simulation(
            seed: seed, backends: count, pool: "    retry: { attempts: 3 }\n", ["10.0.0.1", "10.0.0.2"])
        var runs: [Int: Int] = [:]
        for backend in simulation.backends {
            backend.workTime = .milliseconds(Int64(random.next(below: 30)))
            backend.onCall = { id in runs[Int(id) ?? -1, default: 0] += 1 }
        }
        simulation.startMonitors()
        let clients = (0..<6).map { simulation.connectClient(toShard: $0 % 2) }
        var asked = [Int](repeating: 0, count: clients.count)
        var number = 0
        for _ in 0..<200 {
            if random.next(below: 6) == 0 {
                // Now and then it cannot be looked up at all, which changes nothing.
                let present = (1...count).filter { _ in random.next(below: 2) == 0 }
                simulation.network.names["tools"] =
                    random.next(below: 5) == 0 ? nil : present.isEmpty ? ["10.0.0.1"] : present.map { "10.0.0.\($0)" }
            }
            let client = random.next(below: clients.count)
            clients[client].call("tools/call", id: number, name: "echo")
            asked[client] += 1
            number += 1
            simulation.advance(by: .milliseconds(Int64(random.next(below: 800))))
        }
        let isDone = simulation.advance(
            until: { zip(clients, asked).allSatisfy { $0.answers.count == $1 } }, limit: .seconds(10))
        #expect(isDone)
        #expect(clients.flatMap(\.answers).allSatisfy { $0.status == 200 })
        #expect(runs.count == number && runs.values.allSatisfy { $0 == 1 })
        #expect(simulation.generation >= 3)
        for client in clients { client.disconnect() }
        simulation.advance(by: .seconds(30))
        for snapshot in simulation.snapshots { #expect(snapshot.counters.inFlight == 0 && snapshot.counters.bugs == 0) }
    }
}
