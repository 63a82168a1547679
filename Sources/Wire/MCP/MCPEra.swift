/// The two ways to speak MCP: with a handshake and sessions, or one request at a time.
@frozen
public enum MCPEra: UInt8, CaseIterable, Sendable {
    /// Up to 2025-11-25: `initialize` first, and what it settled holds for the session.
    case legacy
    /// 2026-07-28 and later: stateless, every request says in `params._meta` what it needs.
    case modern
}
