/// Who a server says it is: `serverInfo` of `initialize`, and in `_meta` of every modern result.
///
/// For display and logs; clients must not base decisions on it (MCP 2026-07-28, `server/discover`).
public struct ServerInfo: Hashable, Sendable {
    /// The programmatic name.
    public var name: String
    /// The name for people; shown by revisions from 2025-06-18 on.
    public var title: String?
    /// The version of the program.
    public var version: String

    /// An identity.
    public init(name: String, version: String, title: String? = nil) {
        self.name = name
        self.title = title
        self.version = version
    }
}
