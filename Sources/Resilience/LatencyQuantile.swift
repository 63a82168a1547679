/// A quantile of the latencies of the last ten to twenty seconds, within a tenth of its size.
///
/// Latencies are counted in buckets whose widths grow with them, four to each doubling (as in HdrHistogram with two bits).
/// A period of ten seconds is filled while the one before it still counts. The quantile is found anew every 64 latencies,
/// which costs one look at each bucket; recording another costs a few nanoseconds. Allocates nothing.
public struct LatencyQuantile: Sendable {
    private static let period = Duration.seconds(10)
    private static let interval: UInt32 = 64
    /// Below 16 µs all is one; above 68 s too.
    private static let lowestExponent = 14
    private static let bucketCount = 90

    /// Of a hundred latencies, how many are below the quantile.
    public let percent: Int
    private var current = InlineArray<90, UInt32>(repeating: 0)
    private var previous = InlineArray<90, UInt32>(repeating: 0)
    private var currentCount: UInt32 = 0
    private var previousCount: UInt32 = 0
    private var periodEnd: MonotonicTime
    private var untilNextLook = LatencyQuantile.interval

    /// The quantile, at least as long as it really is and at most a fifth longer; `nil` before there were 64 latencies.
    public private(set) var value: Duration?

    /// The latency below which `percent` of a hundred are (1…99), of which none is known at `now`.
    public init(percent: Int, at now: MonotonicTime) {
        self.percent = min(max(percent, 1), 99)
        periodEnd = now + LatencyQuantile.period
    }

    /// Takes note of a latency; a negative one is none.
    public mutating func record(nanoseconds: Int64, at now: MonotonicTime) {
        if now >= periodEnd { turn(at: now) }
        current[LatencyQuantile.bucket(of: nanoseconds)] &+= 1
        currentCount &+= 1
        untilNextLook &-= 1
        guard untilNextLook == 0 else { return }
        untilNextLook = LatencyQuantile.interval
        value = .nanoseconds(LatencyQuantile.end(ofBucket: bucketOfQuantile()))
    }

    private mutating func turn(at now: MonotonicTime) {
        let isNext = now - periodEnd < LatencyQuantile.period
        previous = isNext ? current : InlineArray<90, UInt32>(repeating: 0)
        previousCount = isNext ? currentCount : 0
        current = InlineArray<90, UInt32>(repeating: 0)
        currentCount = 0
        periodEnd = now + LatencyQuantile.period
    }

    private func bucketOfQuantile() -> Int {
        let total = UInt64(currentCount) + UInt64(previousCount)
        // The rank of the first latency that is not below it, counted from one.
        let rank = (total * UInt64(percent) + 99) / 100
        var sum: UInt64 = 0
        for index in current.indices {
            sum += UInt64(current[index]) + UInt64(previous[index])
            if sum >= rank { return index }
        }
        return LatencyQuantile.bucketCount - 1
    }

    static func bucket(of nanoseconds: Int64) -> Int {
        guard nanoseconds >= 1 << Int64(lowestExponent) else { return 0 }
        let exponent = 63 - nanoseconds.leadingZeroBitCount
        let quarter = Int((nanoseconds >> Int64(exponent - 2)) & 3)
        return min((exponent - lowestExponent) * 4 + quarter + 1, bucketCount - 1)
    }

    /// The first length of time that is too long for a bucket.
    static func end(ofBucket index: Int) -> Int64 {
        guard index > 0 else { return 1 << Int64(lowestExponent) }
        let exponent = Int64(lowestExponent + (index - 1) / 4)
        return (Int64(5 + (index - 1) % 4)) << (exponent - 2)
    }
}
