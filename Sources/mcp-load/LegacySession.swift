/// What a legacy handshake has agreed on.
struct LegacySession: Hashable, Sendable {
    /// The session id, when the server gave one.
    let id: String?
    /// The revision that the server chose.
    let revision: String

    /// The header lines of every later request (MCP 2025-11-25, "Session Management" and "Protocol Version Header").
    var headerLines: String {
        let version = "MCP-Protocol-Version: \(revision)\r\n"
        guard let id else { return version }
        return version + "Mcp-Session-Id: \(id)\r\n"
    }
}
