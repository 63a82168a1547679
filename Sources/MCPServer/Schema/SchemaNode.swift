/// One schema, compiled: its keywords as numbers, tables and programs. Other schemas are named by their place in the list of
/// all, so that they can refer to each other in circles.
final class SchemaNode: Sendable {
    /// What the schema `true` or `false` says; `nil` for one with keywords.
    let verdict: Bool?
    /// The document, by place, that the schema belongs to.
    let resource: Int
    /// Kinds of values that are accepted; `nil` for all.
    let types: SchemaTypes?
    /// Lists of which the value must be in each.
    let values: [SchemaValues]
    /// What is said about numbers; `nil` for nothing, as with the next three.
    let number: NumberRules?
    /// What is said about strings.
    let string: StringRules?
    /// What is said about arrays.
    let array: ArrayRules?
    /// What is said about objects.
    let object: ObjectRules?
    /// What other schemas say about the same value, in this order.
    let others: [SchemaApplicator]
    /// The schema of elements that nothing else has evaluated.
    let unevaluatedItems: Int?
    /// The schema of members that nothing else has evaluated.
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

/// A schema while it is read; the same members as a `SchemaNode`.
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
