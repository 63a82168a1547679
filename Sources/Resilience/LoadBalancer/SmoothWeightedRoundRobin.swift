/// Takes turns in proportion to weights, spread as evenly as can be.
///
/// The algorithm of nginx since 1.3.1 (`ngx_http_upstream_get_peer`): every eligible entry gains its weight, the one
/// that has most is picked and loses the sum. With entries always eligible each gets exactly its weight of picks in
/// every period, and the period is the sum of the weights divided by their greatest common divisor. Backups are picked
/// only when no other entry is eligible; of zones it knows nothing. A pick takes linear time, asks about each entry at most once and allocates
/// nothing.
public struct SmoothWeightedRoundRobin: Sendable {
    /// Positions of one kind with their weights and credit, one after the other in memory.
    @usableFromInline
    struct Turn: Sendable {
        @usableFromInline let index: Int
        @usableFromInline let weight: Int
        @usableFromInline var credit = 0

        init(index: Int, weight: Int) {
            self.index = index
            self.weight = weight
        }
    }

    @usableFromInline var primaries: [Turn]
    @usableFromInline var backups: [Turn]

    /// Takes turns among `entries`; they are named by their positions.
    public init(_ entries: [BalancedEntry]) {
        let turns = entries.enumerated().map {
            (entry: $0.element, turn: Turn(index: $0.offset, weight: $0.element.weight))
        }
        primaries = turns.filter { !$0.entry.isBackup }.map(\.turn)
        backups = turns.filter { $0.entry.isBackup }.map(\.turn)
    }

    /// The position of the entry whose turn it is among those for which `isEligible` holds; `nil` when there is none.
    @inlinable
    public mutating func pick(where isEligible: (Int) -> Bool) -> Int? {
        SmoothWeightedRoundRobin.pick(&primaries, isEligible) ?? SmoothWeightedRoundRobin.pick(&backups, isEligible)
    }

    @inlinable
    static func pick(_ turns: inout [Turn], _ isEligible: (Int) -> Bool) -> Int? {
        // So it is asked once whether the memory is nobody else's, and not with every credit.
        turns.withUnsafeMutableBufferPointer { turns in
            var total = 0
            var best = -1
            var bestCredit = Int.min
            for position in turns.indices where isEligible(turns[position].index) {
                let credit = turns[position].credit &+ turns[position].weight
                turns[position].credit = credit
                total &+= turns[position].weight
                if credit > bestCredit {
                    best = position
                    bestCredit = credit
                }
            }
            guard best >= 0 else { return nil }
            turns[best].credit = bestCredit &- total
            return turns[best].index
        }
    }
}
