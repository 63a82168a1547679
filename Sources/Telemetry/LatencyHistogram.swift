/// Counts lengths of time in fixed buckets from 100 µs to 60 s: plain integers, no allocation, one owner.
///
/// Recording costs a few nanoseconds. Whoever shares one guards it or keeps one per owner and merges.
package struct LatencyHistogram: Sendable {
    /// The number of buckets, the one without an upper bound included.
    package static let bucketCount = 19

    /// The upper bounds of the buckets in nanoseconds, inclusive; the last bucket has none.
    private static let bounds: InlineArray<18, Int64> = [
        100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
        250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000, 30_000_000_000,
        60_000_000_000,
    ]

    /// The upper bounds of the buckets in seconds, inclusive; the last bucket has none.
    package static let boundsInSeconds: [Double] = bounds.indices.map { Double(bounds[$0]) / 1e9 }

    private var buckets = InlineArray<19, Int>(repeating: 0)

    /// The sum of what was recorded.
    package private(set) var sumNanoseconds: UInt64 = 0

    /// Nothing recorded.
    package init() {}

    /// How many were recorded.
    package var count: Int {
        var sum = 0
        for index in buckets.indices { sum &+= buckets[index] }
        return sum
    }

    /// How many were recorded in each bucket, not cumulated.
    package var counts: [Int] { buckets.indices.map { buckets[$0] } }

    /// Counts one length of time; a negative one counts as zero.
    package mutating func record(nanoseconds: Int64) {
        buckets[LatencyHistogram.bucket(of: nanoseconds)] &+= 1
        sumNanoseconds &+= UInt64(max(nanoseconds, 0))
    }

    /// Adds everything that `other` recorded.
    package mutating func merge(_ other: LatencyHistogram) {
        for index in buckets.indices { buckets[index] &+= other.buckets[index] }
        sumNanoseconds &+= other.sumNanoseconds
    }

    /// The position of the bucket that `nanoseconds` belongs to.
    static func bucket(of nanoseconds: Int64) -> Int {
        var index = 0
        while index < bounds.count, nanoseconds > bounds[index] { index &+= 1 }
        return index
    }
}
