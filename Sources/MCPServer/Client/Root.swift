import Wire

/// A folder in which a client works (MCP, Roots). Deprecated since 2026-07-28, and in use.
public struct Root: Hashable, Sendable {
    /// A `file:` URI.
    public var uri: String
    /// The name for people.
    public var name: String?

    /// What a `ListRootsResult` says.
    static func all(in result: JSONValue) throws(ClientRequestError) -> [Root] {
        guard let roots = result["roots"]?.arrayValue else { throw .invalidAnswer("roots must be an array") }
        var found: [Root] = []
        for root in roots {
            guard let uri = root["uri"]?.stringValue else { throw .invalidAnswer("a root must have a uri") }
            found.append(Root(uri: uri, name: root["name"]?.stringValue))
        }
        return found
    }
}
