/// How long one takes to answer, as far as is known: an average that jumps up at once and comes down slowly.
///
/// The peak-sensitive moving average of Finagle's `p2cPeakEwma`: a time above the estimate replaces it, others pull it
/// towards them by how long ago the last one was, and without any it fades away, so that one who was slow is tried again
/// some time. Times out of order count as of the latest.
public struct LatencyEstimate: Hashable, Sendable {
    /// The estimate at `time`, in nanoseconds; negative before the first answer.
    @usableFromInline var nanoseconds = -1.0
    @usableFromInline var time = MonotonicTime.zero

    /// Nothing is known.
    @inlinable
    public init() {}

    /// The estimate at `now` in nanoseconds; `nil` if there is none. What it was fades by a factor of e in each `decay`.
    @inlinable
    public func nanoseconds(at now: MonotonicTime, decay: Double) -> Double? {
        guard nanoseconds >= 0 else { return nil }
        return nanoseconds * LatencyEstimate.share(leftAfter: elapsed(at: now), decay: decay)
    }

    /// Takes note of an answer at `now` that took `duration` nanoseconds, one at least.
    @inlinable
    public mutating func record(nanoseconds duration: Int64, at now: MonotonicTime, decay: Double) {
        // Not nothing: of two that take none, neither would be the slower one.
        let duration = Double(max(duration, 1))
        defer { time = max(time, now) }
        guard duration < nanoseconds else {
            nanoseconds = duration
            return
        }
        let share = LatencyEstimate.share(leftAfter: elapsed(at: now), decay: decay)
        nanoseconds = nanoseconds * share + duration * (1 - share)
    }

    /// Takes note that an answer had not come at `now` after `duration` nanoseconds: says something only if that is more
    /// than the estimate.
    @inlinable
    public mutating func recordAtLeast(nanoseconds duration: Int64, at now: MonotonicTime, decay: Double) {
        guard Double(duration) > nanoseconds(at: now, decay: decay) ?? -1 else { return }
        record(nanoseconds: duration, at: now, decay: decay)
    }

    @inlinable
    func elapsed(at now: MonotonicTime) -> Double {
        Double(max(MonotonicTime.saturatingDifference(now.nanoseconds, time.nanoseconds), 0))
    }

    /// e^(-elapsed / decay), within 0.012: (1 + x / 16)^-16 is below 1, above 0 and falls everywhere, and needs no library.
    @inlinable
    static func share(leftAfter elapsed: Double, decay: Double) -> Double {
        let base = 1 + elapsed / (16 * decay)
        let second = base * base
        let fourth = second * second
        let eighth = fourth * fourth
        return 1 / (eighth * eighth)
    }
}
