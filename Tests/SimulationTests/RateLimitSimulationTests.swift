import Gateway
import GatewayTestKit
import NIOCore
import Resilience
import Testing

@Suite struct `a simulated gateway with rate limits` {
    private func settings(_ rules: String...) -> String {
        "rate_limits:\n" + rules.map { "  - { \($0) }\n" }.joined()
    }

    /// Offers `perSecond` calls in each of `seconds`, evenly, spread over `clients`, each with its own token if it has
    /// one; returns how many of each client were served.
    private func offer(
        _ simulation: Simulation, _ clients: [(client: SimulatedClient, token: String?)], perSecond: Int, seconds: Int
    ) -> [Int] {
        let total = perSecond * seconds
        for number in 0..<total {
            let (client, token) = clients[number % clients.count]
            client.call(
                "tools/call", id: number, name: "echo",
                fields: token.map { "Authorization: Bearer \($0)\r\n" } ?? "")
            simulation.advance(by: .nanoseconds(1_000_000_000 / Int64(perSecond)))
        }
        let isDone = simulation.advance(
            until: { clients.map(\.client.answers.count).reduce(0, +) == total }, limit: .seconds(5))
        #expect(isDone)
        return clients.map { $0.client.answers.count { $0.status == 200 } }
    }

    @Test(arguments: [1, 2, 3] as [UInt64], [5, 10, 100])
    func `lets through what the rate says, however much is offered`(seed: UInt64, burst: Int) throws {
        let simulation = try Simulation(
            seed: seed, settings: settings("name: all, key: global, rate: 100/s, burst: \(burst)"))
        let clients = (0..<5).map { _ in (client: simulation.connectClient(), token: String?.none) }
        let served = offer(simulation, clients, perSecond: 500, seconds: 10).reduce(0, +)
        #expect((990...1_010 + burst).contains(served), "\(served) were served")
        #expect(simulation.backends.map(\.runs.count).reduce(0, +) == served)
        for answer in clients.flatMap(\.client.answers) where answer.status != 200 { #expect(answer.status == 429) }
        #expect(simulation.snapshot.counters.calls(pool: 0, method: .toolsCall, status: .refused) == 5_000 - served)
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `a caller who asks too much takes nothing from another`(seed: UInt64) throws {
        let simulation = try Simulation(
            seed: seed, settings: settings("name: each, key: identity, rate: 20/s, burst: 5"))
        // Ten connections of one caller, and one of another who keeps to the limit.
        var clients = (0..<10).map { _ in (client: simulation.connectClient(), token: Optional("greedy")) }
        clients.append((client: simulation.connectClient(), token: "modest"))
        let served = offer(simulation, clients, perSecond: 165, seconds: 10)
        #expect(served[10] == 150)
        #expect((198...207).contains(served[..<10].reduce(0, +)), "\(served)")
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `all loops share one limit`(seed: UInt64) throws {
        let simulation = try Simulation(
            seed: seed, shardCount: 4, settings: settings("name: each, key: identity, rate: 50/s, burst: 10"))
        let clients = (0..<4).map { (client: simulation.connectClient(toShard: $0), token: Optional("one")) }
        let served = offer(simulation, clients, perSecond: 200, seconds: 10).reduce(0, +)
        #expect((495...515).contains(served), "\(served) were served")
    }

    @Test func `tells a client that is refused what, why and until when, in both eras`() throws {
        let simulation = try Simulation(
            seed: 1, settings: settings("name: per-client, key: identity, rate: 100/min, burst: 2"))
        let client = simulation.connectClient()
        for id in 1...3 { client.call("tools/call", id: id, name: "echo") }
        client.postLegacy("{\"jsonrpc\":\"2.0\",\"id\":\"é\\u0041\",\"method\":\"tools/list\"}")
        #expect(simulation.advance(until: { client.answers.count == 4 }, limit: .seconds(1)))
        #expect(client.answers.map(\.status) == [200, 200, 429, 429])
        for answer in client.answers { #expect(answer.field("RateLimit-Policy") == "\"per-client\";q=100;w=60") }
        #expect(
            client.answers.map { $0.field("RateLimit") } == [
                "\"per-client\";r=1;t=1", "\"per-client\";r=0;t=2", "\"per-client\";r=0;t=2", "\"per-client\";r=0;t=2",
            ])
        #expect(client.answers.map { $0.field("Retry-After") } == [nil, nil, "1", "1"])
        for (answer, id) in [(client.answers[2], "3"), (client.answers[3], "\"é\\u0041\"")] {
            #expect(
                answer.body
                    == "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"error\":{\"code\":-31429,"
                    + "\"message\":\"Too many requests\",\"data\":{\"retryAfterMs\":1000}}}")
            #expect(answer.field("Content-Type") == "application/json")
            #expect(answer.field("Connection") == nil)
        }
        // The connection goes on, and the limit comes back.
        simulation.advance(by: .seconds(1))
        client.call("tools/list", id: 5)
        #expect(simulation.advance(until: { client.answers.count == 5 }, limit: .seconds(1)))
        #expect(client.answers[4].status == 200)
    }

    @Test func `says nothing of limits where there are none`() throws {
        let simulation = try Simulation(seed: 1)
        let client = simulation.connectClient()
        client.call("tools/list", id: 1)
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .seconds(1)))
        #expect(!client.answers[0].head.contains("RateLimit"))
        #expect(!simulation.metrics().contains("mcp_gateway_rate_limit"))
    }

    @Test func `counts what a rule would refuse, and refuses nothing`() throws {
        let simulation = try Simulation(
            seed: 1, settings: settings("name: trial, key: identity, rate: 3/h, enforce: false"))
        let client = simulation.connectClient()
        for id in 1...10 { client.call("tools/list", id: id) }
        #expect(simulation.advance(until: { client.answers.count == 10 }, limit: .seconds(1)))
        #expect(client.answers.allSatisfy { $0.status == 200 && $0.field("RateLimit") == nil })
        let metrics = simulation.metrics()
        for (decision, count) in [("allowed", 3), ("refused", 0), ("would_refuse", 7)] {
            let line =
                "mcp_gateway_rate_limit_decisions_total{rule=\"trial\",decision=\"\(decision)\",source=\"local\"} \(count)"
            #expect(metrics.split(separator: "\n").contains { $0 == line })
        }
    }

    @Test func `tells clients apart by address, a network of IPv6 as one`() throws {
        let simulation = try Simulation(seed: 1, settings: settings("name: source, key: address, rate: 1/h"))
        func status(from address: String, token: String) -> Int? {
            let client = simulation.connectClient(from: address)
            client.call("tools/list", id: 1, fields: "Authorization: Bearer \(token)\r\n")
            let isDone = simulation.advance(until: { client.answers.count == 1 }, limit: .seconds(1))
            return isDone ? client.answers[0].status : nil
        }
        #expect(status(from: "192.0.2.1", token: "a") == 200)
        #expect(status(from: "192.0.2.1", token: "b") == 429)
        #expect(status(from: "192.0.2.2", token: "a") == 200)
        #expect(status(from: "2001:db8::1", token: "a") == 200)
        #expect(status(from: "2001:db8::ffff:1", token: "a") == 429)
        #expect(status(from: "2001:db8:0:1::1", token: "a") == 200)
    }

    @Test func `tells the clients of a trusted proxy apart, and believes nobody else`() throws {
        let simulation = try Simulation(
            seed: 1, settings: "trusted_proxies: [10.0.0.0/8]\n" + settings("name: source, key: address, rate: 1/h"))
        let proxy = simulation.connectClient(from: "10.0.0.7")
        for (id, chain) in ["192.0.2.1", "6.6.6.6, 192.0.2.1, 10.0.0.8", "192.0.2.2", "", "192.0.2.1"].enumerated() {
            proxy.call("tools/list", id: id, fields: chain.isEmpty ? "" : "X-Forwarded-For: \(chain)\r\n")
        }
        #expect(simulation.advance(until: { proxy.answers.count == 5 }, limit: .seconds(1)))
        #expect(proxy.answers.map(\.status) == [200, 429, 200, 200, 429])
        let liar = simulation.connectClient(from: "192.0.2.9")
        for id in 0..<2 { liar.call("tools/list", id: id, fields: "X-Forwarded-For: 192.0.2.\(100 + id)\r\n") }
        #expect(simulation.advance(until: { liar.answers.count == 2 }, limit: .seconds(1)))
        #expect(liar.answers.map(\.status) == [200, 429])
    }

    @Test func `charges a tool what it costs`() throws {
        let simulation = try Simulation(
            seed: 1, pool: "    tools: { render: { cost: 5 } }\n",
            settings: settings("name: all, key: global, rate: 12/h", "name: tool, key: identity+tool, rate: 10/h"))
        let client = simulation.connectClient()
        for (id, tool) in ["render", "echo", "render", "echo", "render", "echo"].enumerated() {
            client.call("tools/call", id: id, name: tool)
        }
        #expect(simulation.advance(until: { client.answers.count == 6 }, limit: .seconds(1)))
        #expect(client.answers.map(\.status) == [200, 200, 200, 200, 429, 429])
        #expect(client.answers[0].field("RateLimit") == "\"tool\";r=5;t=1800")
        #expect(client.answers[1].field("RateLimit") == "\"all\";r=6;t=1800")
    }

    @Test func `limits a tool by itself, under whatever spelling`() throws {
        let simulation = try Simulation(seed: 1, settings: settings("name: tool, key: identity+tool, rate: 1/h"))
        let client = simulation.connectClient()
        client.call("tools/call", id: 1, name: "echo")
        client.call("tools/call", id: 2, name: "other")
        client.postLegacy(#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"\u0065cho"}}"#)
        client.call("tools/list", id: 4)
        client.call("tools/list", id: 5)
        #expect(simulation.advance(until: { client.answers.count == 5 }, limit: .seconds(1)))
        #expect(client.answers.map(\.status) == [200, 200, 429, 200, 200])
    }

    @Test func `does not hinder what a client answers to its server`() throws {
        let simulation = try Simulation(seed: 1, settings: settings("name: all, key: global, rate: 1/h"))
        let client = simulation.connectClient()
        client.call("tools/list", id: 1)
        client.postLegacy("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}")
        client.postLegacy("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}")
        #expect(simulation.advance(until: { client.answers.count == 3 }, limit: .seconds(1)))
        #expect(client.answers.map(\.status) == [200, 429, 202])
        #expect(!client.answers[1].body.contains("\"id\""))
        #expect(simulation.plan.limiter?.counts.first?.refused == 1)
    }
}
