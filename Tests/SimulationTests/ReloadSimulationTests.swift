import GatewayTestKit
import NIOCore
import Resilience
import Testing

@testable import Gateway

/// Configurations that come and go while calls are under way.
@Suite struct `a simulated gateway that is configured anew` {
    private static let seeds: [UInt64] = Array(1...40)

    @Test(arguments: seeds)
    func `answers each call once, by backends that are there when it begins`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let count = 4
        let simulation = try Simulation(
            seed: seed, backendCount: count, shardCount: 2, pool: "    retry: { attempts: 3 }\n")
        // What the calls may reach: each the backends of the generation in which it begins.
        var present = Set(0..<count)
        var allowed: [Int: Set<Int>] = [:]
        var runs: [Int: Int] = [:]
        var strays: [String] = []
        for (index, backend) in simulation.backends.enumerated() {
            backend.workTime = .milliseconds(Int64(random.next(below: 30)))
            backend.onCall = { id in
                guard let number = Int(id) else { return strays.append(id) }
                runs[number, default: 0] += 1
                if allowed[number]?.contains(index) != true { strays.append("\(id) at \(index)") }
            }
        }
        simulation.startMonitors()
        let clients = (0..<8).map { simulation.connectClient(toShard: $0 % 2) }
        var asked = [[Int]](repeating: [], count: clients.count)
        var number = 0
        var counted = 0
        for _ in 0..<200 {
            if random.next(below: 5) == 0 {
                present = Set((0..<count).filter { _ in random.next(below: 3) > 0 })
                if present.isEmpty { present = [random.next(below: count)] }
                try simulation.reload(
                    present.sorted(),
                    pool: "    retry: { attempts: \(1 + random.next(below: 3)) }\n"
                        + "    balance: \(["round_robin", "peak_ewma", "least_request"][random.next(below: 3)])\n")
                // A call that is on its way to the gateway begins when it arrives.
                for number in allowed.keys { allowed[number]?.formUnion(present) }
            }
            let client = random.next(below: clients.count)
            asked[client].append(number)
            allowed[number] = present
            clients[client].call("tools/call", id: number, name: "echo")
            number += 1
            simulation.advance(by: .microseconds(Int64(random.next(below: 20_000))))
            let attempts = simulation.snapshots.reduce(0) { sum, snapshot in
                sum + snapshot.counters.calls(pool: 0, method: .toolsCall, status: .ok)
            }
            #expect(attempts >= counted, "no counter falls")
            counted = attempts
            let answered = zip(clients, asked).flatMap { $1.prefix($0.answers.count) }
            for number in answered { allowed[number] = nil }
        }
        let isDone = simulation.advance(
            until: { zip(clients, asked).allSatisfy { $0.answers.count == $1.count } }, limit: .seconds(10))
        #expect(isDone)
        #expect(strays == [])
        for (client, asked) in zip(clients, asked) {
            for (id, answer) in zip(asked, client.answers) {
                #expect(answer.status == 200)
                #expect(answer.body.hasPrefix("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\""))
            }
        }
        #expect(runs.count == number && runs.values.allSatisfy { $0 == 1 })
        for client in clients { client.disconnect() }
        simulation.advance(by: .seconds(30))
        for snapshot in simulation.snapshots {
            #expect(
                snapshot.counters.inFlight == 0 && snapshot.counters.connections == 0 && snapshot.counters.bugs == 0)
            #expect(snapshot.backends.joined().allSatisfy { $0.inFlight == 0 && $0.idleConnections == 0 })
        }
        let ok = simulation.snapshots.reduce(0) {
            $0 + $1.counters.calls(pool: 0, method: .toolsCall, status: .ok)
        }
        #expect(ok == number)
        for room in simulation.rooms { #expect(room.value.housekeeper.retiredShards.isEmpty) }
    }

    @Test func `a backend that is down stays down`() throws {
        let simulation = try Simulation(seed: 1, backendCount: 2)
        simulation.startMonitors()
        simulation.backends[0].behaviour = .refuse
        simulation.advance(by: .seconds(4))
        let status = simulation.plan.pools[0].backends[0].status
        #expect(status.health == .down)
        try simulation.reload([0, 1], backendSettings: ["weight: 3"])
        #expect(simulation.plan.pools[0].backends[0].status === status)
        // One check that passes is not enough for somebody who is known to be down.
        simulation.backends[0].behaviour = .answer
        simulation.advance(by: .milliseconds(500))
        #expect(status.health == .down)
        simulation.advance(by: .seconds(3))
        #expect(status.health == .up)
    }

    @Test func `a long call holds up its own generation, and none that came after`() throws {
        let simulation = try Simulation(
            seed: 5, backendCount: 2, pool: "    timeout: { first_byte: 60s, request: 60s }\n")
        let (slow, client) = (simulation.connectClient(), simulation.connectClient())
        for backend in simulation.backends { backend.behaviour = .hold }
        slow.call("tools/call", id: 1, name: "echo")
        simulation.advance(by: .milliseconds(50))
        let holder = try #require(simulation.backends.first { !$0.runs.isEmpty })
        for backend in simulation.backends where backend !== holder { backend.behaviour = .answer }
        let other = simulation.backends[0] === holder ? 1 : 0
        // Its pool goes over to the second generation and not to the third.
        try simulation.reload(
            [0, 1], pool: "    timeout: { first_byte: 60s, request: 60s }\n", settings: "limits: { max_body: 1KiB }\n")
        for _ in 0..<5 {
            try simulation.reload([other])
            simulation.advance(by: .milliseconds(1_100))
            client.call("tools/call", id: 2, name: "echo")
            simulation.advance(by: .milliseconds(50))
            try simulation.reload([other], settings: "limits: { max_body: 2KiB }\n")
            simulation.advance(by: .milliseconds(1_100))
        }
        let housekeeper = simulation.rooms[0].value.housekeeper
        simulation.advance(by: .seconds(2))
        #expect(housekeeper.retiredShards.count == 1)
        #expect(client.answers.count == 5)
        holder.release()
        simulation.advance(by: .milliseconds(500))
        #expect(slow.answers.map(\.status) == [200])
        simulation.advance(by: .seconds(3))
        #expect(housekeeper.retiredShards.isEmpty)
        #expect(simulation.snapshot.counters.calls(pool: 0, method: .toolsCall, status: .ok) == 6)
        #expect(simulation.snapshot.counters.inFlight == 0)
        try simulation.reload([0, 1])
        #expect(simulation.snapshot.backends[0].map { $0.attempts.reduce(0, +) }.reduce(0, +) == 6)
    }

    @Test func `connections to a backend that has left are closed, those to others are used on`() throws {
        let simulation = try Simulation(seed: 3, backendCount: 2)
        let client = simulation.connectClient()
        for id in 0..<4 {
            client.call("tools/call", id: id, name: "echo")
            simulation.advance(by: .milliseconds(50))
        }
        #expect(simulation.snapshot.backends[0].map(\.idleConnections) == [1, 1])
        try simulation.reload([1])
        simulation.advance(by: .milliseconds(10))
        #expect(simulation.snapshot.backends[0].count == 1)
        let room = simulation.rooms[0].value
        simulation.advance(by: .seconds(2))
        #expect(room.housekeeper.retiredShards.isEmpty)
        client.call("tools/call", id: 9, name: "echo")
        simulation.advance(by: .milliseconds(50))
        #expect(client.answers.last?.status == 200)
        // What the backend that has left had counted is there again with it.
        try simulation.reload([0, 1])
        #expect(simulation.snapshot.backends[0].map { $0.attempts.reduce(0, +) } == [2, 3])
    }
}
