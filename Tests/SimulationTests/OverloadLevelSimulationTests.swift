import GatewayTestKit
import NIOCore
import Resilience
import Testing

@testable import Gateway

/// A process that is near what it cannot go beyond.
@Suite struct `a simulated gateway near its limits` {
    private static let seeds: [UInt64] = Array(1...10)

    private func simulation(_ seed: UInt64) throws -> Simulation {
        try Simulation(seed: seed, backendCount: 2, settings: "trusted_proxies: []\n")
    }

    private func set(_ level: OverloadLevel, _ simulation: Simulation) {
        for room in simulation.rooms { room.value.setOverload(level) }
    }

    @Test(arguments: seeds)
    func `when critical, refuses new work of those who have their share, and nobody else`(seed: UInt64) throws {
        let simulation = try simulation(seed)
        for backend in simulation.backends { backend.behaviour = .hold }
        let greedy = (0..<6).map { _ in simulation.connectClient() }
        for (id, client) in greedy.enumerated() {
            client.call("tools/call", id: id, name: "charge", fields: "Authorization: Bearer greedy\r\n")
        }
        simulation.advance(by: .milliseconds(30))
        set(.critical, simulation)
        for backend in simulation.backends { backend.behaviour = .answer }
        let (more, list, other) = (
            simulation.connectClient(), simulation.connectClient(), simulation.connectClient()
        )
        more.call("tools/call", id: 10, name: "charge", fields: "Authorization: Bearer greedy\r\n")
        list.call("tools/list", id: 11, fields: "Authorization: Bearer greedy\r\n")
        other.call("tools/call", id: 12, name: "charge", fields: "Authorization: Bearer modest\r\n")
        let isDone = simulation.advance(
            until: { [more, list, other].allSatisfy { $0.answers.count == 1 } }, limit: .milliseconds(200))
        #expect(isDone)
        #expect(more.answers.first?.status == 503 && more.answers.first?.field("Retry-After") == "1")
        #expect(more.answers.first?.body.contains("-31503") == true)
        #expect(list.answers.first?.status == 200 && other.answers.first?.status == 200)
        #expect(!simulation.backends.contains { $0.runs.contains("10") })
        // What has begun ends well.
        for backend in simulation.backends { backend.release() }
        #expect(simulation.advance(until: { greedy.allSatisfy { $0.answers.count == 1 } }, limit: .milliseconds(200)))
        #expect(greedy.allSatisfy { $0.answers.first?.status == 200 })
        // Without calls in flight nobody has a share.
        more.call("tools/call", id: 13, name: "charge", fields: "Authorization: Bearer greedy\r\n")
        #expect(simulation.advance(until: { more.answers.count == 2 }, limit: .milliseconds(200)))
        #expect(more.answers.last?.status == 200)
        #expect(simulation.metrics().contains(#"mcp_gateway_shed_total{pool="tools",reason="overloaded"} 1"#))
    }

    @Test(arguments: seeds)
    func `when critical, ends connections that have been idle for a second`(seed: UInt64) throws {
        let simulation = try simulation(seed)
        let (idle, busy) = (simulation.connectClient(), simulation.connectClient())
        idle.call("tools/list", id: 1)
        #expect(simulation.advance(until: { idle.answers.count == 1 }, limit: .milliseconds(200)))
        set(.high, simulation)
        simulation.advance(by: .seconds(2))
        #expect(!idle.isClosed)
        busy.call("tools/list", id: 2)
        #expect(simulation.advance(until: { busy.answers.count == 1 }, limit: .milliseconds(200)))
        set(.critical, simulation)
        simulation.advance(by: .milliseconds(50))
        #expect(idle.isClosed && !busy.isClosed)
        // Connections to backends, too.
        let idleConnections = { simulation.rooms[0].value.snapshot().backends[0].map(\.idleConnections).reduce(0, +) }
        #expect(idleConnections() == 1)
        simulation.advance(by: .seconds(3))
        #expect(busy.isClosed && idleConnections() == 0)
    }

    @Test(arguments: seeds)
    func `when exhausted, answers every request with 503 before its body, and what has begun ends well`(
        seed: UInt64
    ) throws {
        let simulation = try simulation(seed)
        for backend in simulation.backends { backend.behaviour = .hold }
        let (begun, client) = (simulation.connectClient(), simulation.connectClient())
        begun.call("tools/call", id: 1, name: "charge")
        simulation.advance(by: .milliseconds(30))
        set(.exhausted, simulation)
        client.call("tools/list", id: 2)
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .milliseconds(50)))
        #expect(client.answers.first?.status == 503 && client.answers.first?.field("Retry-After") == "1")
        #expect(client.answers.first?.body.contains("-31503") == true)
        #expect(client.answers.first?.field("Connection") == "close")
        for backend in simulation.backends { backend.release() }
        #expect(simulation.advance(until: { begun.answers.count == 1 }, limit: .milliseconds(200)))
        #expect(begun.answers.first?.status == 200)
        set(.critical, simulation)
        let next = simulation.connectClient()
        for backend in simulation.backends { backend.behaviour = .answer }
        next.call("tools/list", id: 3)
        #expect(simulation.advance(until: { next.answers.count == 1 }, limit: .milliseconds(200)))
        #expect(next.answers.first?.status == 200)
    }

    @Test(arguments: seeds)
    func `a generation that comes meanwhile knows of it`(seed: UInt64) throws {
        let simulation = try simulation(seed)
        set(.critical, simulation)
        try simulation.reload([0, 1], pool: "    balance: random\n")
        #expect(simulation.rooms[0].value.overload == .critical)
        for backend in simulation.backends { backend.behaviour = .hold }
        let (first, second) = (simulation.connectClient(), simulation.connectClient())
        first.call("tools/call", id: 1, name: "charge")
        simulation.advance(by: .milliseconds(30))
        second.call("tools/call", id: 2, name: "charge")
        #expect(simulation.advance(until: { second.answers.count == 1 }, limit: .milliseconds(50)))
        #expect(second.answers.first?.status == 503)
    }
}
