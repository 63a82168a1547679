import Gateway
import GatewayTestKit
import NIOCore
import Resilience
import Testing

private let policies = ["round_robin", "least_request", "peak_ewma", "consistent_hash", "random"]

@Suite struct `a simulated gateway that shares calls out` {
    private func simulation(
        _ policy: String, seed: UInt64, backendCount: Int = 3, backends: [String] = [], pool: String = "",
        settings: String = ""
    ) throws -> Simulation {
        try Simulation(
            seed: seed, backendCount: backendCount, pool: "    balance: \(policy)\n" + pool, settings: settings,
            backendSettings: backends)
    }

    /// Offers `count` calls, one each `interval`, over `clients`, each of which has a token of its own.
    private func offer(
        _ simulation: Simulation, _ clients: [SimulatedClient], count: Int, every interval: TimeAmount
    ) {
        let before = clients.map(\.answers.count).reduce(0, +)
        for number in 0..<count {
            let client = number % clients.count
            clients[client].call(
                "tools/call", id: number, name: "echo", fields: "Authorization: Bearer token-\(client)\r\n")
            simulation.advance(by: interval)
        }
        let isDone = simulation.advance(
            until: { clients.map(\.answers.count).reduce(0, +) == before + count }, limit: .seconds(30))
        #expect(isDone)
    }

    /// The process of a backend ends, and its connections.
    private func end(_ index: Int, of simulation: Simulation) {
        simulation.backends[index].behaviour = .refuse
        simulation.backends[index].resetAll()
        simulation.advance(by: .milliseconds(5))
    }

    private func runs(_ simulation: Simulation) -> [Int] { simulation.backends.map(\.runs.count) }

    @Test(arguments: policies, [1] as [UInt64])
    func `by weights, whatever the policy`(policy: String, seed: UInt64) throws {
        let simulation = try simulation(
            policy, seed: seed, backends: ["weight: 3", "weight: 2", "weight: 1"])
        let clients = (0..<300).map { _ in simulation.connectClient() }
        offer(simulation, clients, count: 3_000, every: .milliseconds(2))
        let runs = runs(simulation)
        for (count, expected) in zip(runs, [1_500, 1_000, 500]) {
            // With hashes it is the 300 callers that are shared out.
            let tolerance = policy == "consistent_hash" ? 0.35 : 0.15
            #expect(abs(Double(count) - Double(expected)) <= Double(expected) * tolerance, "\(policy): \(runs)")
        }
        #expect(clients.allSatisfy { $0.answers.allSatisfy { $0.status == 200 } })
        for backend in simulation.snapshot.backends[0] { #expect(backend.inFlight == 0) }
    }

    @Test(arguments: policies, [1] as [UInt64])
    func `away from one that is slow, where the policy looks`(policy: String, seed: UInt64) throws {
        let simulation = try simulation(policy, seed: seed)
        simulation.backends[1].workTime = .milliseconds(400)
        let clients = (0..<150).map { _ in simulation.connectClient() }
        offer(simulation, clients, count: 1_500, every: .milliseconds(5))
        let slow = runs(simulation)[1]
        switch policy {
        case "round_robin": #expect(slow == 500)
        case "random": #expect((400...600).contains(slow), "\(slow)")
        // One or two at a time for seven and a half seconds.
        case "least_request": #expect(slow <= 60, "\(slow)")
        // A few until the first of them is back.
        case "peak_ewma": #expect(slow <= 15, "\(slow)")
        // Keeps its callers, up to the bound.
        default: #expect(slow < 500, "\(slow)")
        }
        #expect(clients.allSatisfy { $0.answers.allSatisfy { $0.status == 200 } })
    }

    @Test(arguments: policies, [1, 2] as [UInt64])
    func `around an open breaker`(policy: String, seed: UInt64) throws {
        let simulation = try simulation(policy, seed: seed, pool: "    circuit_breaker: { open_duration: 1m }\n")
        simulation.backends[1].behaviour = .refuse
        let clients = (0..<60).map { _ in simulation.connectClient() }
        offer(simulation, clients, count: 600, every: .milliseconds(5))
        let runs = runs(simulation)
        #expect(runs[1] == 0 && runs[0] + runs[2] == 600)
        #expect(runs[0] > 100 && runs[2] > 100, "\(policy): \(runs)")
        #expect(clients.allSatisfy { $0.answers.allSatisfy { $0.status == 200 } })
        let attempts = simulation.snapshot.backends[0][1].attempts
        #expect(attempts[Int(AttemptOutcome.connectFailed.rawValue)] <= 6, "\(attempts)")
        for backend in simulation.snapshot.backends[0] { #expect(backend.inFlight == 0) }
    }

    @Test(arguments: policies, [1, 2] as [UInt64])
    func `to backups only when nothing else is left`(policy: String, seed: UInt64) throws {
        let simulation = try simulation(policy, seed: seed, backends: ["backup: true", "", "weight: 2"])
        let clients = (0..<40).map { _ in simulation.connectClient() }
        offer(simulation, clients, count: 200, every: .milliseconds(5))
        #expect(runs(simulation)[0] == 0)
        end(1, of: simulation)
        end(2, of: simulation)
        offer(simulation, clients, count: 200, every: .milliseconds(5))
        #expect(runs(simulation)[0] == 200)
        #expect(clients.allSatisfy { $0.answers.allSatisfy { $0.status == 200 } })
    }

    @Test(arguments: policies, [1, 2] as [UInt64])
    func `within its zone, until half of it is gone`(policy: String, seed: UInt64) throws {
        let zones = ["zone: a", "zone: b", "zone: a", "zone: b", "zone: a"]
        let simulation = try simulation(
            policy, seed: seed, backendCount: 5, backends: zones,
            pool: "    circuit_breaker: { open_duration: 1m }\n", settings: "zone: a\n")
        let clients = (0..<60).map { _ in simulation.connectClient() }
        func share(_ count: Int) -> [Int] {
            let before = runs(simulation)
            offer(simulation, clients, count: count, every: .milliseconds(5))
            return zip(runs(simulation), before).map { $0 - $1 }
        }
        let all = share(300)
        #expect(all[1] == 0 && all[3] == 0 && all.reduce(0, +) == 300)
        end(0, of: simulation)
        simulation.plan.pools[0].backends[0].status.health = .down
        let two = share(300)
        #expect(two[1] == 0 && two[3] == 0 && two[2] + two[4] == 300, "\(policy): \(two)")
        end(2, of: simulation)
        simulation.plan.pools[0].backends[2].status.health = .down
        let one = share(300)
        #expect(one[0] == 0 && one[2] == 0 && one.reduce(0, +) == 300)
        for index in [1, 3, 4] { #expect((30...200).contains(one[index]), "\(policy): \(one)") }
        #expect(clients.allSatisfy { $0.answers.allSatisfy { $0.status == 200 } })
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `one that fails fast draws no calls to it`(seed: UInt64) throws {
        // Not the breaker's doing: it would need a thousand failures.
        let breaker = "    circuit_breaker: { consecutive_failures: 1000, minimum_requests: 100000 }\n"
        func failures(_ policy: String) throws -> Int {
            let simulation = try simulation(policy, seed: seed, pool: breaker)
            simulation.backends[0].behaviour = .status(500)
            for backend in simulation.backends.dropFirst() { backend.workTime = .milliseconds(50) }
            let clients = (0..<100).map { _ in simulation.connectClient() }
            offer(simulation, clients, count: 1_000, every: .milliseconds(5))
            return clients.flatMap(\.answers).count { $0.status != 200 }
        }
        #expect(try failures("least_request") > 500)
        #expect(try failures("peak_ewma") <= 3)
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `one that has recovered is used again before its failures fade`(seed: UInt64) throws {
        let simulation = try simulation("peak_ewma", seed: seed)
        simulation.startMonitors()
        let clients = (0..<40).map { _ in simulation.connectClient() }
        simulation.backends[2].behaviour = .refuse
        offer(simulation, clients, count: 600, every: .milliseconds(5))
        #expect(runs(simulation)[2] == 0)
        simulation.backends[2].behaviour = .answer
        // Checks, half open without a call for two seconds, closed.
        offer(simulation, clients, count: 1_600, every: .milliseconds(5))
        let before = runs(simulation)
        offer(simulation, clients, count: 600, every: .milliseconds(5))
        let back = runs(simulation)[2] - before[2]
        #expect(back > 100, "\(back)")
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `the same caller to the same backend, by credential or else by address`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, shardCount: 2, pool: "    balance: consistent_hash\n")
        /// Which backend has run the call of this caller, who connects anew to some shard.
        func home(_ caller: Int, token: Bool, shard: Int) -> Int? {
            let before = runs(simulation)
            let client = simulation.connectClient(from: "10.0.0.\(token ? shard + 1 : caller + 1)", toShard: shard)
            client.call(
                "tools/call", id: 1, name: "echo", fields: token ? "Authorization: Bearer t\(caller)\r\n" : "")
            #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .seconds(1)))
            client.disconnect()
            let after = runs(simulation)
            return after.indices.first { after[$0] != before[$0] }
        }
        for token in [true, false] {
            let homes = (0..<30).map { home($0, token: token, shard: 0) }
            #expect(Set(homes) == [0, 1, 2])
            #expect((0..<30).map { home($0, token: token, shard: 1) } == homes)
            // When one is gone, its callers move and no others.
            simulation.plan.pools[0].backends[1].status.health = .down
            let moved = (0..<30).map { home($0, token: token, shard: 0) }
            for (before, after) in zip(homes, moved) {
                #expect(before == 1 ? after != 1 : after == before)
            }
            simulation.plan.pools[0].backends[1].status.health = .up
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `no more than the bound to the home of a busy caller`(seed: UInt64) throws {
        let simulation = try simulation("consistent_hash", seed: seed)
        for backend in simulation.backends { backend.behaviour = .hold }
        let clients = (0..<48).map { _ in simulation.connectClient() }
        for (index, client) in clients.enumerated() {
            client.call("tools/call", id: index, name: "echo", fields: "Authorization: Bearer same\r\n")
        }
        #expect(simulation.advance(until: { runs(simulation).reduce(0, +) == 48 }, limit: .seconds(2)))
        // 1.25 × 48 / 3 = 20.
        let counts = runs(simulation)
        #expect(counts.max() == 20, "\(counts)")
        for backend in simulation.backends { backend.release() }
        #expect(simulation.advance(until: { clients.allSatisfy { $0.answers.count == 1 } }, limit: .seconds(2)))
    }
}
