/// Picks the same entry for the same key, as long as it has not much more to do than the others.
///
/// Weighted rendezvous hashing (Thaler, Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", 1998; weights by
/// the logarithmic method): each entry has a score for the key, and the highest one wins. When an entry goes, its keys and
/// no others move, to all others by their weights. Loads are bounded as in Mirrokni, Thorup, Zadimoghaddam, "Consistent
/// Hashing with Bounded Loads", 2018: an entry that with the call would have more than `bound` times its share of what is
/// in flight, rounded up, is passed over for the next one. There is always one that has room.
public struct BoundedLoadHash: Sendable {
    @usableFromInline let tiers: PreferenceTiers
    /// What each entry adds to keys.
    @usableFromInline let salts: [UInt64]
    @usableFromInline let hasEqualWeights: Bool
    @usableFromInline let bound: Double

    /// Picks among `entries`, which are named by their positions and told apart by `names`, hashes of what stays the same
    /// when entries come and go; one for each entry. `bound` is at least 1.
    public init(_ entries: [BalancedEntry], names: [UInt64], bound: Double = 1.25) {
        precondition(names.count == entries.count, "each entry needs a name")
        tiers = PreferenceTiers(entries)
        salts = names.map { BoundedLoadHash.mix($0) }
        hasEqualWeights = Set(entries.map(\.weight)).count <= 1
        self.bound = max(bound, 1)
    }

    /// The position of the entry for `key` among those for which `isEligible` holds; `nil` when there is none. `inFlight`
    /// says how many calls one has now.
    @inlinable
    public func pick(key: UInt64, where isEligible: (Int) -> Bool, inFlight: (Int) -> Int) -> Int? {
        guard let choice = tiers.choose(isEligible) else { return nil }
        var total = 1
        for position in choice.positions where isEligible(tiers.members[position].index) {
            total &+= max(inFlight(tiers.members[position].index), 0)
        }
        let room = bound * Double(total) / Double(choice.weight)
        var best = -1
        var bestScore = -Double.infinity
        for position in choice.positions {
            let member = tiers.members[position]
            guard isEligible(member.index) else { continue }
            // Rounded up, and so whoever has fewer than this may have one more.
            guard Double(inFlight(member.index)) < room * Double(member.weight) else { continue }
            let score = score(of: member, for: key)
            if score > bestScore {
                best = member.index
                bestScore = score
            }
        }
        // There is one that has room, unless other threads have changed who is eligible; whoever is asked may still refuse.
        return best >= 0 ? best : tiers.members[choice.positions.lowerBound].index
    }

    @inlinable
    func score(of member: PreferenceTiers.Member, for key: UInt64) -> Double {
        // Above 0 and below 1, so that the logarithm is below 0.
        let chance = (Double(BoundedLoadHash.mix(key ^ salts[member.index]) >> 12) + 0.5) * 0x1p-52
        return hasEqualWeights ? chance : BoundedLoadHash.logarithm(chance) / Double(member.weight)
    }

    /// The last steps of MurmurHash3 with the constants of SplitMix64: every bit of the result depends on every bit of
    /// `bits`.
    @inlinable
    static func mix(_ bits: UInt64) -> UInt64 {
        var bits = bits &+ 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// The natural logarithm of a positive finite number, within 10^-6: ln(2^e m) = e ln 2 + 2 artanh((m - 1) / (m + 1)).
    @inlinable
    static func logarithm(_ number: Double) -> Double {
        let significand = number.significand
        let ratio = (significand - 1) / (significand + 1)
        let square = ratio * ratio
        let series = 1 + square * (1 / 3 + square * (1 / 5 + square * (1 / 7 + square * (1 / 9 + square / 11))))
        return Double(number.exponent) * 0.693_147_180_559_945_3 + 2 * ratio * series
    }
}
