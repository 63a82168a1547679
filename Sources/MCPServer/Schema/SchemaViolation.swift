/// One thing in which a value does not match a schema.
public struct SchemaViolation: Hashable, Sendable, CustomStringConvertible {
    /// Where in the value, as a JSON Pointer (RFC 6901), cut when it is long; empty for the whole value.
    public var path: String
    /// What is wrong there, for models and people: "must be a string".
    public var message: String

    /// `/data/name: must be a string`.
    public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
