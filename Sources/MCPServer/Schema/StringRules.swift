/// What a schema says about strings, by keyword. Lengths are in code points.
struct StringRules: Sendable {
    var minLength = 0
    var maxLength = Int.max
    var pattern: Pattern?
    var format: SchemaFormat?
}
