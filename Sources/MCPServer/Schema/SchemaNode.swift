import Wire

/// One schema, compiled: its keywords as numbers, tables and programs. Other schemas are named by their place in the list of
/// all, so that they can refer to each other in circles.
final class SchemaNode: Sendable {
    /// What the schema `true` or `false` says; `nil` for one with keywords.
    let verdict: Bool?
    /// The document, by place, that the schema belongs to.
    let resource: Int
    /// Kinds of values that are accepted; `nil` for all.
    let types: SchemaTypes?
    let values: [SchemaValues]
    let number: NumberRules?
    let string: StringRules?
    let array: ArrayRules?
    let object: ObjectRules?
    /// What other schemas say about the same value, in this order.
    let others: [SchemaApplicator]
    let unevaluatedItems: Int?
    let unevaluatedProperties: Int?

    /// The schema that is read from `draft`.
    init(_ draft: SchemaDraft) {
        verdict = draft.verdict
        resource = draft.resource
        types = draft.types
        values = draft.values
        number = draft.number
        string = draft.string
        array = draft.array
        object = draft.object
        others = draft.others
        unevaluatedItems = draft.unevaluatedItems
        unevaluatedProperties = draft.unevaluatedProperties
    }
}

/// A schema while it is read.
struct SchemaDraft {
    var verdict: Bool?
    var resource: Int
    var types: SchemaTypes?
    var values: [SchemaValues] = []
    var number: NumberRules?
    var string: StringRules?
    var array: ArrayRules?
    var object: ObjectRules?
    var others: [SchemaApplicator] = []
    var unevaluatedItems: Int?
    var unevaluatedProperties: Int?
}

/// Keywords that apply other schemas to the same value. Schemas are named by their places.
enum SchemaApplicator: Sendable {
    case allOf([Int])
    case anyOf([Int])
    case oneOf([Int])
    case not(Int)
    case condition(Int, then: Int?, else: Int?)
    /// The schema is at this place of the list of targets.
    case reference(Int)
    /// As `reference`; of this anchor where the dynamic scope has one.
    case dynamicReference(Int, anchor: String)
}

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

/// What a schema says about numbers.
struct NumberRules: Sendable {
    var minimum: NumberBound?
    var maximum: NumberBound?
    var exclusiveMinimum: NumberBound?
    var exclusiveMaximum: NumberBound?
    var multipleOf: NumberDivisor?
}

/// What a schema says about strings. Lengths are in code points.
struct StringRules: Sendable {
    var minLength = 0
    var maxLength = Int.max
    var pattern: Pattern?
    var format: SchemaFormat?
}

/// What a schema says about arrays.
final class ArrayRules: Sendable {
    let prefix: [Int]
    let items: Int?
    let contains: Int?
    let contained: ClosedRange<Int>
    let count: ClosedRange<Int>
    let isUnique: Bool

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

/// What a schema says about objects.
final class ObjectRules: Sendable {
    /// What is said about one name.
    struct Property: Sendable {
        var name: [UInt8]
        var schema: Int?
        var isRequired = false
        /// Places of names that must be there too, in the same table.
        var requires: [Int] = []
        /// A schema for the whole object that has this member.
        var dependent: Int?

        init(name: [UInt8]) {
            self.name = name
        }
    }

    /// All names that are spoken of, in order.
    let properties: [Property]
    /// The places of those that must be there.
    let required: [Int]
    /// The places of those whose presence demands something.
    let demanding: [Int]
    let patterns: [(pattern: Pattern, schema: Int)]
    let additional: Int?
    let names: Int?
    let count: ClosedRange<Int>

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
