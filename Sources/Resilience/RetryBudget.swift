/// How many attempts may be made again: a share of the calls of the last ten seconds, and a few for each second.
///
/// Without a bound, retries multiply the load of backends that fail because they have too much of it. A share alone would
/// leave nothing to a pool with few calls. Counted over ten seconds, what fails at the same moment, as all that a dead
/// backend had, may be tried again at once (the idea and its form: Finagle, "RetryBudget"; M. Brooker, "Fixing retries with
/// token buckets and circuit breakers", 2022).
///
/// Constant cost; allocates nothing.
public struct RetryBudget: Sendable {
    /// The share of calls.
    private let share: Double
    /// What is there for few calls: ten for each of the ten seconds.
    private static let reserve = 100.0
    /// Calls as totals, retries as failures.
    private var window: SlidingWindow

    /// A budget of this share of the calls, 0…; none has been made at `now`.
    public init(share: Double, at now: MonotonicTime = .zero) {
        self.share = share.isFinite ? max(share, 0) : 0
        window = SlidingWindow(span: .seconds(10), at: now)
    }

    /// Takes note of so many calls. Those that nobody has told of yet may be told together, before the next withdrawal.
    public mutating func deposit(calls: Int, at now: MonotonicTime) {
        guard calls > 0 else { return }
        window.add(SlidingWindow.Counts(total: calls, failures: 0, slow: 0), at: now)
    }

    /// Takes out one retry; `false`, and nothing is taken, if there is none left.
    public mutating func withdraw(at now: MonotonicTime) -> Bool {
        // A share of nothing is the wish for none.
        guard share > 0 else { return false }
        let counts = window.counts(at: now)
        guard Double(counts.failures &+ 1) <= Double(counts.total) * share + RetryBudget.reserve else { return false }
        window.add(SlidingWindow.Counts(total: 0, failures: 1, slow: 0), at: now)
        return true
    }
}
