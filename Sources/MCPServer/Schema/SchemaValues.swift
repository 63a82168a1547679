import Wire

/// The values of `enum`, or the one of `const`.
struct SchemaValues: Sendable {
    /// The strings among them, as UTF-8.
    let strings: [[UInt8]]
    /// The canonical forms of all others.
    let others: [[UInt8]]
    /// As the schema spells them, cut when there are many.
    let phrase: String

    /// The values of a list; of `const` if it is one alone.
    init(_ values: [JSONValue], isConst: Bool) {
        strings = values.compactMap { $0.stringValue.map { Array($0.utf8) } }
        others = values.filter { $0.stringValue == nil }.map { CanonicalForm.of($0) }
        let shown = values.prefix(20).map { SchemaReport.shown($0.description, 100) }.joined(separator: ", ")
        phrase = isConst ? "must be \(shown)" : "must be one of \(shown)" + (values.count > 20 ? ", …" : "")
    }
}
