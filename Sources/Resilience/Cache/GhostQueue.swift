/// Fingerprints of what was evicted lately, the oldest of which are forgotten first.
@usableFromInline
struct GhostQueue: Sendable {
    /// A ring; what is not in `positions` at its own place is not there any more.
    private var ring: [Int] = []
    private var head = 0
    private var length = 0
    private var positions: [Int: Int] = [:]

    /// Nothing was evicted yet.
    @usableFromInline
    init() {}

    /// How many places of the ring are taken.
    var count: Int { length }

    /// Whether `fingerprint` was put here and is not forgotten yet.
    @usableFromInline
    func contains(_ fingerprint: Int) -> Bool { positions[fingerprint] != nil }

    /// Puts `fingerprint` at the end.
    @usableFromInline
    mutating func insert(_ fingerprint: Int) {
        if length == ring.count { grow() }
        let position = (head &+ length) & (ring.count &- 1)
        ring[position] = fingerprint
        positions[fingerprint] = position
        length &+= 1
    }

    /// Forgets `fingerprint`. Its place is given back in its turn.
    @usableFromInline
    mutating func remove(_ fingerprint: Int) {
        positions[fingerprint] = nil
    }

    /// Forgets the oldest until `limit` are left.
    @usableFromInline
    mutating func trim(to limit: Int) {
        while length > max(limit, 0) {
            let fingerprint = ring[head]
            // It may have come again since: then this place is not the one that counts.
            if positions[fingerprint] == head { positions[fingerprint] = nil }
            head = (head &+ 1) & (ring.count &- 1)
            length &-= 1
        }
    }

    private mutating func grow() {
        let size = max(ring.count &* 2, 16)
        var larger: [Int] = []
        larger.reserveCapacity(size)
        for offset in 0..<length {
            let position = (head &+ offset) & (ring.count &- 1)
            if positions[ring[position]] == position { larger.append(ring[position]) }
        }
        length = larger.count
        larger.append(contentsOf: repeatElement(0, count: size &- length))
        ring = larger
        head = 0
        positions.removeAll(keepingCapacity: true)
        for position in 0..<length { positions[ring[position]] = position }
    }
}
