import Wire

/// A bound of numbers.
struct NumberBound: Sendable {
    /// As the schema spells it.
    let literal: String
    private let exact: ExactNumber
    private let small: Int64?

    /// The bound that `number` spells.
    init?(_ number: JSONNumber) {
        guard let exact = ExactNumber(number) else { return nil }
        var text = number.literal
        literal = text
        self.exact = exact
        small = text.withUTF8 { ExactNumber.small(ByteView(UnsafeRawBufferPointer($0))) }
    }

    /// How the number that `text` spells stands to the bound: -1 below, 0 equal, 1 above; `nil` for no number.
    func order(of text: ByteView) -> Int? {
        if let small, let value = ExactNumber.small(text) { return value < small ? -1 : value > small ? 1 : 0 }
        guard let value = ExactNumber(text) else { return nil }
        return value < exact ? -1 : value == exact ? 0 : 1
    }
}
