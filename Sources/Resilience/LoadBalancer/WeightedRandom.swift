/// Picks anybody, as often as their weights say.
///
/// Knows nothing and remembers nothing, so any number of them agree with each other.
public struct WeightedRandom: Sendable {
    @usableFromInline let tiers: PreferenceTiers

    /// Picks among `entries`; they are named by their positions.
    public init(_ entries: [BalancedEntry]) {
        tiers = PreferenceTiers(entries)
    }

    /// The position of an entry for which `isEligible` holds; `nil` when there is none.
    @inlinable
    public func pick(random: inout SeededRandom, where isEligible: (Int) -> Bool) -> Int? {
        guard let choice = tiers.choose(isEligible) else { return nil }
        return tiers.members[tiers.draw(from: choice, random: &random, isEligible)].index
    }
}
