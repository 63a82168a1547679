/// A set of positions in an array or an object. The first 64 cost no memory of their own.
struct PositionSet: Sendable {
    private var first: UInt64 = 0
    private var rest: [UInt64] = []

    /// Whether `position` is in the set.
    func contains(_ position: Int) -> Bool {
        if position < 64 { return first &>> UInt64(position) & 1 == 1 }
        let word = position &>> 6 &- 1
        return word < rest.count && rest[word] &>> UInt64(position & 63) & 1 == 1
    }

    /// Adds a position, which is not negative.
    mutating func insert(_ position: Int) {
        if position < 64 {
            first |= 1 &<< UInt64(position)
            return
        }
        let word = position &>> 6 &- 1
        while rest.count <= word { rest.append(0) }
        rest[word] |= 1 &<< UInt64(position & 63)
    }

    /// Adds the positions of another set.
    mutating func formUnion(_ other: PositionSet) {
        first |= other.first
        while rest.count < other.rest.count { rest.append(0) }
        for (index, word) in other.rest.enumerated() { rest[index] |= word }
    }
}
