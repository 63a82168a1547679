/// Picks the less busy of two random entries.
///
/// The power of two choices (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001): nearly as
/// good as always the least busy one, and callers that know only a part of the calls do not all run to the same place. The
/// two are drawn by their weights, and the first is taken unless the second would be no fuller with the call than the
/// first is without it, in calls in flight for each unit of weight. So the weights hold when there is little to do, and
/// when there is much to do it is the calls in flight that are in proportion to them.
public struct LeastRequest: Sendable {
    @usableFromInline let tiers: PreferenceTiers

    /// Picks among `entries`; they are named by their positions.
    public init(_ entries: [BalancedEntry]) {
        tiers = PreferenceTiers(entries)
    }

    /// The position of an entry for which `isEligible` holds; `nil` when there is none. `inFlight` says how many calls one
    /// has now.
    @inlinable
    public func pick(
        random: inout SeededRandom, where isEligible: (Int) -> Bool, inFlight: (Int) -> Int
    ) -> Int? {
        guard let pair = tiers.drawTwo(random: &random, isEligible) else { return nil }
        let (first, second) = (tiers.members[pair.first], tiers.members[pair.second])
        guard pair.first != pair.second else { return first.index }
        let isFuller = LeastRequest.isFuller(
            inFlight(first.index), ofWeight: first.weight, thanWithOneMore: inFlight(second.index),
            ofWeight: second.weight)
        return isFuller ? second.index : first.index
    }

    /// Whether one with `count` calls in flight is as full as another one would be with one more than it has, or fuller.
    @inlinable
    static func isFuller(_ count: Int, ofWeight weight: Int, thanWithOneMore other: Int, ofWeight otherWeight: Int)
        -> Bool
    {
        (other &+ 1) &* weight <= count &* otherWeight
    }
}

extension PreferenceTiers {
    /// Two random positions in `members`, drawn by their weights, the same one twice if only one may be picked; `nil` when
    /// none may.
    @inlinable
    func drawTwo(random: inout SeededRandom, _ isEligible: (Int) -> Bool) -> (first: Int, second: Int)? {
        guard let choice = choose(isEligible) else { return nil }
        let first = draw(from: choice, random: &random, isEligible)
        guard choice.weight > members[first].weight else { return (first, first) }
        return (first, draw(from: choice, except: first, random: &random, isEligible))
    }
}
