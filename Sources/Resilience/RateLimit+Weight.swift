/// Requests that are worth more than one, and decisions in which several limits must agree: first all are asked, then all
/// are charged.
extension RateLimit {
    /// Decides about a request at `now` that is worth as much as `weight` (1…) others, and charges nothing.
    ///
    /// A request that is worth more than the burst is always refused.
    public func check(_ emptyAt: MonotonicTime, weight: Int64, at now: MonotonicTime) -> Decision {
        let latest = now.advanced(byNanoseconds: tolerance).advanced(byNanoseconds: -worth(max(weight, 1) &- 1))
        // An empty bucket has no more room than a full burst, however long it has been empty.
        let start = max(emptyAt, now)
        return start <= latest ? .admitted : .refused(retryAfter: start - latest)
    }

    /// Charges a request of `weight` (1…) that was admitted at `now` to a caller whose bucket becomes empty at `emptyAt`.
    public func charge(_ emptyAt: inout MonotonicTime, weight: Int64, at now: MonotonicTime) {
        emptyAt = max(emptyAt, now).advanced(byNanoseconds: worth(max(weight, 1)))
    }

    /// How many requests of weight 1 would be admitted at `now`, one after the other; 0….
    public func remaining(_ emptyAt: MonotonicTime, at now: MonotonicTime) -> Int64 {
        let latest = now.advanced(byNanoseconds: tolerance)
        let room = MonotonicTime.saturatingDifference(latest.nanoseconds, max(emptyAt, now).nanoseconds)
        return room >= 0 ? room / cost &+ 1 : 0
    }

    /// How long it takes from `now` on until all of the burst is there again; zero if it is.
    public func restoration(_ emptyAt: MonotonicTime, at now: MonotonicTime) -> Duration {
        max(emptyAt, now) - now
    }

    /// The same in whole seconds, rounded up.
    public func secondsToRestoration(_ emptyAt: MonotonicTime, at now: MonotonicTime) -> Int {
        let nanoseconds = MonotonicTime.saturatingDifference(max(emptyAt, now).nanoseconds, now.nanoseconds)
        return Int(clamping: nanoseconds / 1_000_000_000 &+ (nanoseconds % 1_000_000_000 > 0 ? 1 : 0))
    }

    /// Nanoseconds that so many requests are worth, 0….
    private func worth(_ weight: Int64) -> Int64 {
        let (product, overflow) = cost.multipliedReportingOverflow(by: weight)
        return overflow ? .max : product
    }
}
