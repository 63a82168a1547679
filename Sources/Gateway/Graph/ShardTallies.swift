import Synchronization

/// A counter for each shard, and a sum of lengths of time, which only that shard adds to and everybody may read.
///
/// Each is alone on its cache lines, so that shards do not slow each other.
final class ShardTallies: Sendable {
    private final class Tally: Sendable {
        private let padding = InlineArray<14, UInt64>(repeating: 0)
        let count = Atomic<UInt64>(0)
        let nanoseconds = Atomic<UInt64>(0)
        private let morePadding = InlineArray<14, UInt64>(repeating: 0)
    }

    private let tallies: [Tally]

    /// `count` counters, one at least.
    init(count: Int) {
        tallies = (0..<max(count, 1)).map { _ in Tally() }
    }

    /// Adds one for the shard with this number, on its loop.
    func add(shard: Int) {
        tallies[shard].count.addAlone(1)
    }

    /// Adds one and a length of time, negative ones as zero, for the shard with this number, on its loop.
    func add(nanoseconds: Int64, shard: Int) {
        let tally = tallies[shard]
        tally.count.addAlone(1)
        tally.nanoseconds.addAlone(UInt64(max(nanoseconds, 0)))
    }

    /// The sum of all counts.
    var total: UInt64 { totals.count }

    /// The sums of all.
    var totals: (count: UInt64, nanoseconds: UInt64) {
        var (count, nanoseconds): (UInt64, UInt64) = (0, 0)
        for tally in tallies {
            count &+= tally.count.load(ordering: .relaxed)
            nanoseconds &+= tally.nanoseconds.load(ordering: .relaxed)
        }
        return (count, nanoseconds)
    }
}

extension Atomic<UInt64> {
    /// Adds where nobody else does, so that a load and a store make an increment.
    fileprivate func addAlone(_ amount: UInt64) {
        store(load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }
}
