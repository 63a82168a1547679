/// Waiting times that grow with each failure, drawn over their whole length so that those who wait do not come back
/// together.
///
/// "Full jitter" (M. Brooker, "Exponential backoff and jitter", AWS Architecture Blog 2015): `U(0, min(maximum, base *
/// 2^k))`.
public struct Backoff: Hashable, Sendable {
    /// The longest wait after the first failure. Default 25 ms.
    public var base: Duration
    /// The longest wait at all. Default 1 s.
    public var maximum: Duration

    /// A backoff that starts at `base` and ends at `maximum`.
    public init(base: Duration = .milliseconds(25), maximum: Duration = .seconds(1)) {
        self.base = base
        self.maximum = maximum
    }

    /// The longest wait after `failures` failures before this one (0 for the first wait).
    public func limit(afterFailures failures: Int) -> Duration {
        .nanoseconds(doubled(base.saturatedNanoseconds, times: failures, limit: maximum.saturatedNanoseconds))
    }

    /// A wait after `failures` failures before this one (0 for the first wait).
    public func delay(afterFailures failures: Int, random: inout SeededRandom) -> Duration {
        random.nextDuration(below: limit(afterFailures: failures))
    }
}

/// `value * 2^times`, at most `limit`, without overflow; 0 when `value` is negative.
func doubled(_ value: Int64, times: Int, limit: Int64) -> Int64 {
    guard value > 0 else { return 0 }
    guard times > 0 else { return min(value, limit) }
    guard times < value.leadingZeroBitCount - 1 else { return limit }
    return min(value << Int64(times), limit)
}
