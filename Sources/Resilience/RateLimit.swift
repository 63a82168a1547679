/// So many requests in so much time: the generic cell rate algorithm (ITU-T I.371, annex A; "leaky bucket as a meter").
///
/// What is kept of a caller is one point in time, when its bucket will be empty. Each request moves it on by the time that
/// one request is worth; a request that would fill the bucket beyond `burst` is refused and costs nothing. Within any
/// `period` at most `count + burst` requests are admitted, and in the long run `count` for each.
public struct RateLimit: Hashable, Sendable {
    /// Whether a request is served.
    public enum Decision: Hashable, Sendable {
        /// It is.
        case admitted
        /// It is not; one that comes after `retryAfter` would be, if none came before it.
        case refused(retryAfter: Duration)
    }

    /// Nanoseconds that one request is worth; 1….
    let cost: Int64
    /// How far in the future the bucket may become empty for a request to be admitted, in nanoseconds.
    let tolerance: Int64

    /// A limit of `count` requests (1…) in each `period` (above zero), of which `burst` (1…) may come at once; without
    /// `burst`, all of them. What one request is worth is a whole number of `resolution` (above zero).
    public init(
        count: Int, per period: Duration, burst: Int? = nil, resolution: Duration = .nanoseconds(1)
    ) {
        let count = Int64(max(count, 1))
        let nanoseconds = max(period.saturatedNanoseconds, 1)
        // Rounded up, so that rounding never admits more than was asked for.
        let exact = max(1, nanoseconds / count &+ (nanoseconds % count == 0 ? 0 : 1))
        let unit = max(resolution.saturatedNanoseconds, 1)
        let (whole, isTooLong) = exact.addingReportingOverflow(unit &- 1)
        self.init(
            cost: isTooLong ? exact : whole / unit &* unit, burst: Int64(max(burst ?? Int(clamping: count), 1)))
    }

    /// The limit of one of `count` (1…) that share this one: together they admit what it admits, and one request each.
    public func share(of count: Int) -> RateLimit {
        let count = Int64(max(count, 1))
        let (product, overflow) = cost.multipliedReportingOverflow(by: count)
        return RateLimit(cost: overflow ? .max : product, burst: max(burst / count, 1))
    }

    private init(cost: Int64, burst: Int64) {
        self.cost = cost
        let (product, overflow) = cost.multipliedReportingOverflow(by: burst &- 1)
        tolerance = overflow ? .max : product
    }

    /// How many requests may come at once; 1….
    public var burst: Int64 { tolerance / cost &+ 1 }

    /// What one request is worth; 1….
    public var nanosecondsPerRequest: Int64 { cost }

    /// What a full burst is worth; 1….
    public var nanosecondsOfBurst: Int64 {
        let (sum, overflow) = tolerance.addingReportingOverflow(cost)
        return overflow ? .max : sum
    }

    /// Decides about a request at `now` of a caller whose bucket becomes empty at `emptyAt`, and moves that on.
    ///
    /// A caller that is new has a bucket that was always empty: `MonotonicTime(nanoseconds: .min)`.
    public func decide(_ emptyAt: inout MonotonicTime, at now: MonotonicTime) -> Decision {
        let latest = now.advanced(byNanoseconds: tolerance)
        guard emptyAt <= latest else { return .refused(retryAfter: emptyAt - latest) }
        emptyAt = max(emptyAt, now).advanced(byNanoseconds: cost)
        return .admitted
    }
}
