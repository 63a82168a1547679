/// Who may be picked first, and who only when those are not enough: near before remote, backups last.
///
///     near ⊂ all primaries      near backups ⊂ all backups
///
/// A tier of the own zone is used while at least half of its weight may be picked: with less, what is left of the zone
/// would drown in the calls of all of it, and the calls spill over to everybody, near or not. Any other tier is used while
/// anybody in it may be picked. Where all are in one zone there are no zones. Decisions take linear time, ask about each
/// entry at most three times and allocate nothing.
@usableFromInline
struct PreferenceTiers: Sendable {
    /// One entry of a tier.
    @usableFromInline
    struct Member: Sendable {
        /// The position among the entries.
        @usableFromInline let index: Int
        @usableFromInline let weight: Int
    }

    /// Entries that are preferred to those after them.
    @usableFromInline
    struct Tier: Sendable {
        @usableFromInline let positions: Range<Int>
        /// With less than this that may be picked, the next tier is looked at.
        @usableFromInline let minimumWeight: Int
    }

    /// The tier to pick from now.
    @usableFromInline
    struct Choice: Sendable {
        /// Its position in `tiers`.
        @usableFromInline let tier: Int
        /// Its range of `members`.
        @usableFromInline let positions: Range<Int>
        /// The weights of those that may be picked, together; at least 1.
        @usableFromInline let weight: Int

        @inlinable
        init(tier: Int, positions: Range<Int>, weight: Int) {
            self.tier = tier
            self.positions = positions
            self.weight = weight
        }
    }

    /// Near primaries, remote primaries, near backups, remote backups.
    @usableFromInline let members: [Member]
    /// The most preferred first; ranges of `members`, of which later ones may contain earlier ones.
    @usableFromInline let tiers: [Tier]

    /// The tiers of `entries`, which are named by their positions.
    init(_ entries: [BalancedEntry]) {
        var members: [Member] = []
        var tiers: [Tier] = []
        for isBackup in [false, true] {
            let start = members.count
            for isRemote in [false, true] {
                for (index, entry) in entries.enumerated()
                where entry.isBackup == isBackup && entry.isRemote == isRemote {
                    members.append(Member(index: index, weight: entry.weight))
                }
                let positions = start..<members.count
                guard !positions.isEmpty else { continue }
                let weight = members[positions].reduce(0) { $0 + $1.weight }
                let isAll = isRemote || !entries.contains { $0.isBackup == isBackup && $0.isRemote }
                if isAll {
                    tiers.append(Tier(positions: positions, minimumWeight: 1))
                    break
                }
                tiers.append(Tier(positions: positions, minimumWeight: (weight + 1) / 2))
            }
        }
        self.members = members
        self.tiers = tiers
    }

    /// The tier to pick from, given who may be picked; `nil` when nobody may.
    @inlinable
    func choose(_ isEligible: (Int) -> Bool) -> Choice? {
        for number in tiers.indices {
            let positions = tiers[number].positions
            var weight = 0
            for position in positions where isEligible(members[position].index) {
                weight &+= members[position].weight
            }
            if weight >= tiers[number].minimumWeight {
                return Choice(tier: number, positions: positions, weight: weight)
            }
        }
        return nil
    }

    /// A random position in `members` of those of `choice` that may be picked, by their weights; not `skipped`, besides which
    /// there must be another one. Should nobody be left because other threads have changed who may be picked since `choice`
    /// was made, then one who could be until then: whoever is asked may still refuse.
    @inlinable
    func draw(
        from choice: Choice, except skipped: Int = -1, random: inout SeededRandom, _ isEligible: (Int) -> Bool
    ) -> Int {
        var last = choice.positions.lowerBound
        var ticket = random.next(below: choice.weight &- (skipped >= 0 ? members[skipped].weight : 0))
        for position in choice.positions where position != skipped && isEligible(members[position].index) {
            last = position
            ticket &-= members[position].weight
            if ticket < 0 { break }
        }
        return last
    }
}
