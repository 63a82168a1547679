import NIOCore
import Resilience
import Testing

@testable import Gateway

/// What goes over from one generation of the configuration to the next.
@Suite struct `a plan after another` {
    private let now = MonotonicTime.seconds(100)

    private func configuration(_ text: String) throws -> GatewayConfiguration {
        try ConfigurationSupport.load(text).configuration
    }

    private func plans(_ old: String, _ new: String) throws -> (old: GatewayPlan, new: GatewayPlan) {
        let (before, after) = (try configuration(old), try configuration(new))
        let first = GatewayPlan(before, shardCount: 2, seed: 1, now: now)
        return (first, GatewayPlan(after, shardCount: 2, seed: 2, now: now, after: (before, first)))
    }

    private let two = "pools: { a: { backends: [http://a1/mcp, http://a2/mcp] }, b: { backends: [http://b/mcp] } }\n"
    private let routes = "routes: [{ path: /a, pool: a }, { path: /b, pool: b }]\n"

    @Test func `a pool that is the same goes over as it is`() throws {
        let new = "pools: { b: { backends: [http://b/mcp] }, a: { backends: [http://a1/mcp] } }\n"
        let (before, after) = try plans(two + routes, new + routes)
        #expect(after.pools.map(\.name) == ["b", "a"])
        #expect(after.pools[0] === before.pools[1])
        #expect(after.pools[1] !== before.pools[0])
    }

    @Test func `a backend of a pool that has changed stays as it was`() throws {
        let before = try configuration(two + routes)
        let first = GatewayPlan(before, shardCount: 2, seed: 1, now: now)
        let status = first.pools[0].backends[1].status
        status.health = .down
        status.obey(.open, at: now)
        let after = try configuration(
            "pools: { a: { backends: [http://a3/mcp, { url: http://a2/mcp, weight: 5 }],"
                + " circuit_breaker: { consecutive_failures: 2 } }, b: { backends: [http://b/mcp] } }\n" + routes)
        let second = GatewayPlan(after, shardCount: 2, seed: 2, now: now, after: (before, first))
        #expect(second.pools[0].backends.map(\.url) == ["http://a3/mcp", "http://a2/mcp"])
        #expect(second.pools[0].backends[1].status === status)
        #expect(status.health == .down && status.breakerWord.phase == .forcedOpen)
        #expect(second.pools[0].backends[0].status.health == .unknown)
        #expect(second.pools[0].retries === first.pools[0].retries)
        // The new breaker configuration holds for whoever stayed.
        status.health = .up
        status.obey(.reset, at: now)
        for _ in 0..<2 {
            guard case .success(let permit) = status.admit(isRepeatable: false, at: now) else { break }
            status.record(.failure, permit: permit, shard: 0, at: now)
        }
        #expect(status.breakerWord.phase == .open)
    }

    @Test func `calls in flight and those that wait go on as long as the backends and limits are the same`() throws {
        let pool = "pools: { a: { backends: [http://a1/mcp, http://a2/mcp], "
        let (before, same) = try plans(pool + "} }", pool + "retry: { attempts: 2 } } }")
        #expect(same.pools[0] !== before.pools[0] && same.pools[0].admission === before.pools[0].admission)
        let (old, limited) = try plans(pool + "} }", pool + "limits: { queue: 7 } } }")
        #expect(limited.pools[0].admission !== old.pools[0].admission)
        let (few, more) = try plans(
            "pools: { a: { backends: [http://a1/mcp] } }", "pools: { a: { backends: [http://a1/mcp, http://a2/mcp] } }")
        #expect(more.pools[0].admission !== few.pools[0].admission)
    }

    @Test func `a backend that comes back is new, but goes on counting`() throws {
        let before = try configuration(two + routes)
        let first = GatewayPlan(before, shardCount: 2, seed: 1, now: now)
        let status = first.pools[0].backends[0].status
        status.health = .down
        status.obey(.drain, at: now)
        status.obey(.open, at: now)
        let counts = status.transitionCounts
        let without = try configuration(
            "pools: { a: { backends: [http://a2/mcp] }, b: { backends: [http://b/mcp] } }\n" + routes)
        let second = GatewayPlan(without, shardCount: 2, seed: 2, now: now, after: (before, first))
        let third = GatewayPlan(before, shardCount: 2, seed: 3, now: now, after: (without, second))
        let again = third.pools[0].backends[0].status
        #expect(again.health == .unknown && !again.isDrained && again.breakerWord.phase == .closed)
        #expect(zip(again.transitionCounts, counts).allSatisfy { $0 >= $1 })
        #expect(counts.contains { $0 > 0 })
    }

    @Test func `the cache is kept as long as nothing that it depends on is another`() throws {
        let (before, same) = try plans(two + routes, two + routes + "limits: { max_body: 1KiB }\n")
        #expect(same.cache === before.cache)
        let (old, changed) = try plans(two + routes, two + routes + "cache: { memory: 1MiB }\n")
        #expect(changed.cache !== old.cache)
        let (small, large) = try plans(
            "pools: { a: { backends: [http://a1/mcp] } }\n",
            "pools: { a: { backends: [http://a1/mcp] }, b: { backends: [http://b/mcp] } }\n" + routes)
        #expect(large.cache !== small.cache)
        small.cache.count(.operator)
    }

    @Test func `limits go on as long as the rules are the same`() throws {
        let rule = "rate_limits: [{ name: all, key: global, rate: 2/min, burst: 2 }]\n"
        let (before, same) = try plans(two + routes + rule, two + routes + rule + "limits: { max_body: 1KiB }\n")
        #expect(before.limiter != nil && same.limiter === before.limiter)
        let (old, changed) = try plans(
            two + routes + rule, two + routes + "rate_limits: [{ name: all, key: global, rate: 3/min, burst: 3 }]\n")
        #expect(changed.limiter != nil && changed.limiter !== old.limiter)
        let (_, none) = try plans(two + routes + rule, two + routes)
        #expect(none.limiter == nil)
    }

    @Test func `callers are told apart by the same secret`() throws {
        let (before, after) = try plans(two + routes, two + routes + "limits: { max_body: 1KiB }\n")
        #expect(before.secret == after.secret)
    }

    @Test func `what cannot change in a process stays as it was at the start`() throws {
        let start = try configuration("workers: 2\nadmin: 127.0.0.1:9000\n" + two + routes)
        let new = try configuration(
            "workers: 4\nadmin: 127.0.0.1:9001\nlog: { level: debug, access: false }\nlimits: { max_connections: 5, max_body: 1KiB }\n"
                + two + routes)
        let inEffect = new.inEffect(sinceStartWith: start)
        #expect(inEffect.workers == start.workers && inEffect.admin == start.admin)
        #expect(inEffect.log.level == start.log.level && !inEffect.log.logsAccess)
        #expect(inEffect.limits.maximumConnections == start.limits.maximumConnections)
        #expect(inEffect.limits.maximumBody == 1_024)
    }

    @Test func `counters follow the names of pools, and wait for those that have left`() {
        var counters = ShardCounters(poolCount: 2)
        counters.count(pool: 0, method: .toolsCall, status: .ok, duration: .milliseconds(1))
        counters.count(pool: 1, method: .ping, status: .refused, duration: .milliseconds(1))
        counters.count(shed: .overloaded, pool: 1)
        counters.inFlight = 3
        var next = ShardCounters(poolCount: 2)
        next.add(counters, of: ["a", "b"], to: ["b", "c"])
        #expect(next.calls(pool: 0, method: .ping, status: .refused) == 1)
        #expect(next.shed(pool: 0, failure: .overloaded) == 1)
        #expect(next.calls(pool: 1, method: .toolsCall, status: .ok) == 0)
        #expect(next.inFlight == 3)
        var last = ShardCounters(poolCount: 1)
        last.add(next, of: ["b", "c"], to: ["a"])
        #expect(last.calls(pool: 0, method: .toolsCall, status: .ok) == 1)
        #expect(last.durations(pool: 0, method: .toolsCall).count == 1)
    }
}
