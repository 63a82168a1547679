import NIOCore
import Resilience
import Testing
import Wire

@testable import Gateway

@Suite struct `Rate limiter` {
    private let hash = CallerHash(seed: 1)

    private func caller(_ number: Int) -> CallerKey {
        hash.key(number)
    }

    private func call(
        _ number: Int, from address: Int = 0, pool: Int = 0, _ method: MCPMethod = .toolsList, tool: UInt64? = nil,
        count: Int64 = 1
    ) -> LimitedCall {
        LimitedCall(
            identity: caller(number), address: caller(1_000_000 + address), pool: pool, method: method, tool: tool,
            count: count)
    }

    private func limiter(_ rules: RateLimitRule..., capacity: Int = RateLimiter.standardCapacity) -> RateLimiter {
        RateLimiter(rules, poolCount: 2, hash: CallerHash(seed: 5), capacity: capacity)
    }

    private func rule(
        _ key: RateLimitRule.Key, _ count: Int, name: String = "r", burst: Int? = nil, cost: Int = 1,
        enforce: Bool = true
    ) -> RateLimitRule {
        RateLimitRule(
            name: name, key: key, rate: Rate(count: count, period: .seconds(60)), burst: burst, cost: cost,
            isEnforced: enforce)
    }

    /// How many of `calls`, all at the same time, are served.
    private func served(_ limiter: RateLimiter, _ calls: [LimitedCall]) -> Int {
        calls.filter { !limiter.decide($0, at: .seconds(1)).isRefused }.count
    }

    @Test func `counts apart what the key says`() {
        let calls = [
            call(1, .toolsCall, tool: 1), call(1, .toolsCall, tool: 1), call(1, .toolsCall, tool: 2),
            call(1, .promptsList), call(2, .toolsCall, tool: 1), call(1, from: 7, pool: 1, .toolsCall, tool: 1),
        ]
        #expect(served(limiter(rule(.identity, 1)), calls) == 2)
        #expect(served(limiter(rule(.identityAndTool, 1)), calls) == 4)
        #expect(served(limiter(rule(.identityAndMethod, 1)), calls) == 3)
        #expect(served(limiter(rule(.address, 1)), calls) == 2)
        #expect(served(limiter(rule(.pool, 1)), calls) == 2)
        #expect(served(limiter(rule(.global, 1)), calls) == 1)
    }

    @Test func `charges nothing anywhere when one rule refuses`() {
        let limiter = limiter(rule(.identity, 10, name: "each"), rule(.global, 3, name: "all"))
        for _ in 0..<3 { #expect(!limiter.decide(call(1), at: .zero).isRefused) }
        for _ in 0..<100 { #expect(limiter.decide(call(2), at: .zero).isRefused) }
        // All of the ten are there for the second caller, at the pace of the other rule: 3 a minute.
        for second in 0..<10 {
            #expect(!limiter.decide(call(2), at: .seconds(Double(second + 1) * 20)).isRefused)
        }
        #expect(limiter.counts[0] == RateLimitCounts(allowed: 13, refused: 0, wouldRefuse: 0))
        #expect(limiter.counts[1] == RateLimitCounts(allowed: 13, refused: 100, wouldRefuse: 0))
    }

    @Test func `says when to come back, by the rule that takes longest`() {
        let limiter = limiter(rule(.identity, 60, name: "fast", burst: 1), rule(.global, 4, name: "slow", burst: 1))
        #expect(
            limiter.decide(call(1), at: .zero)
                == RateLimitVerdict(
                    isRefused: false, retryAfterSeconds: 0,
                    quota: .init(rule: 0, remaining: 0, restoredAfterSeconds: 1)))
        #expect(
            limiter.decide(call(1), at: .milliseconds(500))
                == RateLimitVerdict(
                    isRefused: true, retryAfterSeconds: 15,
                    quota: .init(rule: 1, remaining: 0, restoredAfterSeconds: 15)))
        #expect(limiter.decide(call(1), at: .milliseconds(14_999)).retryAfterSeconds == 1)
        #expect(!limiter.decide(call(1), at: .seconds(15)).isRefused)
    }

    @Test func `names the rule that is nearest its limit`() {
        let limiter = limiter(rule(.identity, 10, name: "each"), rule(.global, 3, name: "all"))
        #expect(limiter.decide(call(1), at: .zero).quota == .init(rule: 1, remaining: 2, restoredAfterSeconds: 20))
        #expect(limiter.decide(call(2), at: .zero).quota == .init(rule: 1, remaining: 1, restoredAfterSeconds: 40))
    }

    @Test func `only counts where it is not enforced`() {
        let limiter = limiter(rule(.identity, 2, enforce: false))
        for _ in 0..<5 {
            #expect(
                limiter.decide(call(1), at: .zero)
                    == RateLimitVerdict(isRefused: false, retryAfterSeconds: 0, quota: nil))
        }
        #expect(limiter.counts == [RateLimitCounts(allowed: 2, refused: 0, wouldRefuse: 3)])
    }

    @Test func `a call costs what its rule says, and a batch as much as its messages`() {
        let limiter = limiter(rule(.identity, 10, cost: 3))
        #expect(limiter.decide(call(1), at: .zero).quota == .init(rule: 0, remaining: 2, restoredAfterSeconds: 18))
        #expect(limiter.decide(call(1, count: 3), at: .zero).isRefused)
        #expect(!limiter.decide(call(1, count: 2), at: .zero).isRefused)
        #expect(limiter.decide(call(2, count: 4), at: .zero).isRefused)
        #expect(limiter.decide(call(2, count: .max), at: .zero).isRefused)
        #expect(!limiter.decide(call(2, count: 3), at: .zero).isRefused)
    }

    @Test func `remembers so many callers and no more, and what all share for ever`() {
        let limiter = limiter(rule(.identity, 1, name: "each"), rule(.global, 500, name: "all"), capacity: 100)
        for number in 0..<500 { #expect(!limiter.decide(call(number), at: .zero).isRefused) }
        #expect(limiter.callerCount == 100)
        #expect(limiter.decide(call(499), at: .zero).isRefused)
        #expect(limiter.decide(call(600), at: .zero).quota?.rule == 1)
    }

    @Test func `many threads share one limit`() async {
        let limiter = RateLimiter(
            [
                RateLimitRule(name: "r", key: .identity, rate: Rate(count: 1_000, period: .seconds(3_600))),
                RateLimitRule(name: "s", key: .global, rate: Rate(count: 1_500, period: .seconds(3_600))),
            ], poolCount: 1, hash: CallerHash(seed: 1))
        let served = await withTaskGroup(of: Int.self) { group in
            for task in 0..<8 {
                group.addTask { @concurrent in
                    (0..<1_000).filter { _ in !limiter.decide(self.call(task % 2), at: .zero).isRefused }.count
                }
            }
            return await group.reduce(0, +)
        }
        #expect(served == 1_500)
        #expect(limiter.counts[1].allowed == 1_500)
    }

    // MARK: Without the Redis that gateways share

    private func sharing(_ rules: RateLimitRule...) -> RateLimiter {
        let hash = CallerHash(seed: 5)
        return RateLimiter(
            rules, poolCount: 1, hash: hash,
            shared: SharedRateLimits(rules, pools: ["tools"], prefix: "gw:", hash: hash))
    }

    private func rule(_ name: String, failing policy: RateLimitRule.RedisFailurePolicy, enforce: Bool = true)
        -> RateLimitRule
    {
        RateLimitRule(
            name: name, key: .identity, rate: Rate(count: 1, period: .seconds(60)), isEnforced: enforce,
            onRedisFailure: policy)
    }

    @Test func `gateways without Redis let through together what one may`() {
        for count in 1...7 {
            var served = 0
            for _ in 0..<count {
                let limiter = sharing(rule(.identity, 60, burst: 21))
                limiter.gatewayCount = count
                // All of the burst, then a minute's worth, in small steps.
                served += (0..<6_000).count { step in
                    !limiter.decide(call(1), at: .milliseconds(Int64(step) * 10)).isRefused
                }
            }
            #expect(served <= 60 + 21 + count && served >= 60 + 21 - 2 * count, "\(count): \(served)")
        }
    }

    @Test func `a call that a whole limit has room for passes with a share of it, now and then`() {
        let limiter = sharing(rule(.identity, 60, burst: 12, cost: 10))
        limiter.gatewayCount = 4
        #expect(!limiter.decide(call(1), at: .zero).isRefused)
        #expect(limiter.decide(call(1), at: .seconds(39)).isRefused)
        #expect(!limiter.decide(call(1), at: .seconds(40)).isRefused)
        limiter.gatewayCount = 0
        #expect(limiter.gatewayCount == 1)
    }

    @Test func `rules say what happens while Redis does not answer`() {
        let open = sharing(rule("open", failing: .open))
        for _ in 0..<5 {
            #expect(
                open.decide(call(1), at: .zero)
                    == RateLimitVerdict(isRefused: false, retryAfterSeconds: 0, quota: nil))
        }
        #expect(open.counts == [RateLimitCounts(allowed: 5, refused: 0, wouldRefuse: 0)])
        let closed = sharing(rule("open", failing: .open), rule("closed", failing: .closed))
        #expect(
            closed.decide(call(1), at: .zero)
                == RateLimitVerdict(isRefused: true, retryAfterSeconds: 1, isUndecided: true, quota: nil))
        #expect(closed.counts[0].allowed == 0 && closed.counts[1].refused == 1)
        let dry = sharing(rule("closed", failing: .closed, enforce: false), rule("local", failing: .local))
        #expect(served(dry, [call(1), call(1)]) == 1)
        #expect(dry.counts[0].wouldRefuse == 1 && dry.counts[1] == RateLimitCounts(allowed: 1, refused: 1))
        let both = sharing(rule("local", failing: .local), rule("closed", failing: .closed))
        #expect(both.decide(call(1), at: .zero).isUndecided)
        // Where nothing is shared, nothing can fail.
        #expect(served(limiter(rule("closed", failing: .closed)), [call(1), call(1)]) == 1)
    }

    @Test func `what Redis has decided is counted apart`() {
        let limiter = sharing(rule(.identity, 2))
        let verdict = limiter.decide(call(1), by: .bulkString(ByteBuffer(string: "30000000")))
        #expect(
            verdict
                == RateLimitVerdict(
                    isRefused: false, retryAfterSeconds: 0,
                    quota: .init(rule: 0, remaining: 0, restoredAfterSeconds: 60)))
        let refused = limiter.decide(call(1), by: .bulkString(ByteBuffer(string: "59000001")))
        #expect(refused?.isRefused == true && refused?.retryAfterSeconds == 30)
        #expect(limiter.decide(call(1), by: .null) == nil)
        #expect(limiter.redisCounts == [RateLimitCounts(allowed: 1, refused: 1)])
        #expect(limiter.counts == [RateLimitCounts()])
    }
}

extension CallerHash {
    /// A key for the caller with this number.
    fileprivate func key(_ number: Int) -> CallerKey {
        var buffer = ByteBuffer()
        buffer.writeString("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(number)\r\n\r\n")
        return buffer.withByteView { bytes in credential(of: HTTPReceivedHead.reading(bytes)) } ?? address(nil)
    }
}
