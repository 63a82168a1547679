import Wire

/// What a schema says about objects.
final class ObjectRules: Sendable {
    /// What is said about one name.
    struct Property: Sendable {
        /// The name, as UTF-8.
        var name: [UInt8]
        /// The schema of the member's value.
        var schema: Int?
        /// Whether the member must be there.
        var isRequired = false
        /// Places of names that must be there too, in the same table.
        var requires: [Int] = []
        /// A schema for the whole object that has this member.
        var dependent: Int?

        /// A name of which nothing is said yet.
        init(name: [UInt8]) {
            self.name = name
        }
    }

    /// All names that are spoken of, in the order of `order`.
    let properties: [Property]
    /// The places of those that must be there.
    let required: [Int]
    /// The places of those whose presence demands something.
    let demanding: [Int]
    /// The schemas of members whose names match.
    let patterns: [(pattern: Pattern, schema: Int)]
    /// The schema of members of which neither their names nor patterns say anything.
    let additional: Int?
    /// The schema of names.
    let names: Int?
    /// How many members there are.
    let count: ClosedRange<Int>

    /// Rules that are known; `properties` are in order.
    init(
        properties: [Property], patterns: [(pattern: Pattern, schema: Int)], additional: Int?, names: Int?,
        count: ClosedRange<Int>
    ) {
        self.properties = properties
        required = properties.indices.filter { properties[$0].isRequired }
        demanding = properties.indices.filter { !properties[$0].requires.isEmpty || properties[$0].dependent != nil }
        self.patterns = patterns
        self.additional = additional
        self.names = names
        self.count = count
    }

    /// The place of a name: by bisection.
    func place(of name: ByteView) -> Int? {
        var low = 0
        var high = properties.count
        while low < high {
            let middle = (low &+ high) &>> 1
            switch ObjectRules.order(name, properties[middle].name) {
            case 0: return middle
            case ..<0: high = middle
            default: low = middle &+ 1
            }
        }
        return nil
    }

    /// How names are ordered: by length, then by bytes. Below 0 if `left` comes first.
    static func order(_ left: ByteView, _ right: [UInt8]) -> Int {
        guard left.count == right.count else { return left.count &- right.count }
        for offset in 0..<right.count where left[offset] != right[offset] {
            return Int(left[offset]) &- Int(right[offset])
        }
        return 0
    }
}
