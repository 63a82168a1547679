import Synchronization

/// A counter for each shard, which only that shard adds to and everybody may read.
///
/// Each is alone on its cache lines, so that shards do not slow each other.
final class ShardTallies: Sendable {
    private final class Tally: Sendable {
        private let padding = InlineArray<14, UInt64>(repeating: 0)
        let count = Atomic<UInt64>(0)
        private let morePadding = InlineArray<14, UInt64>(repeating: 0)
    }

    private let tallies: [Tally]

    /// `count` counters, one at least.
    init(count: Int) {
        tallies = (0..<max(count, 1)).map { _ in Tally() }
    }

    /// Adds one for the shard with this number, on its loop.
    func add(shard: Int) {
        let tally = tallies[shard]
        // Only this shard writes here, so a load and a store make an increment.
        let count = tally.count.load(ordering: .relaxed)
        tally.count.store(count &+ 1, ordering: .relaxed)
    }

    /// The sum of all.
    var total: UInt64 {
        var total: UInt64 = 0
        for tally in tallies { total &+= tally.count.load(ordering: .relaxed) }
        return total
    }
}
