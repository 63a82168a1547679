/// Lets one call through in each interval, to find out whether a backend is there again that is said to be down.
///
/// One word, so that it can also be the content of an atomic that shards share: `next(after:)` says what to put into its
/// place, and whoever succeeds sends the call. Constant cost.
@frozen
public struct RationedProbe: Hashable, Sendable {
    /// Before this nobody is let through.
    public var next: MonotonicTime

    /// Lets the first one through at `start`.
    @inlinable
    public init(from start: MonotonicTime = MonotonicTime(nanoseconds: .min)) {
        next = start
    }

    /// What this is after a call was let through at `now`; `nil` if none is.
    public func next(after now: MonotonicTime, interval: Duration = .seconds(1)) -> RationedProbe? {
        now >= next ? RationedProbe(from: now + max(interval, .nanoseconds(1))) : nil
    }

    /// Whether a call is let through at `now`.
    public mutating func admit(at now: MonotonicTime, interval: Duration = .seconds(1)) -> Bool {
        guard let after = next(after: now, interval: interval) else { return false }
        self = after
        return true
    }
}
