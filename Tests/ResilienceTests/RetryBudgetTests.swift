import Resilience
import Testing

@Suite struct `a retry budget` {
    @Test func `few calls may be repeated ten times a second, over ten seconds`() {
        var budget = RetryBudget(share: 0.2)
        var count = 0
        while count < 1_000, budget.withdraw(at: .milliseconds(Int64(count))) { count += 1 }
        #expect(count == 100)
        let (early, late) = (budget.withdraw(at: .seconds(8)), budget.withdraw(at: .seconds(10)))
        #expect(!early && late)
    }

    @Test func `a share of nothing allows nothing`() {
        var budget = RetryBudget(share: 0)
        budget.deposit(calls: 1_000, at: .zero)
        let isGranted = budget.withdraw(at: .zero)
        #expect(!isGranted)
    }

    @Test func `calls of an hour that are told at once count for ten seconds`() {
        var budget = RetryBudget(share: 0.2, at: .zero)
        budget.deposit(calls: 3_600_000, at: .seconds(3_600))
        let granted = (0..<10_000).count { _ in budget.withdraw(at: .seconds(3_600)) }
        #expect(granted == 2_100)
    }

    @Test func `survives any time and any count`() {
        var random = SeededRandom(seed: 9)
        var budget = RetryBudget(share: 1e300, at: MonotonicTime(nanoseconds: .min))
        for _ in 0..<1_000 {
            let time = MonotonicTime(nanoseconds: Int64(bitPattern: random.next()))
            budget.deposit(calls: Int(truncatingIfNeeded: random.next()), at: time)
            _ = budget.withdraw(at: time)
        }
        budget.deposit(calls: .max, at: .distantFuture)
        _ = budget.withdraw(at: .distantFuture)
    }

    /// All backends fail half of the calls, and each call is tried three times at most.
    @Test(arguments: [400, 1_000, 5_000])
    func `holds tries per call to 1.25 when half of all fail`(rate: Int) {
        var budget = RetryBudget(share: 0.2, at: .zero)
        var random = SeededRandom(seed: UInt64(rate))
        var (calls, tries, refused) = (0, 0, 0)
        for second in 0..<10 {
            for number in 0..<rate {
                let now = MonotonicTime.seconds(Double(second) + Double(number) / Double(rate))
                calls += 1
                tries += 1
                budget.deposit(calls: 1, at: now)
                var left = 2
                while random.next(below: 2) == 0, left > 0 {
                    guard budget.withdraw(at: now) else {
                        refused += 1
                        break
                    }
                    left -= 1
                    tries += 1
                }
            }
            let perCall = Double(tries) / Double(calls)
            // Of less than five seconds of 400 calls, what is there for few calls is more than a twentieth.
            if second >= 4 { #expect(perCall <= 1.25, "\(perCall) after \(second + 1) s") }
        }
        #expect(refused > 0)
    }

    /// The definition looked up in a list of everything that happened, and the bound over any span.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `agrees with a list of all calls and retries`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let second: Int64 = 1_000_000_000
        let share = [0.05, 0.2, 1][random.next(below: 3)]
        var now = MonotonicTime(nanoseconds: random.nextNanoseconds(below: 100 * second))
        var budget = RetryBudget(share: share, at: now)
        var calls: [Int64: Int] = [:]
        var retries: [Int64: Int] = [:]
        func sum(_ counts: [Int64: Int], _ seconds: ClosedRange<Int64>) -> Int {
            seconds.reduce(0) { $0 + counts[$1, default: 0] }
        }
        var mismatches = 0
        for _ in 0..<300 {
            now = now.advanced(
                byNanoseconds: random.nextNanoseconds(below: [second / 100, second, 4 * second][random.next(below: 3)]))
            let bucket = now.nanoseconds / second
            let count = random.next(below: 200)
            budget.deposit(calls: count, at: now)
            calls[bucket, default: 0] += count
            let window = bucket - 9...bucket
            let limit = Double(sum(calls, window)) * share + 100
            for _ in 0..<random.next(below: 60) {
                let expected = Double(sum(retries, window) + 1) <= limit
                if budget.withdraw(at: now) != expected { mismatches += 1 }
                if expected { retries[bucket, default: 0] += 1 }
            }
        }
        #expect(mismatches == 0)
        guard let first = calls.keys.min(), let last = calls.keys.max() else { return }
        for _ in 0..<100 {
            let start = first + Int64(random.next(below: Int(last - first)))
            let end = start + Int64(random.next(below: Int(last - start) + 1))
            let bound =
                Double(sum(calls, start - 9...end)) * share + 100 * Double((end - start + 10) / 10)
            if Double(sum(retries, start...end)) > bound { mismatches += 1 }
        }
        #expect(mismatches == 0)
    }
}
