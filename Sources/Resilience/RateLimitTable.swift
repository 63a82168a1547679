/// A rate limit for each of many callers. Bounded: who has been silent for longest is forgotten first.
///
/// A caller that was forgotten begins anew, so the bound should be well above the number of callers in one period.
public struct RateLimitTable<Key: Hashable & Sendable>: Sendable {
    /// Callers that are remembered unless told otherwise.
    public static var standardCapacity: Int { 100_000 }

    private let limit: RateLimit
    private let capacity: Int
    private var emptyAt = RecencyTable<Key, MonotonicTime>()

    /// A table of at most `capacity` (1…) callers.
    public init(_ limit: RateLimit, capacity: Int = RateLimitTable.standardCapacity) {
        self.limit = limit
        self.capacity = max(capacity, 1)
    }

    /// Callers that are remembered.
    public var count: Int { emptyAt.count }

    /// Decides about a request of `key` at `now`. Constant cost.
    public mutating func decide(_ key: Key, at now: MonotonicTime) -> RateLimit.Decision {
        var time = emptyAt.use(key) ?? MonotonicTime(nanoseconds: .min)
        let decision = limit.decide(&time, at: now)
        if decision == .admitted { emptyAt.set(key, to: time) }
        if emptyAt.count > capacity { _ = emptyAt.removeOldest() }
        return decision
    }
}
