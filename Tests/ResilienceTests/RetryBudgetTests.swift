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

    @Test(arguments: [0.05, 0.2, 1.0])
    func `no ten seconds see more than the share of their calls and the reserve`(share: Double) {
        for seed in 1...20 as ClosedRange<UInt64> {
            var random = SeededRandom(seed: seed)
            var budget = RetryBudget(share: share)
            var now = MonotonicTime.zero
            // The window may be a bucket shorter than ten seconds, never longer.
            var calls: [(at: MonotonicTime, count: Int)] = []
            var retries: [MonotonicTime] = []
            for _ in 0..<3_000 {
                now = now + .milliseconds(Int64(random.next(below: 40)))
                if random.next(below: 2) == 0 {
                    let count = random.next(below: 30)
                    budget.deposit(calls: count, at: now)
                    calls.append((now, count))
                } else if budget.withdraw(at: now) {
                    retries.append(now)
                }
            }
            for retry in retries {
                let began = retry - .seconds(10)
                let spent = retries.count { $0 > began && $0 <= retry }
                // What fell out of the budget's window a bucket early may have been repeated once more.
                let earned = calls.reduce(0) { $0 + ($1.at > began - .seconds(1) && $1.at <= retry ? $1.count : 0) }
                #expect(Double(spent) <= (Double(earned) * share + 100) * 1.12 + 1)
            }
        }
    }
}
