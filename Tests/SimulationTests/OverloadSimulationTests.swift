import GatewayTestKit
import NIOCore
import Resilience
import Testing

@testable import Gateway

/// More calls than there is room for.
@Suite struct `a simulated gateway with too much to do` {
    private static let seeds: [UInt64] = Array(1...20)

    private func settled(_ simulation: Simulation) -> Bool {
        let pool = simulation.plan.pools[0]
        return pool.admission.inFlight == 0 && pool.admission.waiting == 0
            && pool.backends.allSatisfy { $0.status.callCount == 0 }
    }

    @Test(arguments: seeds)
    func `lets calls wait for room, and gives no backend more than it may have`(seed: UInt64) throws {
        let simulation = try Simulation(
            seed: seed, backendCount: 2, shardCount: 2, pool: "    limits: { per_backend: 2 }\n")
        for backend in simulation.backends { backend.workTime = .milliseconds(20) }
        let clients = (0..<12).map { simulation.connectClient(toShard: $0 % 2) }
        for (id, client) in clients.enumerated() { client.call("tools/call", id: id, name: "charge") }
        var most = 0
        var waiting = 0
        let pool = simulation.plan.pools[0]
        let isDone = simulation.advance(
            until: {
                most = max(most, pool.backends.map(\.status.callCount).max() ?? 0)
                waiting = max(waiting, pool.admission.waiting)
                return clients.allSatisfy { $0.answers.count == 1 }
            }, limit: .milliseconds(400))
        #expect(isDone)
        #expect(clients.allSatisfy { $0.answers.first?.status == 200 })
        #expect(most == 2 && waiting > 0)
        simulation.advance(by: .milliseconds(50))
        #expect(settled(simulation))
        #expect(pool.admission.waits.count >= 8)
    }

    @Test(arguments: seeds)
    func `keeps to the limit of a pool`(seed: UInt64) throws {
        let simulation = try Simulation(
            seed: seed, backendCount: 2, shardCount: 2, pool: "    limits: { max_concurrency: 3 }\n")
        for backend in simulation.backends { backend.workTime = .milliseconds(10) }
        let clients = (0..<9).map { simulation.connectClient(toShard: $0 % 2) }
        for (id, client) in clients.enumerated() { client.call("tools/call", id: id, name: "charge") }
        var most = 0
        let pool = simulation.plan.pools[0]
        let isDone = simulation.advance(
            until: {
                most = max(most, pool.backends.map(\.status.callCount).reduce(0, +))
                return clients.allSatisfy { $0.answers.count == 1 }
            }, limit: .milliseconds(300))
        #expect(isDone && most == 3)
        #expect(clients.allSatisfy { $0.answers.first?.status == 200 })
    }

    @Test(arguments: seeds)
    func `a place that a call of a new generation leaves goes to one that waits since the last`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, backendCount: 1, pool: "    limits: { max_concurrency: 1 }\n")
        let backend = simulation.backends[0]
        backend.behaviour = .hold
        let clients = (0..<4).map { _ in simulation.connectClient() }
        let call = { (id: Int, identity: String) in
            clients[id].call("tools/call", id: id, name: "charge", fields: "Authorization: Bearer \(identity)\r\n")
            simulation.advance(by: .milliseconds(5))
        }
        call(0, "a")
        call(1, "b")
        call(2, "b")
        let admission = simulation.plan.pools[0].admission
        try simulation.reload([0], pool: "    limits: { max_concurrency: 1 }\n    retry: { attempts: 2 }\n")
        #expect(simulation.plan.pools[0].admission === admission)
        call(3, "c")
        #expect(admission.inFlight == 1 && admission.waiting == 3)
        // Identities take turns: the new call is between two that were there before.
        backend.release()
        let isDone = simulation.advance(
            until: { clients.allSatisfy { $0.answers.count == 1 } }, limit: .milliseconds(200))
        #expect(isDone && clients.allSatisfy { $0.answers.first?.status == 200 })
        #expect(backend.runs == ["0", "1", "3", "2"])
        #expect(settled(simulation))
    }

    @Test(arguments: seeds)
    func `calls that wait for backends that hang are in nobody's way at those that replace them`(seed: UInt64) throws {
        let limits = "    limits: { per_backend: 2, queue_timeout: 60s }\n"
        let simulation = try Simulation(seed: seed, backendCount: 2, pool: limits)
        simulation.backends[0].behaviour = .hold
        try simulation.reload([0], pool: limits)
        let old = (0..<4).map { _ in simulation.connectClient() }
        for (id, client) in old.enumerated() { client.call("tools/call", id: id, name: "charge") }
        simulation.advance(by: .milliseconds(10))
        #expect(simulation.plan.pools[0].admission.waiting == 2)
        try simulation.reload([1], pool: limits)
        let client = simulation.connectClient()
        client.call("tools/call", id: 9, name: "charge")
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .milliseconds(15)))
        #expect(client.answers.first?.status == 200)
    }

    @Test(arguments: seeds)
    func `refuses who has waited for as long as one may, and asks no backend for that`(seed: UInt64) throws {
        let simulation = try Simulation(
            seed: seed, backendCount: 1, pool: "    limits: { per_backend: 1, queue_timeout: 60ms }\n")
        simulation.backends[0].behaviour = .hold
        let (first, second) = (simulation.connectClient(), simulation.connectClient())
        first.call("tools/call", id: 1, name: "charge")
        simulation.advance(by: .milliseconds(20))
        second.call("tools/call", id: 2, name: "charge")
        simulation.advance(by: .milliseconds(50))
        #expect(second.answers.isEmpty)
        #expect(simulation.advance(until: { second.answers.count == 1 }, limit: .milliseconds(40)))
        #expect(second.answers[0].status == 503)
        #expect(second.answers[0].field("Retry-After") == "1")
        #expect(second.answers[0].body.contains("\"id\":2") && second.answers[0].body.contains("-31503"))
        #expect(simulation.backends[0].runs == ["1"])
        simulation.backends[0].release()
        #expect(simulation.advance(until: { first.answers.count == 1 }, limit: .milliseconds(50)))
        #expect(first.answers[0].status == 200)
        #expect(settled(simulation))
        let metrics = simulation.metrics()
        #expect(metrics.contains("mcp_gateway_shed_total{pool=\"tools\",reason=\"overloaded\"} 1\n"))
        #expect(metrics.contains("mcp_gateway_queue_seconds_count{pool=\"tools\"} 1\n"))
    }

    @Test(arguments: seeds)
    func `refuses at once when the queue is full, or when there is none`(seed: UInt64) throws {
        for length in [0, 2] {
            let simulation = try Simulation(
                seed: seed, backendCount: 1, pool: "    limits: { per_backend: 1, queue: \(length) }\n")
            simulation.backends[0].behaviour = .hold
            let clients = (0..<(3 + length)).map { _ in simulation.connectClient() }
            for (id, client) in clients.enumerated() {
                client.call("tools/call", id: id, name: "charge", fields: "X-API-Key: \(id)\r\n")
                simulation.advance(by: .milliseconds(3))
            }
            simulation.advance(by: .milliseconds(10))
            let refused = clients.enumerated().filter { !$1.answers.isEmpty }
            #expect(refused.map(\.offset) == [length + 1, length + 2])
            #expect(refused.allSatisfy { $0.element.answers[0].status == 503 })
            simulation.backends[0].behaviour = .answer
            simulation.backends[0].release()
            #expect(
                simulation.advance(until: { clients.allSatisfy { $0.answers.count == 1 } }, limit: .milliseconds(100)))
            #expect(clients.prefix(length + 1).allSatisfy { $0.answers[0].status == 200 })
            #expect(settled(simulation))
        }
    }

    @Test(arguments: seeds)
    func `identities take turns, whoever calls most`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, backendCount: 1, pool: "    limits: { per_backend: 1 }\n")
        simulation.backends[0].workTime = .milliseconds(4)
        let greedy = (0..<10).map { _ in simulation.connectClient() }
        for (id, client) in greedy.enumerated() {
            client.call("tools/call", id: id, name: "charge", fields: "Authorization: Bearer greedy\r\n")
        }
        simulation.advance(by: .milliseconds(3))
        let modest = simulation.connectClient()
        modest.call("tools/call", id: 99, name: "charge", fields: "Authorization: Bearer modest\r\n")
        #expect(simulation.advance(until: { modest.answers.count == 1 }, limit: .seconds(1)))
        #expect(modest.answers[0].status == 200)
        #expect(greedy.count { !$0.answers.isEmpty } <= 3)
        #expect(simulation.advance(until: { greedy.allSatisfy { $0.answers.count == 1 } }, limit: .seconds(1)))
    }

    @Test(arguments: seeds)
    func `an identity has no more calls in flight than its share`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, shardCount: 2, pool: "    limits: { per_identity: 2 }\n")
        for backend in simulation.backends { backend.behaviour = .hold }
        let clients = (0..<6).map { simulation.connectClient(toShard: $0 % 2) }
        let fields =
            ["Authorization: Bearer a\r\n", "Authorization: Bearer a\r\n", "Authorization: Bearer a\r\n"]
            + ["Authorization: Bearer b\r\n", "", ""]
        for (id, (client, field)) in zip(clients, fields).enumerated() {
            client.call("tools/call", id: id, name: "charge", fields: field)
            simulation.advance(by: .milliseconds(5))
        }
        #expect(clients.map(\.answers.count) == [0, 0, 1, 0, 0, 0])
        #expect(clients[2].answers[0].status == 503 && clients[2].answers[0].field("Retry-After") == "1")
        for backend in simulation.backends {
            backend.behaviour = .answer
            backend.release()
        }
        #expect(simulation.advance(until: { clients.allSatisfy { $0.answers.count == 1 } }, limit: .seconds(1)))
        clients[2].call("tools/call", id: 9, name: "charge", fields: "Authorization: Bearer a\r\n")
        #expect(simulation.advance(until: { clients[2].answers.count == 2 }, limit: .seconds(1)))
        #expect(clients[2].answers[1].status == 200)
        #expect(settled(simulation))
    }

    @Test(arguments: seeds)
    func `who leaves while it waits costs the others nothing`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let simulation = try Simulation(
            seed: seed, backendCount: 1, shardCount: 2, pool: "    limits: { per_backend: 1 }\n")
        simulation.backends[0].workTime = .milliseconds(5)
        let clients = (0..<10).map { simulation.connectClient(toShard: $0 % 2) }
        for (id, client) in clients.enumerated() { client.call("tools/call", id: id, name: "charge") }
        var left: Set<Int> = []
        for _ in 0..<4 {
            simulation.advance(by: .microseconds(Int64(random.next(below: 4_000))))
            let index = random.next(below: clients.count)
            guard clients[index].answers.isEmpty else { continue }
            left.insert(index)
            if random.next(below: 2) == 0 { clients[index].disconnect() } else { clients[index].reset() }
        }
        let others = clients.indices.filter { !left.contains($0) }
        #expect(
            simulation.advance(until: { others.allSatisfy { clients[$0].answers.count == 1 } }, limit: .seconds(1)))
        #expect(others.allSatisfy { clients[$0].answers[0].status == 200 })
        simulation.advance(by: .milliseconds(50))
        #expect(settled(simulation))
        #expect(simulation.snapshots.allSatisfy { $0.counters.inFlight == 0 })
    }

    @Test(arguments: seeds)
    func `a stream takes room until its head, and no longer`(seed: UInt64) throws {
        let simulation = try Simulation(seed: seed, backendCount: 1, pool: "    limits: { per_backend: 1, queue: 0 }\n")
        simulation.backends[0].behaviour = .openStream
        let (listener, caller) = (simulation.connectClient(), simulation.connectClient())
        listener.call("tools/call", id: 1, name: "charge")
        simulation.advance(by: .milliseconds(20))
        #expect(simulation.snapshot.backends[0][0].inFlight == 1)
        #expect(settled(simulation))
        simulation.backends[0].behaviour = .answer
        caller.call("tools/call", id: 2, name: "charge")
        #expect(simulation.advance(until: { caller.answers.count == 1 }, limit: .milliseconds(50)))
        #expect(caller.answers[0].status == 200)
        simulation.backends[0].release()
        #expect(
            simulation.advance(
                until: { simulation.snapshot.backends[0][0].inFlight == 0 }, limit: .milliseconds(50)))
        #expect(settled(simulation))
    }

    @Test(arguments: seeds)
    func `a limit that fits itself shrinks when all backends are slower than usual, and only then`(seed: UInt64) throws
    {
        let simulation = try Simulation(seed: seed, backendCount: 2, pool: "    limits: { per_backend: 16 }\n")
        let admission = simulation.plan.pools[0].admission
        let all = (0..<40).map { _ in simulation.connectClient() }
        var id = 0
        func load(_ name: String, by clients: ArraySlice<SimulatedClient>, for seconds: Int64) {
            let end = simulation.loop.now + .seconds(seconds)
            while simulation.loop.now < end {
                for client in clients {
                    client.call("tools/call", id: id, name: name)
                    id += 1
                }
                simulation.advance(by: .milliseconds(40))
            }
        }
        for backend in simulation.backends { backend.workTime = .milliseconds(2) }
        load("short", by: all[..<24], for: 3)
        #expect(admission.limit >= 32)
        // Another tool that takes longer is no overload.
        for backend in simulation.backends { backend.workTime = .milliseconds(30) }
        load("long", by: all[..<24], for: 3)
        #expect(admission.limit >= 32)
        // One backend that is slow is no overload of the pool.
        for backend in simulation.backends { backend.workTime = .milliseconds(2) }
        simulation.backends[0].workTime = .milliseconds(25)
        load("short", by: all[..<24], for: 3)
        #expect(admission.limit >= 32)
        simulation.backends[1].workTime = .milliseconds(25)
        load("short", by: all[...], for: 3)
        #expect(admission.limit < 24)
    }
}
