import Gateway
import GatewayTestKit
import NIOCore
import Resilience
import Testing

/// Seeds that every simulated test runs with; one that ever failed stays in the list.
private let seeds: [UInt64] = Array(1...40)

@Suite struct `a simulated gateway` {
    @Test(arguments: seeds)
    func `answers each call once, with the id it came with`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed)
        let clients = (0..<10).map { _ in simulation.connectClient() }
        for round in 0..<20 {
            for (index, client) in clients.enumerated() {
                client.call("tools/call", id: round * 100 + index, name: "echo")
            }
        }
        let isDone = simulation.advance(until: { clients.allSatisfy { $0.answers.count == 20 } }, limit: .seconds(5))
        #expect(isDone)
        for (index, client) in clients.enumerated() {
            for (round, answer) in client.answers.enumerated() {
                #expect(answer.status == 200)
                #expect(answer.body.hasPrefix("{\"jsonrpc\":\"2.0\",\"id\":\(round * 100 + index),\"result\""))
            }
        }
        #expect(simulation.backends.map(\.runs.count).reduce(0, +) == 200)
        expectAllGivenBack(simulation)
    }

    @Test(arguments: seeds)
    func `sends each call with the head that belongs to it, whatever came before`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed)
        let client = simulation.connectClient()
        for id in 1...60 {
            // Runs of equal heads, and all kinds of changes between them.
            switch simulation.network.chance(0...3) {
            case 0: client.call("tools/list", id: id)
            case 1: client.call("tools/call", id: id, name: "first")
            case 2: client.call("tools/call", id: id, name: "other")
            default: client.call("prompts/get", id: id, name: "first")
            }
        }
        #expect(simulation.advance(until: { client.answers.count == 60 }, limit: .seconds(30)))
        #expect(client.answers.allSatisfy { $0.status == 200 })
        #expect(simulation.backends.map(\.mismatchCount) == [0, 0, 0])
    }

    @Test(arguments: seeds)
    func `tells its own time from that of the backends`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed)
        simulation.backends[0].behaviour = .resetAfterRunning
        let client = simulation.connectClient()
        for id in 1...30 { client.call("tools/list", id: id) }
        #expect(simulation.advance(until: { client.answers.count == 30 }, limit: .seconds(30)))
        let counters = simulation.snapshot.counters
        // All time that passes here passes in the network and in backends.
        #expect(counters.overheads(pool: 0).count > 0)
        #expect(counters.overheads(pool: 0).sumNanoseconds == 0)
        #expect(counters.durations(pool: 0, method: .toolsList).sumNanoseconds > 0)
    }

    @Test(arguments: seeds)
    func `shares calls evenly`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed)
        let client = simulation.connectClient()
        for id in 1...300 { client.call("tools/call", id: id, name: "echo") }
        #expect(simulation.advance(until: { client.answers.count == 300 }, limit: .seconds(30)))
        #expect(simulation.backends.map(\.runs.count) == [100, 100, 100])
    }

    @Test(arguments: seeds)
    func `never sends a call again that may have run`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed)
        simulation.backends[0].behaviour = seed.isMultiple(of: 2) ? .resetAfterRunning : .resetMidAnswer
        let client = simulation.connectClient()
        for id in 1...6 { client.call("tools/call", id: id, name: "charge") }
        #expect(simulation.advance(until: { client.answers.count == 6 }, limit: .seconds(5)))
        let runs = simulation.backends.flatMap(\.runs)
        #expect(Set(runs).count == runs.count, "a call was run twice: \(runs)")
        let failed = client.answers.filter { $0.status == 502 }
        #expect(failed.count == 2)
        for answer in failed { #expect(answer.body.contains("-31502")) }
        for (index, answer) in client.answers.enumerated() { #expect(answer.body.contains("\"id\":\(index + 1)")) }
        expectAllGivenBack(simulation)
    }

    @Test(arguments: seeds)
    func `asks another backend when one refuses connections, whatever the call`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed)
        simulation.backends[1].behaviour = .refuse
        let client = simulation.connectClient()
        for id in 1...30 { client.call("tools/call", id: id, name: "charge") }
        #expect(simulation.advance(until: { client.answers.count == 30 }, limit: .seconds(5)))
        #expect(client.answers.allSatisfy { $0.status == 200 })
        #expect(simulation.plan.pools[0].backends[1].status.breakerWord.phase == .open)
        expectAllGivenBack(simulation)
    }

    @Test(arguments: seeds)
    func `makes an error of every answer that cannot be the answer`(seed: UInt64) throws {
        let behaviours: [ScriptedBackend.Behaviour] = [.wrongID, .garbage, .status(500), .resetMidAnswer]
        let simulation = try Simulation(seed: seed, backendCount: 1)
        simulation.backends[0].behaviour = behaviours[Int(seed) % behaviours.count]
        let client = simulation.connectClient()
        client.call("tools/call", id: 7, name: "echo")
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .seconds(5)))
        #expect(client.answers.first?.status == 502)
        #expect(client.answers.first?.body.contains("\"id\":7") == true)
        expectAllGivenBack(simulation)
    }

    @Test func `gives up on a backend that does not answer, after its time`() throws {
        let simulation = try Simulation(seed: 1, backendCount: 1)
        simulation.backends[0].behaviour = .stall
        let client = simulation.connectClient()
        client.call("tools/call", id: 1, name: "echo")
        #expect(simulation.advance(until: { !client.answers.isEmpty }, limit: .seconds(29)) == false)
        #expect(simulation.advance(until: { !client.answers.isEmpty }, limit: .seconds(2)))
        #expect(client.answers.first?.status == 504)
        expectAllGivenBack(simulation)
    }

    @Test(arguments: seeds)
    func `cancels the call of a modern client that leaves`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, backendCount: 1)
        simulation.backends[0].behaviour = .stall
        let client = simulation.connectClient()
        client.call("tools/call", id: 1, name: "echo")
        #expect(simulation.advance(until: { simulation.network.openCount == 1 }, limit: .seconds(1)))
        simulation.advance(by: .milliseconds(5))
        client.disconnect()
        #expect(simulation.advance(until: { simulation.network.openCount == 0 }, limit: .seconds(1)))
        #expect(simulation.snapshot.counters.calls(pool: 0, method: .toolsCall, status: .clientGone) == 1)
        expectAllGivenBack(simulation)
    }

    @Test(arguments: seeds)
    func `opens a breaker, probes with repeatable calls only, and closes it again`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, backendCount: 2)
        let sick = simulation.backends[0]
        let status = simulation.plan.pools[0].backends[0].status
        sick.behaviour = .status(500)
        let client = simulation.connectClient()
        for id in 1...20 { client.call("tools/call", id: id, name: "charge") }
        #expect(simulation.advance(until: { client.answers.count == 20 }, limit: .seconds(5)))
        #expect(status.breakerWord.phase == .open)
        // Five in a row open it; after that nothing went there.
        #expect(client.answers.filter { $0.status == 502 }.count == 5)

        sick.behaviour = .answer
        simulation.advance(by: .seconds(3))
        let runsBefore = sick.runs.count
        for id in 101...110 { client.call("tools/call", id: id, name: "charge") }
        #expect(simulation.advance(until: { client.answers.count == 30 }, limit: .seconds(5)))
        #expect(sick.runs.count == runsBefore, "a call that may not be repeated was used as a probe")
        for id in 201...212 { client.call("tools/list", id: id) }
        #expect(simulation.advance(until: { client.answers.count == 42 }, limit: .seconds(5)))
        #expect(status.breakerWord.phase == .closed)
        #expect(client.answers.suffix(22).allSatisfy { $0.status == 200 })
        expectAllGivenBack(simulation)
    }

    @Test(arguments: seeds)
    func `repairs the failure of a probe where no client sees it`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, backendCount: 2)
        let sick = simulation.backends[0]
        sick.behaviour = .status(500)
        let client = simulation.connectClient()
        for id in 1...20 { client.call("tools/call", id: id, name: "charge") }
        #expect(simulation.advance(until: { client.answers.count == 20 }, limit: .seconds(5)))
        let answered = client.answers.count
        // Still sick when the breaker lets a probe through, in one way or another.
        sick.behaviour = seed.isMultiple(of: 2) ? .status(500) : .resetMidAnswer
        simulation.advance(by: .seconds(3))
        for id in 101...110 { client.call("tools/list", id: id) }
        #expect(simulation.advance(until: { client.answers.count == answered + 10 }, limit: .seconds(5)))
        #expect(client.answers.suffix(10).allSatisfy { $0.status == 200 })
        #expect(simulation.plan.pools[0].backends[0].status.breakerWord.phase == .open)
        #expect(simulation.plan.pools[0].backends[1].status.breakerWord.phase == .closed)
        expectAllGivenBack(simulation)
    }

    @Test(arguments: seeds)
    func `finds a dead backend by its checks, and the same backend when it is back`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed)
        simulation.startMonitors()
        let statuses = simulation.plan.pools[0].backends.map(\.status)
        #expect(simulation.advance(until: { statuses.allSatisfy { $0.health == .up } }, limit: .seconds(3)))
        simulation.backends[2].behaviour = .refuse
        simulation.backends[2].resetAll()
        #expect(simulation.advance(until: { statuses[2].health == .down }, limit: .seconds(4)))
        #expect(statuses[0].health == .up && statuses[1].health == .up)
        simulation.backends[2].behaviour = .answer
        #expect(simulation.advance(until: { statuses[2].health == .up }, limit: .seconds(4)))
    }
}

/// No call is under way, and neither permits nor leased connections are left.
private func expectAllGivenBack(_ simulation: Simulation, sourceLocation: SourceLocation = #_sourceLocation) {
    let snapshot = simulation.snapshot
    #expect(snapshot.counters.inFlight == 0, sourceLocation: sourceLocation)
    for backend in snapshot.backends[0] { #expect(backend.inFlight == 0, sourceLocation: sourceLocation) }
}
