/// How many calls each identity has in flight, so that none has more than its share. Bounded; allocates only when made.
///
/// A table with open addresses and places for all identities that may have calls at the same time; an identity without
/// calls takes no place. Entering and leaving cost about as much as one look into a cache line while the table is not
/// crowded; a table with more identities than it has places for does not count the others, and says so.
public struct IdentityShares: Sendable {
    /// Whether a call may begin.
    @frozen
    public enum Admission: UInt8, Sendable {
        /// Yes; `leave` is to be called at its end.
        case admitted
        /// No: the identity has as many as it may have.
        case refused
        /// Yes, but it is not counted, because there are too many identities; `leave` must not be called.
        case uncounted
    }

    @usableFromInline
    struct Place: Sendable {
        @usableFromInline var identity: UInt64
        /// 0: the place is free.
        @usableFromInline var count: Int

        @inlinable
        init(identity: UInt64 = 0, count: Int = 0) {
            self.identity = identity
            self.count = count
        }
    }

    /// Calls that one identity may have in flight.
    public let limit: Int
    /// Calls in flight that are counted.
    public private(set) var callCount = 0
    /// Identities that have calls in flight and are counted.
    public private(set) var identityCount = 0
    private let capacity: Int
    private let mask: Int
    private var places: [Place]

    /// A table of `limit` (1…) calls for each of at most `capacity` (1…1,000,000) identities.
    public init(limit: Int = 64, capacity: Int = 4_096) {
        self.limit = max(limit, 1)
        self.capacity = min(max(capacity, 1), 1_000_000)
        // At most half full, so that ways are short.
        var size = 2
        while size < self.capacity * 2 { size *= 2 }
        mask = size - 1
        places = [Place](repeating: Place(), count: size)
    }

    /// Calls that `identity`, a hash of it, has in flight.
    public func count(of identity: UInt64) -> Int { places[position(of: identity)].count }

    /// Begins a call of `identity`, a hash of it.
    public mutating func enter(_ identity: UInt64) -> Admission {
        let position = position(of: identity)
        let count = places[position].count
        guard count < limit else { return .refused }
        if count == 0 {
            guard identityCount < capacity else { return .uncounted }
            identityCount += 1
            places[position].identity = identity
        }
        places[position].count = count &+ 1
        callCount &+= 1
        return .admitted
    }

    /// Ends a call of `identity` that was admitted.
    public mutating func leave(_ identity: UInt64) {
        let position = position(of: identity)
        let count = places[position].count
        guard count > 0 else {
            assertionFailure("a call ends that was not counted")
            return
        }
        places[position].count = count &- 1
        callCount &-= 1
        guard count == 1 else { return }
        identityCount -= 1
        close(gap: position)
    }

    /// The place of `identity`, or the free one where it would be.
    private func position(of identity: UInt64) -> Int {
        // Identities are hashes, but perhaps not good ones in their low bits.
        var position = home(of: identity)
        while places[position].count != 0, places[position].identity != identity { position = (position &+ 1) & mask }
        return position
    }

    private func home(of identity: UInt64) -> Int {
        Int(truncatingIfNeeded: (identity &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    }

    /// Moves those behind a place that has become free, so that nobody's way leads over a free place.
    private mutating func close(gap: Int) {
        var gap = gap
        var position = (gap &+ 1) & mask
        while places[position].count != 0 {
            let way = (position &- home(of: places[position].identity)) & mask
            if way >= (position &- gap) & mask {
                places[gap] = places[position]
                places[position].count = 0
                gap = position
            }
            position = (position &+ 1) & mask
        }
    }
}
