/// Why no schema can be derived from a type.
public struct SchemaDerivationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The type.
    public var type: String
    /// What is wrong with it.
    public var message: String

    /// An error about a type.
    init(_ type: Any.Type, _ message: String) {
        self.type = String(describing: type)
        self.message = message
    }

    /// `no schema can be derived from TYPE: what is wrong`.
    public var description: String { "no schema can be derived from \(type): \(message)" }
}
