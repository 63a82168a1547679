/// The place of an element in an array.
struct ElementKey: CodingKey {
    /// Counted from 0.
    let index: Int

    /// The place of the element with this index.
    init(index: Int) {
        self.index = index
    }

    init?(intValue: Int) {
        index = intValue
    }

    init?(stringValue: String) {
        guard let value = Int(stringValue) else { return nil }
        index = value
    }

    var intValue: Int? { index }
    var stringValue: String { String(index) }
}
