/// Why a JSON value cannot be used as a schema.
public struct JSONSchemaError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where in the schema, as a JSON Pointer (RFC 6901); empty for its root.
    public var pointer: String
    /// What is wrong there.
    public var message: String

    /// An error at a place.
    init(_ pointer: String, _ message: String) {
        self.pointer = pointer
        self.message = message
    }

    /// `POINTER: what is wrong`.
    public var description: String { "\(pointer.isEmpty ? "schema" : pointer): \(message)" }
}
