import Resilience
import Testing

@Suite struct `Seeded random` {
    @Test func `is SplitMix64`() {
        // The first outputs for seed 1234567, as published with the reference implementation in C.
        var random = SeededRandom(seed: 1_234_567)
        let numbers = (0..<5).map { _ in random.next() }
        #expect(
            numbers == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
    }

    @Test func `gives the same for the same seed and other numbers for another`() {
        var first = SeededRandom(seed: 7)
        var second = SeededRandom(seed: 7)
        var third = SeededRandom(seed: 8)
        for _ in 0..<100 {
            let number = first.next()
            #expect(number == second.next())
            #expect(number != third.next())
        }
    }

    @Test func `spreads units and durations evenly within their bounds`() {
        var random = SeededRandom(seed: 42)
        var unitBuckets = [Int](repeating: 0, count: 10)
        var durationBuckets = [Int](repeating: 0, count: 10)
        for _ in 0..<100_000 {
            let unit = random.nextUnit()
            unitBuckets[min(max(Int(unit * 10), 0), 9)] += unit >= 0 && unit < 1 ? 1 : 1_000_000
            durationBuckets[Int(random.nextNanoseconds(below: 1_000) / 100)] += 1
        }
        // Five standard deviations around the 10,000 that are expected.
        for count in unitBuckets + durationBuckets { #expect(abs(count - 10_000) < 475) }
    }

    @Test func `gives nothing below nothing`() {
        var random = SeededRandom(seed: 1)
        #expect(random.nextNanoseconds(below: 0) == 0)
        #expect(random.nextNanoseconds(below: -5) == 0)
        #expect(random.nextDuration(below: .zero) == .zero)
        for _ in 0..<100 { #expect(random.nextDuration(below: .nanoseconds(1)) == .zero) }
        #expect(random.nextNanoseconds(below: .max) >= 0)
    }
}
