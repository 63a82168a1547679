/// Picks the faster of two random entries, by how long they took lately and how many calls they have.
///
/// The idea is Finagle's `p2cPeakEwma`: what a call will wait for is about the time of one call for each that is there
/// already. The two are drawn by their weights, and the first is taken unless the second is clearly better: it would be
/// done with all it has and this call no later than the first with all it has, in proportion to the weights; or it would be
/// done before an idle first one, with a fifth to spare, because smaller differences are chance and would undo the weights.
///
/// Whoever fails is to be told as slow as a call may be, or failing fast would attract calls. One of which nothing is known
/// gets a call when it has none, and then counts as taking a second until more is known.
public struct PeakEWMA: Sendable {
    @usableFromInline let tiers: PreferenceTiers
    @usableFromInline var estimates: [LatencyEstimate]
    /// Nanoseconds.
    @usableFromInline let decay: Double

    /// A time below this share of another one is clearly shorter.
    @usableFromInline static let clearShare = 0.8
    /// What one takes of which nothing is known, in nanoseconds: slower than what works well, faster than what fails.
    @usableFromInline static let assumedTime = 1e9

    /// Picks among `entries`, which are named by their positions and of which nothing is known; what is known fades by a
    /// factor of e in each `decay` (1 ms at least).
    public init(_ entries: [BalancedEntry], decay: Duration = .seconds(10)) {
        tiers = PreferenceTiers(entries)
        estimates = [LatencyEstimate](repeating: LatencyEstimate(), count: entries.count)
        self.decay = Double(max(decay.saturatedNanoseconds, 1_000_000))
    }

    /// The position of an entry for which `isEligible` holds; `nil` when there is none. `inFlight` says how many calls one
    /// has now.
    @inlinable
    public func pick(
        at now: MonotonicTime, random: inout SeededRandom, where isEligible: (Int) -> Bool, inFlight: (Int) -> Int
    ) -> Int? {
        guard let pair = tiers.drawTwo(random: &random, isEligible) else { return nil }
        let (first, second) = (tiers.members[pair.first], tiers.members[pair.second])
        guard pair.first != pair.second else { return first.index }
        let (firstCount, secondCount) = (inFlight(first.index), inFlight(second.index))
        let firstTime = estimates[first.index].nanoseconds(at: now, decay: decay)
        let secondTime = estimates[second.index].nanoseconds(at: now, decay: decay)
        let isSecondBetter: Bool
        switch (firstTime, secondTime) {
        case (nil, nil):
            isSecondBetter = LeastRequest.isFuller(
                firstCount, ofWeight: first.weight, thanWithOneMore: secondCount, ofWeight: second.weight)
        case (_?, nil) where secondCount == 0:
            isSecondBetter = true
        case (nil, _?) where firstCount == 0:
            isSecondBetter = false
        default:
            let firstTime = firstTime ?? PeakEWMA.assumedTime
            let done = (secondTime ?? PeakEWMA.assumedTime) * Double(secondCount &+ 1)
            isSecondBetter =
                done * Double(first.weight) <= firstTime * Double(firstCount) * Double(second.weight)
                || done < firstTime * PeakEWMA.clearShare
        }
        return isSecondBetter ? second.index : first.index
    }

    /// Takes note that a try at the entry at `index` ended at `now` after `nanoseconds`; of one that failed or was refused,
    /// this is the longest time that a call may take.
    @inlinable
    public mutating func record(nanoseconds: Int64, of index: Int, at now: MonotonicTime) {
        guard estimates.indices.contains(index) else { return }
        estimates[index].record(nanoseconds: nanoseconds, at: now, decay: decay)
    }

    /// Takes note that nobody waited any longer at `now`, after `nanoseconds`, for the entry at `index`.
    @inlinable
    public mutating func recordAtLeast(nanoseconds: Int64, of index: Int, at now: MonotonicTime) {
        guard estimates.indices.contains(index) else { return }
        estimates[index].recordAtLeast(nanoseconds: nanoseconds, at: now, decay: decay)
    }

    /// Forgets what is known of the entry at `index`: it is not what it was.
    @inlinable
    public mutating func forget(_ index: Int) {
        guard estimates.indices.contains(index) else { return }
        estimates[index] = LatencyEstimate()
    }

    /// What is known at `now` of the entry at `index`; `nil` if nothing is.
    public func estimate(of index: Int, at now: MonotonicTime) -> Duration? {
        guard estimates.indices.contains(index) else { return nil }
        return estimates[index].nanoseconds(at: now, decay: decay).map { .nanoseconds(Int64($0)) }
    }
}
