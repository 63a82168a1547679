import Foundation
import Testing

@testable import Resilience

@Suite struct `Cache life` {
    private let life = CacheLife(
        received: .seconds(10), expiry: .seconds(70), fetchTime: .milliseconds(100),
        spans: StaleSpans(whileRevalidating: .seconds(30), onError: .seconds(300)))

    @Test(
        arguments: [
            (0, .fresh), (10, .fresh), (69.999, .fresh), (70, .staleWhileRevalidating),
            (99.999, .staleWhileRevalidating),
            (100, .staleOnError), (369.999, .staleOnError), (370, .dead), (1e9, .dead),
        ] as [(Double, Freshness)])
    func `goes from fresh to dead`(second: Double, freshness: Freshness) {
        #expect(life.freshness(at: .seconds(second)) == freshness)
        #expect((freshness == .dead) == (.seconds(second) >= life.end))
    }

    @Test func `may be stale on error shorter than while revalidating, or not at all`() {
        let spans = StaleSpans(whileRevalidating: .seconds(30), onError: .seconds(-5))
        let life = CacheLife(received: .zero, expiry: .seconds(1), fetchTime: .zero, spans: spans)
        #expect(life.freshness(at: .seconds(30.9)) == .staleWhileRevalidating)
        #expect(life.freshness(at: .seconds(31)) == .dead && life.end == .seconds(31))
        let none = CacheLife(
            received: .zero, expiry: .seconds(1), fetchTime: .zero,
            spans: StaleSpans(whileRevalidating: .zero, onError: .zero))
        #expect(none.freshness(at: .seconds(0.9)) == .fresh && none.freshness(at: .seconds(1)) == .dead)
    }

    @Test func `tells age and what remains`() {
        #expect(life.age(at: .seconds(12)) == .seconds(2) && life.remaining(at: .seconds(12)) == .seconds(58))
        #expect(life.age(at: .zero) == .zero && life.remaining(at: .seconds(71)) == .zero)
    }

    @Test func `takes a random tenth at most from the time to live`() {
        var random = SeededRandom(seed: 1)
        var shortest = Duration.seconds(100)
        var longest = Duration.zero
        for _ in 0..<10_000 {
            let life = CacheLife(
                received: .seconds(5), timeToLive: .seconds(100), fetchTime: .zero, spans: StaleSpans(),
                random: &random)
            shortest = min(shortest, life.remaining(at: .seconds(5)))
            longest = max(longest, life.remaining(at: .seconds(5)))
        }
        #expect(shortest >= .seconds(90) && shortest < .seconds(90.1))
        #expect(longest <= .seconds(100) && longest > .seconds(99.9))
    }

    @Test(
        arguments: [
            (.seconds(-1), 0), (.zero, 0), (.seconds(50), 50), (.seconds(200), 100),
            (.seconds(Int64.max), 100),
        ]
            as [(Duration, Double)])
    func `is no longer than the maximum and never negative`(timeToLive: Duration, seconds: Double) {
        var random = SeededRandom(seed: 2)
        let life = CacheLife(
            received: .zero, timeToLive: timeToLive, maximum: .seconds(100), fetchTime: .zero, spans: StaleSpans(),
            random: &random)
        #expect(life.expiry <= .seconds(seconds) && life.expiry >= .seconds(seconds * 0.9))
    }

    @Test func `survives any times`() {
        var random = SeededRandom(seed: 3)
        let extremes: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
        for received in extremes {
            for duration in extremes {
                let life = CacheLife(
                    received: MonotonicTime(nanoseconds: received), timeToLive: .nanoseconds(duration),
                    maximum: .nanoseconds(Int64.max), fetchTime: .nanoseconds(duration),
                    spans: StaleSpans(whileRevalidating: .nanoseconds(duration), onError: .nanoseconds(duration)),
                    random: &random)
                for now in extremes.map({ MonotonicTime(nanoseconds: $0) }) {
                    #expect(life.age(at: now) >= .zero && life.remaining(at: now) >= .zero)
                    _ = life.freshness(at: now)
                    _ = life.wantsEarlyRefresh(at: now, random: &random)
                }
            }
        }
    }

    // MARK: Early refresh

    @Test func `is not refreshed early long before the expiry, and always behind it`() {
        var random = SeededRandom(seed: 4)
        for _ in 0..<1_000 {
            #expect(!life.wantsEarlyRefresh(at: .seconds(66), random: &random))
            #expect(life.wantsEarlyRefresh(at: .seconds(70), random: &random))
            #expect(life.wantsEarlyRefresh(at: .distantFuture, random: &random))
        }
    }

    /// `P(-d ln U >= left) = exp(-left / d)`.
    @Test(arguments: [10, 50, 100, 200, 400] as [Int64])
    func `is refreshed the likelier the nearer the expiry is`(left: Int64) {
        var random = SeededRandom(seed: 5)
        let now = life.expiry - Duration.milliseconds(left)
        let count = (0..<100_000).count { _ in life.wantsEarlyRefresh(at: now, random: &random) }
        #expect(abs(Double(count) / 100_000 - exp(-Double(left) / 100)) < 0.006)
    }

    @Test func `is not refreshed early when fetching takes no time`() {
        var random = SeededRandom(seed: 6)
        let life = CacheLife(received: .zero, expiry: .seconds(1), fetchTime: .zero, spans: StaleSpans())
        #expect(!(0..<1_000).contains { _ in life.wantsEarlyRefresh(at: .seconds(0.999_999), random: &random) })
    }

    /// 500 readers in turn, 2 ms apart: one refresh takes 100 ms, and is to begin before the expiry.
    @Test func `lets one of many readers refresh before the expiry`() {
        var early = 0
        for seed in 0..<200 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            var now = life.expiry - Duration.seconds(1)
            while !life.wantsEarlyRefresh(at: now, random: &random) { now += .milliseconds(2) }
            if now < life.expiry { early += 1 }
        }
        #expect(early == 200)
    }

    @Test func `knows logarithms`() {
        var random = SeededRandom(seed: 7)
        for number in [1, 2, 0.5, 1.414_213_562_373_095_1, 0x1p-53, 10, 1e-300, 1e300, .leastNonzeroMagnitude] {
            #expect(abs(naturalLogarithm(number) - log(number)) < 1e-12)
        }
        for _ in 0..<10_000 {
            let number = 1 - random.nextUnit()
            #expect(abs(naturalLogarithm(number) - log(number)) < 1e-13 * max(1, -log(number)))
        }
    }
}
