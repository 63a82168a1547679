/// How the rules have decided about one call.
package struct RateLimitTally: Sendable {
    /// What a rule has said.
    package enum Decision: Sendable {
        case allowed, refused, wouldRefuse
    }

    /// One bit for each rule; there are 100 at most.
    private var decided: (allowed: UInt128, refused: UInt128, wouldRefuse: UInt128) = (0, 0, 0)

    /// Nobody has decided yet.
    package init() {}

    /// The rule at `index` has decided.
    package mutating func add(_ decision: Decision, _ index: Int) {
        let bit = 1 as UInt128 &<< UInt128(truncatingIfNeeded: index)
        switch decision {
        case .allowed: decided.allowed |= bit
        case .refused: decided.refused |= bit
        case .wouldRefuse: decided.wouldRefuse |= bit
        }
    }

    /// Adds this to the counts of all rules.
    func add(to counts: inout [RateLimitCounts]) {
        for index in counts.indices {
            let shift = UInt128(truncatingIfNeeded: index)
            counts[index].allowed &+= Int(truncatingIfNeeded: decided.allowed &>> shift & 1)
            counts[index].refused &+= Int(truncatingIfNeeded: decided.refused &>> shift & 1)
            counts[index].wouldRefuse &+= Int(truncatingIfNeeded: decided.wouldRefuse &>> shift & 1)
        }
    }
}
