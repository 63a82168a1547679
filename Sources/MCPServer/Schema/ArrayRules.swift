/// What a schema says about arrays.
final class ArrayRules: Sendable {
    /// The schemas of the first elements.
    let prefix: [Int]
    /// The schema of all elements behind them.
    let items: Int?
    /// The schema that some elements match.
    let contains: Int?
    /// How many these are.
    let contained: ClosedRange<Int>
    /// How many elements there are.
    let count: ClosedRange<Int>
    /// Whether no two elements are equal.
    let isUnique: Bool

    /// Rules that are known.
    init(
        prefix: [Int], items: Int?, contains: Int?, contained: ClosedRange<Int>, count: ClosedRange<Int>, isUnique: Bool
    ) {
        self.prefix = prefix
        self.items = items
        self.contains = contains
        self.contained = contained
        self.count = count
        self.isUnique = isUnique
    }
}
