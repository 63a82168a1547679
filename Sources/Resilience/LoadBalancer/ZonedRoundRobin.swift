/// Takes turns among those of the own zone while there are enough of them, else among all (`PreferenceTiers`).
///
/// Each tier has turns of its own, so that who took part before another zone had to help has no credit from that time.
public struct ZonedRoundRobin: Sendable {
    @usableFromInline let tiers: PreferenceTiers
    @usableFromInline var turns: [SmoothWeightedRoundRobin]

    /// Takes turns among `entries`; they are named by their positions.
    public init(_ entries: [BalancedEntry]) {
        let tiers = PreferenceTiers(entries)
        self.tiers = tiers
        turns = tiers.tiers.map { tier in
            SmoothWeightedRoundRobin(tiers.members[tier.positions].map { BalancedEntry(weight: $0.weight) })
        }
    }

    /// The position of the entry whose turn it is among those for which `isEligible` holds; `nil` when there is none.
    @inlinable
    public mutating func pick(where isEligible: (Int) -> Bool) -> Int? {
        guard let choice = tiers.choose(isEligible) else { return nil }
        let start = choice.positions.lowerBound
        // Other threads may have changed who is eligible; then whoever is asked may still refuse.
        let turn = turns[choice.tier].pick { isEligible(tiers.members[start &+ $0].index) } ?? 0
        return tiers.members[start &+ turn].index
    }
}
