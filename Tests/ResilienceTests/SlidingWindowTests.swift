import Resilience
import Testing

@Suite struct `Sliding window` {
    private static let success = SlidingWindow.Counts(total: 1, failures: 0, slow: 0)
    private static let failure = SlidingWindow.Counts(total: 1, failures: 1, slow: 0)
    private static let slow = SlidingWindow.Counts(total: 1, failures: 0, slow: 1)

    @Test func `counts what happened in the span`() {
        var window = SlidingWindow(at: .zero)
        window.add(Self.success, at: .seconds(0.5))
        window.add(Self.failure, at: .seconds(1.5))
        let counts = window.add(Self.slow, at: .seconds(9.9))
        #expect(counts == SlidingWindow.Counts(total: 3, failures: 1, slow: 1))
    }

    @Test func `forgets a bucket when it has left the span`() {
        var window = SlidingWindow(at: .zero)
        window.add(Self.failure, at: .seconds(0.5))
        window.add(Self.success, at: .seconds(1.5))
        #expect(window.counts(at: .seconds(9.999)).total == 2)
        #expect(window.counts(at: .seconds(10)).total == 1)
        #expect(window.counts(at: .seconds(10)).failures == 0)
        #expect(window.counts(at: .seconds(11)).total == 0)
    }

    @Test func `is empty after a long silence`() {
        var window = SlidingWindow(at: .zero)
        window.add(Self.failure, at: .seconds(1))
        #expect(window.counts(at: .distantFuture) == SlidingWindow.Counts())
        #expect(window.add(Self.success, at: .distantFuture).total == 1)
    }

    @Test func `counts an earlier time in the newest bucket`() {
        var window = SlidingWindow(at: .seconds(100))
        window.add(Self.success, at: .seconds(105))
        window.add(Self.failure, at: .seconds(3))
        #expect(window.counts(at: .seconds(114.9)) == SlidingWindow.Counts(total: 2, failures: 1, slow: 0))
        #expect(window.counts(at: .seconds(115)).total == 0)
    }

    @Test func `forgets everything when told`() {
        var window = SlidingWindow(at: .zero)
        window.add(Self.failure, at: .seconds(1))
        window.removeAll(at: .seconds(2))
        #expect(window.counts(at: .seconds(2)) == SlidingWindow.Counts())
    }

    @Test func `survives any time and any span`() {
        var random = SeededRandom(seed: 3)
        let extremes: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
        for span in [Duration.zero, .nanoseconds(1), .seconds(-1), .seconds(10), .seconds(Int64.max)] {
            for start in extremes {
                var window = SlidingWindow(span: span, at: MonotonicTime(nanoseconds: start))
                for _ in 0..<50 {
                    let isExtreme = random.next() % 2 == 0
                    let time = isExtreme ? extremes[Int(random.next() % 7)] : Int64(bitPattern: random.next())
                    let counts = window.add(Self.failure, at: MonotonicTime(nanoseconds: time))
                    #expect(counts.total >= 1 && counts.total == counts.failures)
                }
            }
        }
    }

    /// The model keeps every try and looks at all of them each time.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `agrees with a list of all tries`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let bucket: Int64 = 1_000_000_000
        var now = MonotonicTime(nanoseconds: Int64(random.next() >> 20) - (1 << 42))
        var window = SlidingWindow(at: now)
        var tries: [(bucket: Int64, kind: SlidingWindow.Counts)] = []
        for _ in 0..<1_000 {
            let longest = [1_000_000, bucket, 3 * bucket, 15 * bucket][Int(random.next() % 4)]
            now = now.advanced(byNanoseconds: random.nextNanoseconds(below: longest))
            let kind = [Self.success, Self.failure, Self.slow][Int(random.next() % 3)]
            let counts = window.add(kind, at: now)
            let current = (Double(now.nanoseconds) / Double(bucket)).rounded(.down)
            tries.append((Int64(current), kind))
            var expected = SlidingWindow.Counts()
            for entry in tries where entry.bucket > Int64(current) - 10 {
                expected.total += entry.kind.total
                expected.failures += entry.kind.failures
                expected.slow += entry.kind.slow
            }
            #expect(counts == expected)
        }
    }
}
