import Testing

@testable import Resilience

@Suite struct `Rate limit` {
    @Test func `admits a burst, then one for each share of the period`() {
        let limit = RateLimit(count: 60, per: .seconds(60), burst: 3)
        var state = MonotonicTime(nanoseconds: .min)
        for _ in 0..<3 { #expect(limit.decide(&state, at: .seconds(10)) == .admitted) }
        #expect(limit.decide(&state, at: .seconds(10)) == .refused(retryAfter: .seconds(1)))
        #expect(limit.decide(&state, at: .seconds(10.75)) == .refused(retryAfter: .milliseconds(250)))
        #expect(limit.decide(&state, at: .seconds(11)) == .admitted)
        #expect(limit.decide(&state, at: .seconds(11)) == .refused(retryAfter: .seconds(1)))
    }

    @Test func `lets all of the period's requests come at once unless told otherwise`() {
        let limit = RateLimit(count: 100, per: .seconds(60))
        var state = MonotonicTime(nanoseconds: .min)
        for _ in 0..<100 { #expect(limit.decide(&state, at: .zero) == .admitted) }
        #expect(limit.decide(&state, at: .zero) == .refused(retryAfter: .milliseconds(600)))
    }

    @Test func `does not charge for what it refuses`() {
        let limit = RateLimit(count: 1, per: .seconds(1))
        var state = MonotonicTime(nanoseconds: .min)
        #expect(limit.decide(&state, at: .zero) == .admitted)
        for _ in 0..<1_000 { _ = limit.decide(&state, at: .milliseconds(500)) }
        #expect(limit.decide(&state, at: .seconds(1)) == .admitted)
    }

    @Test func `is worth whole units of a coarser clock, and never admits more for that`() {
        let exact = RateLimit(count: 7, per: .seconds(1))
        let coarse = RateLimit(count: 7, per: .seconds(1), resolution: .microseconds(1))
        #expect(exact.nanosecondsPerRequest == 142_857_143 && coarse.nanosecondsPerRequest == 142_858_000)
        #expect(coarse.burst == 7 && coarse.nanosecondsOfBurst == 1_000_006_000)
        #expect(
            RateLimit(count: 10, per: .seconds(1), resolution: .microseconds(1))
                == RateLimit(count: 10, per: .seconds(1)))
        let odd = [Duration.zero, .seconds(Int64.max)].map {
            RateLimit(count: 1, per: .seconds(Int64.max), burst: .max, resolution: $0)
        }
        for limit in odd { #expect(limit.nanosecondsOfBurst == .max && limit.burst >= 1) }
    }

    @Test func `is shared evenly, each sharer having one request at least`() {
        let limit = RateLimit(count: 10, per: .seconds(1), burst: 6)
        #expect(limit.share(of: 1) == limit && limit.share(of: 0) == limit)
        #expect(limit.share(of: 2) == RateLimit(count: 5, per: .seconds(1), burst: 3))
        #expect(limit.share(of: 10) == RateLimit(count: 1, per: .seconds(1), burst: 1))
        #expect(limit.share(of: .max).burst == 1)
    }

    @Test func `takes any figures and times`() {
        for count in [Int.min, 0, 1, Int.max] {
            for period in [Duration.seconds(-1), .zero, .nanoseconds(1), .seconds(Int64.max)] {
                let limit = RateLimit(count: count, per: period, burst: count)
                for now in [Int64.min, -1, 0, 1, .max] {
                    var state = MonotonicTime(nanoseconds: .min)
                    #expect(limit.decide(&state, at: MonotonicTime(nanoseconds: now)) == .admitted)
                    _ = limit.decide(&state, at: MonotonicTime(nanoseconds: .min))
                }
            }
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `never admits more than count and burst in any period, and one as soon as it says`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let count = Int(random.next() % 50) + 1
        let burst = Int(random.next() % 20) + 1
        let period = Duration.milliseconds(Int64(random.next() % 10_000) + 1)
        let limit = RateLimit(count: count, per: period, burst: burst)
        var state = MonotonicTime(nanoseconds: .min)
        var now = MonotonicTime.zero
        var admitted: [MonotonicTime] = []
        for _ in 0..<5_000 {
            switch limit.decide(&state, at: now) {
            case .admitted: admitted.append(now)
            case .refused(let retryAfter):
                #expect(retryAfter > .zero)
                #expect(retryAfter <= period)
                var later = state
                #expect(limit.decide(&later, at: now + retryAfter) == .admitted)
                later = state
                #expect(limit.decide(&later, at: now + retryAfter - .nanoseconds(1)) != .admitted)
            }
            // Sometimes a pause, mostly a rush.
            let pause = random.next() % 20 == 0 ? period * 2 : period / count / 2
            now += random.nextDuration(below: pause)
        }
        var first = 0
        for (index, time) in admitted.enumerated() {
            while time - admitted[first] > period { first += 1 }
            #expect(index - first + 1 <= count + burst)
        }
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `admits every request of a caller that keeps to the rate`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let count = Int(random.next() % 1_000) + 1
        let limit = RateLimit(count: count, per: .seconds(60), burst: 2)
        var state = MonotonicTime(nanoseconds: .min)
        let interval = Duration.seconds(60) / count + .nanoseconds(1)
        for index in 0..<2_000 {
            let jitter = random.nextDuration(below: interval / 2)
            #expect(limit.decide(&state, at: .zero + interval * index + jitter) == .admitted)
        }
    }
}
