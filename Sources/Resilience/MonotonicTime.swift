/// A point on the monotonic clock, in nanoseconds since an origin that the caller chose; the only notion of time here.
///
/// Always passed in, never read. All arithmetic saturates, so that no sum of times and durations can trap.
@frozen
public struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since the origin.
    public var nanoseconds: Int64

    /// The time `nanoseconds` after the origin.
    @inlinable
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The origin.
    public static let zero = MonotonicTime(nanoseconds: 0)

    /// Later than everything that happens.
    public static let distantFuture = MonotonicTime(nanoseconds: .max)

    /// The time `duration` after the origin.
    @inlinable
    public static func since(origin duration: Duration) -> MonotonicTime {
        MonotonicTime(nanoseconds: duration.saturatedNanoseconds)
    }

    /// The time `count` seconds after the origin.
    @inlinable
    public static func seconds(_ count: Double) -> MonotonicTime {
        since(origin: .seconds(count))
    }

    /// The time `count` milliseconds after the origin.
    @inlinable
    public static func milliseconds(_ count: Int64) -> MonotonicTime {
        since(origin: .milliseconds(count))
    }

    @inlinable
    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// `duration` later; the last representable time when that is out of range.
    @inlinable
    public static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        time.advanced(byNanoseconds: duration.saturatedNanoseconds)
    }

    /// `duration` earlier; the first representable time when that is out of range.
    @inlinable
    public static func - (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        MonotonicTime(nanoseconds: saturatingDifference(time.nanoseconds, duration.saturatedNanoseconds))
    }

    /// The time from `earlier` to `later`; negative when they are the other way round.
    @inlinable
    public static func - (later: MonotonicTime, earlier: MonotonicTime) -> Duration {
        .nanoseconds(saturatingDifference(later.nanoseconds, earlier.nanoseconds))
    }

    @inlinable
    public static func += (time: inout MonotonicTime, duration: Duration) {
        time = time + duration
    }

    /// `count` nanoseconds later, saturating; cheaper than adding a `Duration`.
    @inlinable
    public func advanced(byNanoseconds count: Int64) -> MonotonicTime {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(count)
        return MonotonicTime(nanoseconds: overflow ? (count < 0 ? .min : .max) : sum)
    }

    @usableFromInline
    static func saturatingDifference(_ left: Int64, _ right: Int64) -> Int64 {
        let (difference, overflow) = left.subtractingReportingOverflow(right)
        return overflow ? (right < 0 ? .max : .min) : difference
    }
}

extension Duration {
    /// Whole nanoseconds, rounded towards zero, limited to what `Int64` can hold.
    @inlinable
    public var saturatedNanoseconds: Int64 {
        let attoseconds = attoseconds
        // 10^9 = 2^9 * 5^9: after the shift anything up to two and a half hours divides in 64 bits, which is ten times
        // cheaper.
        if attoseconds >= 0, let shifted = UInt64(exactly: attoseconds >> 9) { return Int64(shifted / 1_953_125) }
        return Int64(clamping: attoseconds / 1_000_000_000)
    }
}
