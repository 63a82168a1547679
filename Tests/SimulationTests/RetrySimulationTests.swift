import Gateway
import GatewayTestKit
import NIOCore
import Resilience
import Testing

/// Seeds that every simulated test runs with; one that ever failed stays in the list.
private let seeds: [UInt64] = Array(1...40)

@Suite struct `a simulated gateway that tries again` {
    private static let faults: [ScriptedBackend.Behaviour] = [
        .resetAfterRunning, .resetMidAnswer, .status(500), .status(502), .status(503), .status(504), .wrongID, .garbage,
    ]

    private func counter(_ simulation: Simulation, _ name: String) -> String? {
        simulation.metrics().split(separator: "\n").first { $0.hasPrefix(name) }
            .map { String($0.split(separator: " ").last ?? "") }
    }

    @Test(arguments: seeds)
    func `no client sees the failure of one backend in a call that may be repeated`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed)
        let bad = simulation.backends[Int(seed % 3)]
        bad.behaviour = Self.faults[Int(seed) % Self.faults.count]
        let client = simulation.connectClient()
        for id in 1...12 { client.call("tools/list", id: id) }
        #expect(simulation.advance(until: { client.answers.count == 12 }, limit: .seconds(10)))
        #expect(client.answers.allSatisfy { $0.status == 200 })
        for (index, answer) in client.answers.enumerated() { #expect(answer.body.contains("\"id\":\(index + 1),")) }
        // One attempt is made again for each that failed, on somebody else.
        let failed = bad.runs.count
        #expect(failed > 0)
        #expect(simulation.backends.map(\.runs.count).reduce(0, +) == 12 + failed)
    }

    @Test(arguments: seeds)
    func `a tool runs again only where the configuration says that it may`(seed: UInt64) throws {
        let tools = "    tools: { echo: { repeatable: true }, kept: { cache: { ttl: 1s } } }\n"
        let simulation = try Simulation(seed: seed, backendCount: 2, pool: tools)
        simulation.backends[Int(seed % 2)].behaviour = Self.faults[Int(seed) % Self.faults.count]
        let client = simulation.connectClient()
        let names = ["echo", "charge", "kept", "echo", "charge"]
        for (id, name) in names.enumerated() { client.call("tools/call", id: id, name: name) }
        #expect(simulation.advance(until: { client.answers.count == names.count }, limit: .seconds(10)))
        for (name, answer) in zip(names, client.answers) where name != "charge" { #expect(answer.status == 200) }
        for (id, name) in names.enumerated() where name == "charge" {
            #expect(simulation.backends.flatMap(\.runs).count { $0 == "\(id)" } == 1)
        }
        #expect(client.answers.contains { $0.status == 502 })
    }

    @Test(arguments: seeds)
    func `a backend that hangs costs a repeatable call its time, and no more`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, pool: "    timeout: { first_byte: 200ms }\n")
        simulation.backends[0].behaviour = .stall
        let client = simulation.connectClient()
        for id in 1...3 { client.call("prompts/list", id: id) }
        #expect(simulation.advance(until: { client.answers.count == 3 }, limit: .milliseconds(400)))
        #expect(client.answers.allSatisfy { $0.status == 200 })
    }

    @Test(arguments: seeds)
    func `the only backend is asked again, after a while`(seed: UInt64) throws {
        let simulation = try Simulation(
            seed: seed, backendCount: 1, pool: "    retry: { attempts: 10, backoff: 500ms }\n")
        simulation.backends[0].behaviour = .refuse
        let client = simulation.connectClient()
        client.call("tools/call", id: 1, name: "charge")
        simulation.advance(by: .milliseconds(2))
        simulation.backends[0].behaviour = .answer
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .seconds(2)))
        #expect(client.answers[0].status == 200)
        #expect(simulation.backends[0].runs == ["1"])
    }

    @Test(arguments: seeds)
    func `attempts are bounded, and the client learns what went wrong last`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, backendCount: 5)
        for backend in simulation.backends { backend.behaviour = .status(500) }
        let client = simulation.connectClient()
        client.call("tools/list", id: 1)
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .seconds(5)))
        #expect(client.answers[0].status == 502 && client.answers[0].body.contains("-31502"))
        let asked = simulation.backends.map(\.runs.count)
        #expect(asked.reduce(0, +) == 3 && asked.allSatisfy { $0 <= 1 }, "each time another one: \(asked)")
    }

    @Test func `one attempt means one`() throws {
        let simulation = try Simulation(seed: 1, pool: "    retry: { attempts: 1 }\n")
        for backend in simulation.backends { backend.behaviour = .refuse }
        let client = simulation.connectClient()
        client.call("tools/list", id: 1)
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .milliseconds(100)))
        #expect(client.answers[0].status == 503)
        #expect(counter(simulation, "mcp_gateway_retries_total{reason=\"connect\"}") == "0")
    }

    @Test(arguments: seeds)
    func `who asks to be left alone for a short while is asked after it, who wants longer is passed on`(
        seed: UInt64
    ) throws {
        let pool = "    retry: { attempts: 3, max_backoff: 3s }\n"
        let simulation = try Simulation(seed: seed, backendCount: 1, pool: pool)
        simulation.backends[0].behaviour = .refusing(retryAfterSeconds: 2)
        let client = simulation.connectClient()
        client.call("tools/call", id: 1, name: "charge")
        #expect(simulation.advance(until: { simulation.backends[0].runs.count == 1 }, limit: .seconds(1)))
        simulation.backends[0].behaviour = .answer
        #expect(!simulation.advance(until: { client.answers.count == 1 }, limit: .milliseconds(1_900)))
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .milliseconds(300)))
        #expect(client.answers[0].status == 200)

        simulation.backends[0].behaviour = .refusing(retryAfterSeconds: 7)
        client.call("tools/call", id: 2, name: "charge")
        #expect(simulation.advance(until: { client.answers.count == 2 }, limit: .milliseconds(100)))
        #expect(client.answers[1].status == 503)
        #expect(client.answers[1].head.contains("Retry-After: 7\r\n"))
    }

    @Test(arguments: seeds)
    func `no attempt begins when the call's time is over, or its client gone`(seed: UInt64) throws {
        let pool = "    timeout: { first_byte: 200ms, request: 300ms }\n    retry: { attempts: 10, backoff: 1s }\n"
        let simulation = try Simulation(seed: seed, backendCount: 2, pool: pool)
        for backend in simulation.backends { backend.behaviour = .status(500) }
        let (client, leaver) = (simulation.connectClient(), simulation.connectClient())
        client.call("tools/list", id: 1)
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .milliseconds(310)))
        #expect(client.answers[0].status == 502)
        leaver.call("tools/list", id: 2)
        let before = simulation.backends.map(\.runs.count).reduce(0, +)
        #expect(
            simulation.advance(
                until: { simulation.backends.map(\.runs.count).reduce(0, +) > before }, limit: .seconds(1)))
        leaver.disconnect()
        simulation.advance(by: .milliseconds(5))
        let after = simulation.backends.map(\.runs.count).reduce(0, +)
        simulation.advance(by: .seconds(2))
        #expect(simulation.backends.map(\.runs.count).reduce(0, +) == after)
        #expect(simulation.snapshot.counters.inFlight == 0)
    }

    @Test(arguments: seeds.prefix(4))
    func `attempts stay within the budget when all backends fail half of the time`(seed: UInt64) throws {
        let pool = "    circuit_breaker: { failure_rate: 100%, consecutive_failures: 1000 }\n"
        let simulation = try Simulation(seed: seed, pool: pool)
        for backend in simulation.backends { backend.failureShare = 50 }
        let clients = (0..<50).map { _ in simulation.connectClient() }
        var sent = 0
        for round in 0..<480 {
            for (index, client) in clients.enumerated() where index % 5 == round % 5 {
                client.call("tools/list", id: sent)
                sent += 1
            }
            simulation.advance(by: .milliseconds(25))
        }
        #expect(
            simulation.advance(until: { clients.map(\.answers.count).reduce(0, +) == sent }, limit: .seconds(10)))
        let attempts = simulation.backends.map(\.runs.count).reduce(0, +)
        // 400 calls a second for twelve seconds.
        #expect(attempts * 100 <= sent * 125, "\(attempts) attempts of \(sent) calls")
        #expect(attempts > sent, "something was tried again")
        #expect(Int(counter(simulation, "mcp_gateway_retry_budget_exhausted_total") ?? "") ?? 0 > 0)
    }
}

@Suite struct `a simulated gateway that hedges` {
    private let hedge = "    hedge: { delay: 60ms }\n"

    private func counter(_ simulation: Simulation, _ result: String) -> Int {
        let name = "mcp_gateway_hedges_total{result=\"\(result)\"}"
        return simulation.metrics().split(separator: "\n").first { $0.hasPrefix(name) }
            .flatMap { Int($0.split(separator: " ").last ?? "") } ?? -1
    }

    /// A client's call is answered once, whoever of the two is first; nothing is left behind.
    private func expectSettled(_ simulation: Simulation) {
        let snapshot = simulation.snapshot
        #expect(snapshot.counters.inFlight == 0)
        #expect(snapshot.backends[0].allSatisfy { $0.inFlight == 0 })
        #expect(snapshot.counters.bugs == 0)
    }

    @Test(arguments: seeds)
    func `a slow backend costs the delay and the time of another one`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, pool: hedge)
        simulation.backends[0].workTime = .seconds(2)
        let client = simulation.connectClient()
        for id in 1...9 { client.call("tools/list", id: id) }
        #expect(simulation.advance(until: { client.answers.count == 9 }, limit: .milliseconds(900)))
        #expect(client.answers.allSatisfy { $0.status == 200 })
        for (index, answer) in client.answers.enumerated() { #expect(answer.body.contains("\"id\":\(index + 1),")) }
        #expect(counter(simulation, "won") == 3)
        simulation.advance(by: .seconds(3))
        expectSettled(simulation)
    }

    @Test(arguments: seeds)
    func `what may not run twice has one attempt`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, pool: hedge)
        for backend in simulation.backends { backend.workTime = .milliseconds(300) }
        let client = simulation.connectClient()
        client.call("tools/call", id: 1, name: "charge")
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .seconds(1)))
        #expect(simulation.backends.flatMap(\.runs) == ["1"])
        #expect(counter(simulation, "won") == 0 && counter(simulation, "lost") == 0)
    }

    @Test(arguments: seeds)
    func `the first answer is used, whatever happens to the other attempt`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, pool: hedge)
        let faults: [ScriptedBackend.Behaviour] = [
            .stall, .refuse, .blackHole, .garbage, .status(500), .resetAfterRunning, .refusing(retryAfterSeconds: 1),
        ]
        // One is slow, one is broken, one is well; which of them is asked first differs.
        for (index, backend) in simulation.backends.enumerated() {
            switch (index + Int(seed)) % 3 {
            case 0: backend.workTime = .milliseconds(Int64(simulation.network.chance(50...120)))
            case 1: backend.behaviour = faults[Int(seed) % faults.count]
            default: break
            }
        }
        let clients = (0..<4).map { _ in simulation.connectClient() }
        for id in 1...10 { for client in clients { client.call("prompts/list", id: id) } }
        #expect(simulation.advance(until: { clients.allSatisfy { $0.answers.count == 10 } }, limit: .seconds(20)))
        for client in clients {
            #expect(client.answers.allSatisfy { $0.status == 200 })
            for (index, answer) in client.answers.enumerated() { #expect(answer.body.contains("\"id\":\(index + 1),")) }
        }
        simulation.advance(by: .seconds(2))
        expectSettled(simulation)
    }

    @Test(arguments: seeds)
    func `a second attempt is the retry of a first one that fails`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, backendCount: 2, pool: hedge)
        for backend in simulation.backends { backend.behaviour = .hold }
        let client = simulation.connectClient()
        client.call("tools/list", id: 1)
        #expect(
            simulation.advance(until: { simulation.backends.allSatisfy { $0.runs.count == 1 } }, limit: .seconds(1)))
        let first = simulation.backends[Int(seed % 2)]
        first.resetAll()
        simulation.advance(by: .milliseconds(20))
        #expect(client.answers.isEmpty)
        for backend in simulation.backends { backend.release() }
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .seconds(1)))
        #expect(client.answers[0].status == 200)
        #expect(simulation.backends.map(\.runs.count) == [1, 1])
        expectSettled(simulation)
    }

    @Test(arguments: seeds)
    func `both end with their client`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, backendCount: 2, pool: hedge)
        for backend in simulation.backends { backend.behaviour = .stall }
        let client = simulation.connectClient()
        client.call("tools/list", id: 1)
        #expect(simulation.advance(until: { simulation.network.openCount == 2 }, limit: .seconds(1)))
        simulation.advance(by: .milliseconds(5))
        client.disconnect()
        #expect(simulation.advance(until: { simulation.network.openCount == 0 }, limit: .seconds(1)))
        expectSettled(simulation)
    }

    @Test func `the delay follows the pool's own latency`() throws {
        let simulation = try Simulation(seed: 3, pool: "    hedge: { delay: p95, min_delay: 1ms }\n")
        for backend in simulation.backends { backend.workTime = .milliseconds(100) }
        let client = simulation.connectClient()
        for id in 1...70 { client.call("tools/list", id: id) }
        #expect(simulation.advance(until: { client.answers.count == 70 }, limit: .seconds(20)))
        #expect(counter(simulation, "won") + counter(simulation, "lost") == 0)
        // Slower than ever before.
        simulation.backends[0].workTime = .seconds(1)
        for id in 71...76 { client.call("tools/list", id: id) }
        #expect(simulation.advance(until: { client.answers.count == 76 }, limit: .milliseconds(1_200)))
        #expect(counter(simulation, "won") > 0)
    }
}
