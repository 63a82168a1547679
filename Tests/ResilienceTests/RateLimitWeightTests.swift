import Resilience
import Testing

@Suite struct `Rate limit of weighted requests` {
    private let new = MonotonicTime(nanoseconds: .min)

    @Test func `a request of weight 1 is decided as any other`() {
        var random = SeededRandom(seed: 7)
        let limit = RateLimit(count: 7, per: .seconds(1), burst: 3)
        var (whole, split) = (new, new)
        var now = MonotonicTime.zero
        for _ in 0..<1_000 {
            now += random.nextDuration(below: .milliseconds(200))
            let decision = limit.check(split, weight: 1, at: now)
            if decision == .admitted { limit.charge(&split, weight: 1, at: now) }
            #expect(limit.decide(&whole, at: now) == decision)
            #expect(whole == split)
        }
    }

    @Test func `a heavy request takes as much as so many light ones`() {
        let limit = RateLimit(count: 60, per: .seconds(60), burst: 10)
        var state = new
        #expect(limit.check(state, weight: 10, at: .seconds(5)) == .admitted)
        limit.charge(&state, weight: 7, at: .seconds(5))
        #expect(limit.remaining(state, at: .seconds(5)) == 3)
        #expect(limit.restoration(state, at: .seconds(5)) == .seconds(7))
        #expect(limit.secondsToRestoration(state, at: .seconds(5)) == 7)
        #expect(limit.secondsToRestoration(state, at: MonotonicTime(nanoseconds: 4_999_999_999)) == 8)
        #expect(limit.secondsToRestoration(state, at: .seconds(12)) == 0)
        #expect(limit.secondsToRestoration(state, at: .seconds(100)) == 0)
        #expect(limit.check(state, weight: 3, at: .seconds(5)) == .admitted)
        #expect(limit.check(state, weight: 5, at: .seconds(5)) == .refused(retryAfter: .seconds(2)))
        #expect(limit.check(state, weight: 5, at: .seconds(7)) == .admitted)
    }

    @Test func `a request above the burst is refused, whoever sends it`() {
        let limit = RateLimit(count: 60, per: .seconds(60), burst: 10)
        #expect(limit.check(new, weight: 11, at: .seconds(5)) == .refused(retryAfter: .seconds(1)))
        #expect(limit.check(.zero, weight: 11, at: .seconds(500)) == .refused(retryAfter: .seconds(1)))
    }

    @Test func `what remains is what would be admitted`() {
        var random = SeededRandom(seed: 3)
        for _ in 0..<100 {
            let burst = Int(random.next() % 20) + 1
            let limit = RateLimit(count: Int(random.next() % 50) + 1, per: .seconds(1), burst: burst)
            var state = new
            var now = MonotonicTime.zero
            for _ in 0..<20 {
                now += random.nextDuration(below: .milliseconds(300))
                var trial = state
                var admitted: Int64 = 0
                while limit.decide(&trial, at: now) == .admitted { admitted += 1 }
                #expect(limit.remaining(state, at: now) == admitted)
                _ = limit.decide(&state, at: now)
            }
        }
    }

    @Test func `takes any figures and times`() {
        for count in [1, Int.max] {
            for period in [Duration.nanoseconds(1), .seconds(Int64.max)] {
                let limit = RateLimit(count: count, per: period, burst: count)
                for now in [Int64.min, -1, 0, 1, .max] {
                    for weight in [Int64.min, 0, 1, .max] {
                        var state = new
                        _ = limit.check(state, weight: weight, at: MonotonicTime(nanoseconds: now))
                        limit.charge(&state, weight: weight, at: MonotonicTime(nanoseconds: now))
                        #expect(limit.remaining(state, at: MonotonicTime(nanoseconds: now)) >= 0)
                        #expect(limit.restoration(state, at: MonotonicTime(nanoseconds: now)) >= .zero)
                    }
                }
            }
        }
    }
}
