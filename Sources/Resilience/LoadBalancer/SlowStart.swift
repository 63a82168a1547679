/// Gives those who have just recovered a small share of the calls at first, and the whole after a while.
///
/// The share grows evenly from a tenth to the whole within ten seconds. It works with any policy, because it only says who
/// takes part in a pick: with every pick a threshold is drawn, and those whose share is below it sit out. The threshold is
/// drawn so that each gets calls in proportion to its weight times its share; one who shares with nobody gets all.
///
/// While nobody starts, a pick pays one comparison; else a draw costs linear time for each different share. Allocates only
/// when made.
public struct SlowStart: Sendable {
    @usableFromInline
    struct Member: Sendable {
        @usableFromInline let weight: Double
        /// Those of a kind share calls with each other; a lower kind is picked before a higher one.
        @usableFromInline let kind: Int
        /// When it began; far in the past for one who serves for long.
        @usableFromInline var since = MonotonicTime(nanoseconds: .min)

        init(weight: Double, kind: Int) {
            self.weight = weight
            self.kind = kind
        }
    }

    @usableFromInline var members: [Member]
    @usableFromInline let nanoseconds: Double
    @usableFromInline let initialShare: Double
    /// When all have their whole share.
    @usableFromInline var end = MonotonicTime(nanoseconds: .min)

    /// Nobody starts. `duration` is at least 1 ms, `initialShare` 1…100 %.
    public init(_ entries: [BalancedEntry], duration: Duration = .seconds(10), initialShare: Double = 0.1) {
        members = entries.map {
            Member(weight: Double($0.weight), kind: ($0.isBackup ? 2 : 0) + ($0.isRemote ? 1 : 0))
        }
        nanoseconds = Double(max(duration.saturatedNanoseconds, 1_000_000))
        self.initialShare = min(max(initialShare, 0.01), 1)
    }

    /// The entry at `index` is there again at `now`.
    public mutating func begin(_ index: Int, at now: MonotonicTime) {
        guard members.indices.contains(index) else { return }
        members[index].since = now
        end = max(end, now.advanced(byNanoseconds: Int64(clamping: UInt64(nanoseconds))))
    }

    /// Whether all have their whole share at `now`.
    @inlinable
    public func isOver(at now: MonotonicTime) -> Bool { now >= end }

    /// What the entry at `index` gets at `now` of what it would get otherwise, in proportion to others; above 0, at most 1.
    @inlinable
    public func share(of index: Int, at now: MonotonicTime) -> Double {
        let elapsed = Double(
            max(MonotonicTime.saturatingDifference(now.nanoseconds, members[index].since.nanoseconds), 0))
        return min(initialShare + (1 - initialShare) * (elapsed / nanoseconds), 1)
    }

    /// A random threshold; those whose share is below it sit out this time. Somebody always takes part if anybody is
    /// eligible, unless other threads change that.
    ///
    /// The shares that occur cut 0…1 into spans. A span is drawn in proportion to its length times the weight of those whose
    /// share reaches above it, who then take part in proportion to their weights; over all spans this makes weight times
    /// share for each.
    @inlinable
    public func drawThreshold(
        at now: MonotonicTime, random: inout SeededRandom, where isEligible: (Int) -> Bool
    ) -> Double {
        var kind = Int.max
        var total = 0.0
        for index in members.indices where members[index].kind <= kind && isEligible(index) {
            if members[index].kind < kind {
                kind = members[index].kind
                total = 0
            }
            total += members[index].weight * share(of: index, at: now)
        }
        var left = random.nextUnit() * total
        var level = 0.0
        while true {
            var weight = 0.0
            var next = 2.0
            for index in members.indices where members[index].kind == kind && isEligible(index) {
                let share = share(of: index, at: now)
                guard share > level else { continue }
                weight += members[index].weight
                next = min(next, share)
            }
            // Beyond the last one only by rounding.
            guard next <= 1 else { return level }
            left -= (next - level) * weight
            level = next
            if left < 0 { return level }
        }
    }
}
