/// What a probe asks, in the order in which it may be asked.
enum ProbeStep: String, CaseIterable, Sendable {
    /// The health page.
    case health = "GET /health"
    /// Which revisions the server speaks (MCP 2026-07-28).
    case discover = "server/discover"
    /// The opening of a session (MCP 2025-11-25 and before).
    case initialize
    /// The end of that opening.
    case initialized = "notifications/initialized"
    /// What tools there are.
    case listTools = "tools/list"
    /// Whether anybody is there, where there are no tools.
    case ping
    /// The tool that is called.
    case callTool = "tools/call"
    /// The end of a session.
    case endSession = "DELETE"
}
