import Gateway
import GatewayTestKit
import NIOCore
import Resilience
import Testing

/// Seeds that every simulated test runs with; one that ever failed stays in the list.
private let seeds: [UInt64] = Array(1...4)

@Suite struct `backends beside their siblings` {
    private func counter(_ simulation: Simulation, _ name: String) -> Int {
        simulation.metrics().split(separator: "\n").filter { $0.hasPrefix(name) }
            .reduce(0) { $0 + (Int($1.split(separator: " ").last ?? "") ?? 0) }
    }

    /// Makes `count` calls, one every two milliseconds, over ten connections.
    private func call(_ simulation: Simulation, _ clients: [SimulatedClient], count: Int, from first: Int) {
        for number in first..<(first + count) {
            clients[number % clients.count].call("tools/list", id: number)
            simulation.advance(by: .milliseconds(2))
        }
    }

    @Test(arguments: seeds)
    func `one that takes longer is taken out for a while, and comes back`(seed: UInt64) throws {
        let pool = "    outlier_detection: { base_ejection_time: 5s }\n"
        let simulation = try Simulation(seed: seed, pool: pool)
        simulation.startMonitors()
        let slow = simulation.backends[1]
        let status = simulation.plan.pools[0].backends[1].status
        for backend in simulation.backends { backend.workTime = .milliseconds(10) }
        slow.workTime = .milliseconds(200)
        let clients = (0..<40).map { _ in simulation.connectClient() }
        var sent = 0
        while !status.isEjected, sent < 5_000 {
            call(simulation, clients, count: 100, from: sent)
            sent += 100
        }
        #expect(status.isEjected && sent <= 4_500, "within nine seconds, took \(sent * 2) ms")
        let before = slow.runs.count
        call(simulation, clients, count: 200, from: sent)
        #expect(slow.runs.count <= before + 1)
        #expect(counter(simulation, "mcp_gateway_outlier_ejections_total") == 1)
        slow.workTime = .milliseconds(10)
        #expect(simulation.advance(until: { !status.isEjected }, limit: .seconds(8)))
        call(simulation, clients, count: 300, from: sent + 200)
        #expect(slow.runs.count > before + 5)
        #expect(clients.flatMap(\.answers).allSatisfy { $0.status == 200 })
    }

    @Test(arguments: seeds)
    func `one that is back begins with a small share`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed)
        simulation.startMonitors()
        let (back, statuses) = (simulation.backends[0], simulation.plan.pools[0].backends.map(\.status))
        back.behaviour = .refuse
        #expect(simulation.advance(until: { statuses[0].health == .down }, limit: .seconds(4)))
        back.behaviour = .answer
        #expect(simulation.advance(until: { statuses[0].health == .up }, limit: .seconds(4)))
        let clients = (0..<10).map { _ in simulation.connectClient() }
        var shares: [Int] = []
        for second in 0..<12 {
            let before = back.runs.count
            call(simulation, clients, count: 500, from: second * 500)
            shares.append(back.runs.count - before)
        }
        // Of 500: a thirteenth would be 38 at the share of a tenth, and 167 are a third.
        #expect(shares[0] < 70 && shares[4] > 60 && shares[4] < 140, "\(shares)")
        #expect((160...175).contains(shares[11]), "\(shares)")
    }

    @Test(arguments: seeds)
    func `one that fails more often than its siblings is taken out before its breaker opens`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, pool: "    circuit_breaker: { consecutive_failures: 1000 }\n")
        simulation.startMonitors()
        simulation.backends[2].failureShare = 30
        let clients = (0..<10).map { _ in simulation.connectClient() }
        call(simulation, clients, count: 1_500, from: 0)
        let statuses = simulation.plan.pools[0].backends.map(\.status)
        #expect(statuses.map(\.isEjected) == [false, false, true])
        #expect(statuses[2].breakerWord.phase == .closed)
    }

    @Test(arguments: seeds)
    func `when all are as bad, nobody is taken out`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, pool: "    circuit_breaker: { consecutive_failures: 1000 }\n")
        simulation.startMonitors()
        for backend in simulation.backends { backend.failureShare = 30 }
        let clients = (0..<10).map { _ in simulation.connectClient() }
        call(simulation, clients, count: 1_500, from: 0)
        #expect(simulation.plan.pools[0].backends.allSatisfy { !$0.status.isEjected })
    }

    @Test(arguments: seeds)
    func `when nearly all breakers are open, calls are spread over all that are not down`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, backendCount: 4)
        for backend in simulation.backends.dropFirst() { backend.behaviour = .status(500) }
        let client = simulation.connectClient()
        for id in 1...30 { client.call("tools/call", id: id, name: "charge") }
        #expect(simulation.advance(until: { client.answers.count == 30 }, limit: .seconds(5)))
        let pool = simulation.plan.pools[0]
        #expect(pool.backends.map { $0.status.breakerWord.phase == .open } == [false, true, true, true])
        #expect(pool.choice == .allNotDown)
        #expect(simulation.metrics().contains("mcp_gateway_panic{pool=\"tools\"} 1\n"))
        // All well, but no breaker knows: without panic one of them would get everything.
        for backend in simulation.backends { backend.behaviour = .answer }
        let before = simulation.backends.map(\.runs.count)
        for id in 31...70 { client.call("tools/call", id: id, name: "charge") }
        #expect(simulation.advance(until: { client.answers.count == 70 }, limit: .seconds(1)))
        #expect(zip(simulation.backends, before).map { $0.runs.count - $1 } == [10, 10, 10, 10])
    }

    @Test(arguments: seeds)
    func `when all are down, one call a second finds out`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, backendCount: 2)
        simulation.startMonitors()
        let statuses = simulation.plan.pools[0].backends.map(\.status)
        for backend in simulation.backends { backend.behaviour = .status(500) }
        #expect(simulation.advance(until: { statuses.allSatisfy { $0.health == .down } }, limit: .seconds(4)))
        for backend in simulation.backends { backend.behaviour = .answer }
        let client = simulation.connectClient()
        client.call("tools/call", id: 0, name: "charge")
        for id in 1...20 { client.call("tools/list", id: id) }
        #expect(simulation.advance(until: { client.answers.count == 21 }, limit: .milliseconds(250)))
        #expect(client.answers[0].status == 503 && client.answers[0].field("Retry-After") == "1")
        #expect(client.answers.dropFirst().map(\.status).count { $0 == 200 } == 2, "one for each backend")
    }

    @Test(arguments: seeds)
    func `when all are down, each refusal says when to come back`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, backendCount: 2)
        simulation.startMonitors()
        let statuses = simulation.plan.pools[0].backends.map(\.status)
        for backend in simulation.backends { backend.behaviour = .refuse }
        #expect(simulation.advance(until: { statuses.allSatisfy { $0.health == .down } }, limit: .seconds(4)))
        let client = simulation.connectClient()
        // Some of them are let through, to find out whether somebody is back.
        for id in 1...10 { client.call("tools/list", id: id) }
        #expect(simulation.advance(until: { client.answers.count == 10 }, limit: .seconds(4)))
        #expect(client.answers.allSatisfy { $0.status == 503 && $0.field("Retry-After") == "1" })
    }

    @Test func `an operator's word holds in a panic, too`() throws {
        let simulation = try Simulation(seed: 5, backendCount: 2)
        let pool = simulation.plan.pools[0]
        for backend in pool.backends { backend.status.obey(.open, at: MonotonicTime(simulation.loop.now)) }
        pool.reconsider(at: MonotonicTime(simulation.loop.now))
        let client = simulation.connectClient()
        client.call("tools/list", id: 1)
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .seconds(1)))
        #expect(client.answers[0].status == 503)
        #expect(simulation.backends.allSatisfy { $0.runs.isEmpty })
    }

    @Test func `the only backend of a pool is left alone by its breaker`() throws {
        let simulation = try Simulation(seed: 5, backendCount: 1)
        simulation.backends[0].behaviour = .status(500)
        let client = simulation.connectClient()
        for id in 1...20 { client.call("tools/call", id: id, name: "charge") }
        #expect(simulation.advance(until: { client.answers.count == 20 }, limit: .seconds(1)))
        #expect(simulation.backends[0].runs.count == 5)
    }
}
