/// Keywords that apply other schemas to the same value. Schemas are named by their places.
enum SchemaApplicator: Sendable {
    /// All must match.
    case allOf([Int])
    /// One or more must match.
    case anyOf([Int])
    /// Exactly one must match.
    case oneOf([Int])
    /// It must not match.
    case not(Int)
    /// `if`, and what holds then and otherwise.
    case condition(Int, then: Int?, else: Int?)
    /// The schema is at this place of the list of targets.
    case reference(Int)
    /// As `reference`; of this anchor where the dynamic scope has one.
    case dynamicReference(Int, anchor: String)
}
