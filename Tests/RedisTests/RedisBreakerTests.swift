import Resilience
import Testing

@testable import Redis

struct RedisBreakerTests {
    private var random = SeededRandom(seed: 1)

    @Test func `opens after five failures in a row, for one to five seconds`() throws {
        for seed in 0..<100 {
            var random = SeededRandom(seed: UInt64(seed))
            var breaker = RedisBreaker(at: .zero)
            breaker.recordSuccesses(1_000, at: .zero)
            for _ in 0..<4 {
                let isOpen = breaker.recordFailures(1, at: .zero, random: &random)
                #expect(!isOpen)
            }
            let isOpen = breaker.recordFailures(1, at: .seconds(1), random: &random)
            #expect(isOpen)
            #expect(!breaker.isClosed)
            let wait = try #require(breaker.probeTime) - .seconds(1)
            #expect(wait >= .seconds(1) && wait < .seconds(5))
        }
    }

    @Test func `forgets a streak with a success`() {
        var random = random
        var breaker = RedisBreaker(at: .zero)
        for _ in 0..<9 {
            breaker.recordSuccesses(1, at: .zero)
            let isOpen = breaker.recordFailures(1, at: .zero, random: &random)
            #expect(!isOpen)
        }
        // The twentieth command, and half of them have failed.
        breaker.recordSuccesses(1, at: .zero)
        let isOpen = breaker.recordFailures(1, at: .zero, random: &random)
        #expect(isOpen)
    }

    @Test func `does not count what is older than five seconds`() {
        var random = random
        var breaker = RedisBreaker(at: .zero)
        for second in 0..<60 {
            let now = MonotonicTime.seconds(Double(second))
            for _ in 0..<2 {
                let isOpen = breaker.recordFailures(1, at: now, random: &random)
                #expect(!isOpen)
            }
            breaker.recordSuccesses(1, at: now)
        }
    }

    @Test func `closes when the probe succeeds, and opens again when it fails`() throws {
        var random = random
        var breaker = RedisBreaker(at: .zero)
        let isOpen = breaker.recordFailures(16, at: .zero, random: &random)
        #expect(isOpen)
        breaker.beginProbe()
        #expect(!breaker.isClosed)
        #expect(breaker.probeTime == nil)
        breaker.probeFailed(at: .seconds(10), random: &random)
        #expect(try #require(breaker.probeTime) >= .seconds(11))
        breaker.beginProbe()
        breaker.probeSucceeded(at: .seconds(20))
        #expect(breaker.isClosed)
        for _ in 0..<4 {
            let isOpen = breaker.recordFailures(1, at: .seconds(20), random: &random)
            #expect(!isOpen)
        }
    }

    @Test func `counts nothing while it is open`() {
        var random = random
        var breaker = RedisBreaker(at: .zero)
        _ = breaker.recordFailures(5, at: .zero, random: &random)
        let until = breaker.probeTime
        let opensAgain = breaker.recordFailures(5, at: .seconds(0.5), random: &random)
        breaker.recordSuccesses(5, at: .seconds(0.5))
        #expect(!opensAgain)
        #expect(breaker.probeTime == until)
    }
}
