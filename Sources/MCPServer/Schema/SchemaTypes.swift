/// Kinds of values, as `type` names them.
struct SchemaTypes: OptionSet, Sendable {
    let rawValue: UInt8

    static let object = SchemaTypes(rawValue: 1)
    static let array = SchemaTypes(rawValue: 2)
    static let string = SchemaTypes(rawValue: 4)
    static let number = SchemaTypes(rawValue: 8)
    /// Numbers without a fraction.
    static let integer = SchemaTypes(rawValue: 16)
    static let boolean = SchemaTypes(rawValue: 32)
    static let null = SchemaTypes(rawValue: 64)

    /// All, by their names, and how a sentence speaks of them.
    static let all: [(name: String, type: SchemaTypes, phrase: String)] = [
        ("object", .object, "an object"), ("array", .array, "an array"), ("string", .string, "a string"),
        ("number", .number, "a number"), ("integer", .integer, "an integer"), ("boolean", .boolean, "a boolean"),
        ("null", .null, "null"),
    ]

    /// "a string or null".
    var phrase: String {
        SchemaTypes.all.filter { contains($0.type) }.map(\.phrase).joined(separator: " or ")
    }
}
