/// Turns the results of active checks into a verdict: down after `fall` failures in a row, up after `rise` successes.
///
/// Before the first verdict one success suffices, so that a start does not take longer than it must.
/// (reliability: "down after 2 failures, up after 2 successes; at start one success suffices")
public struct HealthCheck: Sendable {
    /// Failures in a row that make it down, at least 1. Default 2.
    public let fall: Int
    /// Successes in a row that make it up again, at least 1. Default 2.
    public let rise: Int
    /// Up or down; `nil` before the first verdict.
    public private(set) var isUp: Bool?
    private var streak = 0

    /// Nothing checked yet. Thresholds below 1 count as 1.
    ///
    /// - Parameter isUp: the verdict of checks that were made before by somebody else.
    public init(fall: Int = 2, rise: Int = 2, isUp: Bool? = nil) {
        self.isUp = isUp
        self.fall = max(fall, 1)
        self.rise = max(rise, 1)
    }

    /// Takes note of a check; returns the verdict, `nil` while there is none.
    public mutating func record(passed: Bool) -> Bool? {
        if passed == isUp {
            streak = 0
            return isUp
        }
        if isUp == nil, passed {
            isUp = true
            streak = 0
            return isUp
        }
        // Only what speaks against the verdict is counted; without a verdict these are failures.
        streak += 1
        if streak >= (passed ? rise : fall) {
            isUp = passed
            streak = 0
        }
        return isUp
    }

    /// The wait before the next check: `interval` ±10 %, so that the checks of many processes spread.
    public func nextInterval(_ interval: Duration, random: inout SeededRandom) -> Duration {
        let nanoseconds = min(interval.saturatedNanoseconds, .max / 2)
        let tenth = nanoseconds / 10
        return .nanoseconds(nanoseconds &- tenth &+ random.nextNanoseconds(below: tenth &* 2 &+ 1))
    }
}
