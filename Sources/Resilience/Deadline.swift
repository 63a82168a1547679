/// The point in time by which something must be done.
@frozen
public struct Deadline: Hashable, Comparable, Sendable {
    /// The point in time.
    public var time: MonotonicTime

    /// A deadline at `time`.
    @inlinable
    public init(at time: MonotonicTime) {
        self.time = time
    }

    /// A deadline `timeout` after `start`.
    @inlinable
    public init(_ timeout: Duration, after start: MonotonicTime) {
        time = start + timeout
    }

    /// Never reached.
    public static let never = Deadline(at: .distantFuture)

    @inlinable
    public static func < (left: Deadline, right: Deadline) -> Bool {
        left.time < right.time
    }

    /// Whether the time is up.
    @inlinable
    public func isReached(at now: MonotonicTime) -> Bool {
        now >= time
    }

    /// The time that is left, never negative.
    @inlinable
    public func remaining(at now: MonotonicTime) -> Duration {
        max(time - now, .zero)
    }

    /// Whether something that takes `duration` from `now` on can end in time.
    @inlinable
    public func allows(_ duration: Duration, from now: MonotonicTime) -> Bool {
        now + duration < time
    }

    /// The deadline of one try that begins `now` and may take `timeout`: never later than this one.
    @inlinable
    public func limited(to timeout: Duration, from now: MonotonicTime) -> Deadline {
        min(self, Deadline(timeout, after: now))
    }
}
