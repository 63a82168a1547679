/// Counts of tries over the trailing span, kept in buckets of equal length.
///
/// The bucket that is being filled counts as a whole, so the span looked at is between `span - bucket` and `span` long.
/// Constant cost per try; moving on costs one step per bucket that fell out, at most all of them. Allocates nothing.
/// Times may come slightly out of order, as they do from several threads: an earlier one counts in the newest
/// bucket.
public struct SlidingWindow: Sendable {
    /// What is counted.
    public struct Counts: Hashable, Sendable {
        /// All tries.
        public var total = 0
        /// Tries that failed.
        public var failures = 0
        /// Tries that succeeded, but slowly.
        public var slow = 0

        /// Nothing counted.
        public init() {}

        /// The given counts.
        public init(total: Int, failures: Int, slow: Int) {
            self.total = total
            self.failures = failures
            self.slow = slow
        }

        fileprivate mutating func add(_ other: Counts) {
            total &+= other.total
            failures &+= other.failures
            slow &+= other.slow
        }

        fileprivate mutating func subtract(_ other: Counts) {
            total &-= other.total
            failures &-= other.failures
            slow &-= other.slow
        }
    }

    /// The number of buckets that `span` is cut into.
    public static let bucketCount = 10

    private let bucketNanoseconds: Int64
    private var buckets = InlineArray<10, Counts>(repeating: Counts())
    private var newest = 0
    private var newestEnd: Int64
    private var totals = Counts()

    /// An empty window over the last `span` (at least ten nanoseconds), whose first bucket holds `now`.
    public init(span: Duration = .seconds(10), at now: MonotonicTime) {
        bucketNanoseconds = max(1, span.saturatedNanoseconds / Int64(SlidingWindow.bucketCount))
        newestEnd = 0
        newestEnd = endOfBucket(holding: now)
    }

    /// What happened in the span that ends at `now`.
    public mutating func counts(at now: MonotonicTime) -> Counts {
        advance(to: now)
        return totals
    }

    /// Adds `counts` at `now` and returns what happened in the span that ends then.
    @discardableResult
    public mutating func add(_ counts: Counts, at now: MonotonicTime) -> Counts {
        advance(to: now)
        buckets[newest].add(counts)
        totals.add(counts)
        return totals
    }

    /// Forgets everything.
    public mutating func removeAll(at now: MonotonicTime) {
        for index in buckets.indices { buckets[index] = Counts() }
        totals = Counts()
        newestEnd = endOfBucket(holding: now)
    }

    private mutating func advance(to now: MonotonicTime) {
        guard now.nanoseconds >= newestEnd else { return }
        let steps = (now.nanoseconds &- newestEnd) / bucketNanoseconds &+ 1
        if steps >= Int64(buckets.count) || steps < 0 {
            removeAll(at: now)
            return
        }
        for _ in 0..<steps {
            newest = newest &+ 1 == buckets.count ? 0 : newest &+ 1
            totals.subtract(buckets[newest])
            buckets[newest] = Counts()
        }
        newestEnd = endOfBucket(holding: now)
    }

    /// Buckets begin at multiples of their length, whatever the sign of the time.
    private func endOfBucket(holding time: MonotonicTime) -> Int64 {
        let remainder = time.nanoseconds % bucketNanoseconds
        let start = time.nanoseconds.subtractingReportingOverflow(
            remainder < 0 ? remainder &+ bucketNanoseconds : remainder)
        guard !start.overflow else { return .min &+ bucketNanoseconds }
        return MonotonicTime(nanoseconds: start.partialValue).advanced(byNanoseconds: bucketNanoseconds).nanoseconds
    }
}
