/// Chooses who gets a call, in one of several ways.
///
/// A value of one owner: it knows the calls that its owner tells of, and no others. Time and chance are arguments. Every
/// way shares calls out by weights, picks backups when nobody else can be picked, and prefers the own zone; picks take
/// linear time and allocate nothing.
public struct LoadBalancer: Sendable {
    /// How one is chosen.
    public enum Policy: Hashable, Sendable, CaseIterable {
        /// In turns.
        case roundRobin
        /// The less busy of two.
        case leastRequest
        /// The faster of two.
        case peakEWMA
        /// The same one for the same key, unless it has too much to do.
        case consistentHash
        /// Anybody.
        case random
    }

    /// What a policy has to remember.
    @usableFromInline
    enum Way: Sendable {
        case turns
        case turnsByZone
        case leastRequest(LeastRequest)
        case peakEWMA
        case hash(BoundedLoadHash)
        case random(WeightedRandom)
    }

    /// How one is chosen.
    public let policy: Policy
    @usableFromInline let way: Way
    @usableFromInline let isInTurns: Bool
    // What changes with every pick stands beside the enum: a payload would have to be taken out, and be copied.
    @usableFromInline var turns: SmoothWeightedRoundRobin
    @usableFromInline var turnsByZone: ZonedRoundRobin
    @usableFromInline var latencies: PeakEWMA
    @usableFromInline var slowStart: SlowStart

    /// Chooses by `policy` among `entries`, which are named by their positions and, for hashes, told apart by `names`; one
    /// name for each entry. Who begins anew has its whole share after `slowStart`.
    public init(
        _ policy: Policy, _ entries: [BalancedEntry], names: [UInt64], slowStart: Duration = .seconds(10)
    ) {
        self.policy = policy
        let hasZones = entries.contains(where: \.isRemote) && !entries.allSatisfy(\.isRemote)
        way =
            switch policy {
            case .roundRobin: hasZones ? .turnsByZone : .turns
            case .leastRequest: .leastRequest(LeastRequest(entries))
            case .peakEWMA: .peakEWMA
            case .consistentHash: .hash(BoundedLoadHash(entries, names: names))
            case .random: .random(WeightedRandom(entries))
            }
        isInTurns = policy == .roundRobin && !hasZones
        turns = SmoothWeightedRoundRobin(policy == .roundRobin ? entries : [])
        turnsByZone = ZonedRoundRobin(policy == .roundRobin ? entries : [])
        latencies = PeakEWMA(policy == .peakEWMA ? entries : [])
        self.slowStart = SlowStart(entries, duration: slowStart)
    }

    /// The position of the entry to take among those for which `isEligible` holds; `nil` when there is none. `key` matters
    /// for hashes only; `inFlight` says how many calls one has now.
    @inlinable @inline(__always)
    public mutating func pick(
        key: UInt64, at now: MonotonicTime, random: inout SeededRandom, where isEligible: (Int) -> Bool,
        inFlight: (Int) -> Int
    ) -> Int? {
        // The others apart: what is not needed for turns is not to be in their way.
        guard slowStart.isOver(at: now) else {
            return pickWhileStarting(key: key, at: now, random: &random, where: isEligible, inFlight: inFlight)
        }
        if isInTurns { return turns.pick(where: isEligible) }
        return pickOtherwise(key: key, at: now, random: &random, where: isEligible, inFlight: inFlight)
    }

    @inlinable @inline(never)
    mutating func pickWhileStarting(
        key: UInt64, at now: MonotonicTime, random: inout SeededRandom, where isEligible: (Int) -> Bool,
        inFlight: (Int) -> Int
    ) -> Int? {
        let start = slowStart
        let threshold = start.drawThreshold(at: now, random: &random, where: isEligible)
        let pick = pickOtherwise(
            key: key, at: now, random: &random,
            where: { start.share(of: $0, at: now) >= threshold && isEligible($0) }, inFlight: inFlight)
        // Others may have changed who is eligible; better one who starts than nobody.
        return pick
            ?? pickOtherwise(key: key, at: now, random: &random, where: isEligible, inFlight: inFlight)
    }

    @inlinable @inline(never)
    mutating func pickOtherwise(
        key: UInt64, at now: MonotonicTime, random: inout SeededRandom, where isEligible: (Int) -> Bool,
        inFlight: (Int) -> Int
    ) -> Int? {
        switch way {
        case .turns:
            turns.pick(where: isEligible)
        case .turnsByZone:
            turnsByZone.pick(where: isEligible)
        case .leastRequest(let leastRequest):
            leastRequest.pick(random: &random, where: isEligible, inFlight: inFlight)
        case .peakEWMA:
            latencies.pick(at: now, random: &random, where: isEligible, inFlight: inFlight)
        case .hash(let hash):
            hash.pick(key: key, where: isEligible, inFlight: inFlight)
        case .random(let anybody):
            anybody.pick(random: &random, where: isEligible)
        }
    }

    /// Takes note that a try at the entry at `index` ended at `now` after `nanoseconds`; of one that failed or was refused,
    /// this is the longest time that a call may take. Only `peakEWMA` listens.
    @inlinable
    public mutating func record(nanoseconds: Int64, of index: Int, at now: MonotonicTime) {
        latencies.record(nanoseconds: nanoseconds, of: index, at: now)
    }

    /// Takes note that nobody waited any longer at `now`, after `nanoseconds`, for the entry at `index`. Only `peakEWMA`
    /// listens.
    @inlinable
    public mutating func recordAtLeast(nanoseconds: Int64, of index: Int, at now: MonotonicTime) {
        latencies.recordAtLeast(nanoseconds: nanoseconds, of: index, at: now)
    }

    /// The entry at `index` has recovered at `now`: it gets few calls at first (`SlowStart`).
    public mutating func begin(_ index: Int, at now: MonotonicTime) {
        slowStart.begin(index, at: now)
    }

    /// Forgets how fast the entry at `index` was: it is not what it was. Only `peakEWMA` listens.
    @inlinable
    public mutating func forget(_ index: Int) {
        latencies.forget(index)
    }
}
