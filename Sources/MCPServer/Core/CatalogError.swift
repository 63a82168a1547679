/// Two things that a server was to offer have the same name, so that a client could not tell them apart.
public struct CatalogError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What a server offers by name.
    public enum Kind: String, Hashable, Sendable {
        /// By `name`.
        case tool
        /// By `uri`.
        case resource
        /// By `name`.
        case prompt
    }

    /// What both are.
    public let kind: Kind
    /// The name, or the URI, that both have.
    public let name: String

    public var description: String {
        "two \(kind.rawValue)s have the \(kind == .resource ? "URI" : "name") \"\(name)\""
    }
}
