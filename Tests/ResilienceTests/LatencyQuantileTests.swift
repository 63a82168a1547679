import Testing

@testable import Resilience

@Suite struct `a quantile of latencies` {
    @Test func `buckets have no gaps and no overlaps`() {
        var last = -1
        for index in 0..<88 {
            let end = LatencyQuantile.end(ofBucket: index)
            #expect(LatencyQuantile.bucket(of: end - 1) == index && LatencyQuantile.bucket(of: end) == index + 1)
            #expect(index == last + 1)
            last = index
        }
        #expect(LatencyQuantile.bucket(of: .min) == 0 && LatencyQuantile.bucket(of: .max) == 89)
    }

    @Test(arguments: [50, 90, 95, 99])
    func `is at most a fifth above what sorting says`(percent: Int) {
        for seed in 1...30 as ClosedRange<UInt64> {
            var random = SeededRandom(seed: seed)
            var quantile = LatencyQuantile(percent: percent, at: .zero)
            var all: [Int64] = []
            let scale = 1 + random.next(below: 5_000_000)
            for number in 0..<640 {
                let latency = Int64(20_000 + random.next(below: scale) * (1 + random.next(below: 20)))
                all.append(latency)
                quantile.record(nanoseconds: latency, at: .milliseconds(Int64(number)))
            }
            let exact = all.sorted()[(640 * percent + 99) / 100 - 1]
            let found = quantile.value.map { $0 / .nanoseconds(1) } ?? 0
            #expect(found >= Double(exact) && found <= Double(exact) * 1.26, "\(found) \(exact)")
        }
    }

    @Test func `says nothing before it knows something, and forgets what is long ago`() {
        var quantile = LatencyQuantile(percent: 95, at: .zero)
        for _ in 0..<63 { quantile.record(nanoseconds: 1_000_000_000, at: .zero) }
        #expect(quantile.value == nil)
        quantile.record(nanoseconds: 1_000_000_000, at: .zero)
        #expect(quantile.value ?? .zero >= .seconds(1))
        for _ in 0..<64 { quantile.record(nanoseconds: 1_000_000, at: .seconds(11)) }
        #expect(quantile.value ?? .zero >= .seconds(1), "the period before still counts")
        for _ in 0..<64 { quantile.record(nanoseconds: 1_000_000, at: .seconds(21)) }
        #expect(quantile.value ?? .zero < .milliseconds(2))
    }
}
