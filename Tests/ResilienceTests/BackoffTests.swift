import Resilience
import Testing

@Suite struct `Backoff value` {
    @Test func `doubles its limit up to the maximum`() {
        let backoff = Backoff(base: .milliseconds(25), maximum: .seconds(1))
        let limits = (0...7).map { backoff.limit(afterFailures: $0) }
        #expect(limits == [25, 50, 100, 200, 400, 800, 1_000, 1_000].map { .milliseconds($0) })
    }

    @Test(arguments: [-5, 0, 1, 62, 63, 64, 65, 1_000, Int.max])
    func `never exceeds the maximum, whatever the count`(failures: Int) {
        let backoff = Backoff(base: .milliseconds(25), maximum: .seconds(1))
        var random = SeededRandom(seed: UInt64(bitPattern: Int64(failures)))
        for _ in 0..<100 {
            let delay = backoff.delay(afterFailures: failures, random: &random)
            #expect(delay >= .zero && delay < .seconds(1))
        }
        let endless = Backoff(base: .nanoseconds(1), maximum: .seconds(Int64.max))
        #expect(endless.limit(afterFailures: failures) <= .nanoseconds(Int64.max))
        #expect(endless.limit(afterFailures: failures) > .zero)
    }

    @Test func `draws over the whole length`() {
        let backoff = Backoff(base: .milliseconds(100), maximum: .seconds(1))
        var random = SeededRandom(seed: 9)
        let delays = (0..<10_000).map { _ in backoff.delay(afterFailures: 0, random: &random) }
        let mean = delays.reduce(.zero, +) / delays.count
        #expect(mean > .milliseconds(48) && mean < .milliseconds(52))
        #expect(delays.contains { $0 < .milliseconds(1) })
        #expect(delays.contains { $0 > .milliseconds(99) })
    }

    @Test func `does not wait when there is nothing to wait for`() {
        var random = SeededRandom(seed: 9)
        #expect(Backoff(base: .zero).delay(afterFailures: 5, random: &random) == .zero)
        #expect(Backoff(base: .seconds(-1)).delay(afterFailures: 5, random: &random) == .zero)
        #expect(Backoff(maximum: .zero).delay(afterFailures: 5, random: &random) == .zero)
    }
}
