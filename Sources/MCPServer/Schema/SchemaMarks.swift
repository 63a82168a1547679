/// Which members or elements of one value have been evaluated, for `unevaluatedProperties` and `unevaluatedItems`.
struct SchemaMarks {
    /// Whether anybody will look at the marks.
    let isWanted: Bool
    /// The positions that are marked.
    private(set) var positions = PositionSet()

    /// No marks.
    init(isWanted: Bool) {
        self.isWanted = isWanted
    }

    /// Marks a position.
    mutating func insert(_ position: Int) {
        if isWanted { positions.insert(position) }
    }

    /// Takes over the marks of a subschema that has accepted the same value.
    mutating func formUnion(_ other: SchemaMarks) {
        if isWanted { positions.formUnion(other.positions) }
    }
}
