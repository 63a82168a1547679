/// How many attempts may be made again: a share of the calls of the last ten seconds, and a few for each second.
///
/// Without a bound, retries multiply the load of backends that fail because they have too much of it. A share alone would
/// leave nothing to a pool with few calls. Counted over ten seconds, what fails at the same moment, as all that a dead
/// backend had, may be tried again at once (the idea and its form: Finagle, "RetryBudget"; M. Brooker, "Fixing retries with
/// token buckets and circuit breakers", 2022).
///
/// One for each pool and process: shards count their calls themselves, and the sum is told before a withdrawal. Constant
/// cost; allocates nothing.
public struct RetryBudget: Sendable {
    /// What is there for few calls: ten for each of the ten seconds.
    public static let reserve = 100

    /// The share of calls.
    private let share: Double
    /// Calls as totals, retries as failures.
    private var window: SlidingWindow
    private var lastDeposit: MonotonicTime

    private static let span = Duration.seconds(10)

    /// A budget of this share of the calls, 0…; none has been made at `now`.
    public init(share: Double, at now: MonotonicTime = .zero) {
        self.share = share.isFinite ? max(share, 0) : 0
        window = SlidingWindow(span: RetryBudget.span, at: now)
        lastDeposit = now
    }

    /// Takes note of so many calls since the last deposit.
    ///
    /// If that was longer ago than the ten seconds, they count as if they had come evenly: only those of the last ten seconds
    /// do. So it suffices to tell before each withdrawal; told every second it is exact.
    public mutating func deposit(calls: Int, at now: MonotonicTime) {
        let elapsed = (now - lastDeposit).saturatedNanoseconds
        lastDeposit = max(lastDeposit, now)
        guard calls > 0 else { return }
        let span = RetryBudget.span.saturatedNanoseconds
        let count = elapsed > span ? Int(Double(calls) * (Double(span) / Double(elapsed))) : calls
        window.add(SlidingWindow.Counts(total: count, failures: 0, slow: 0), at: now)
    }

    /// Takes out one retry, probe or hedge; `false`, and nothing is taken, if there is none left.
    public mutating func withdraw(at now: MonotonicTime) -> Bool {
        // A share of nothing is the wish for none.
        guard share > 0 else { return false }
        let counts = window.counts(at: now)
        let limit = Double(counts.total) * share + Double(RetryBudget.reserve)
        guard Double(counts.failures &+ 1) <= limit else { return false }
        window.add(SlidingWindow.Counts(total: 0, failures: 1, slow: 0), at: now)
        return true
    }
}
