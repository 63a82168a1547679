/// Whether calls of a tool may run as tasks, which clients ask about later (MCP 2025-11-25, Tasks; in 2026-07-28 the
/// extension `io.modelcontextprotocol/tasks`).
public enum TaskSupport: String, Hashable, Sendable {
    /// Never.
    case forbidden
    /// If the client can deal with it: in sessions when it asks for that, in 2026-07-28 always.
    case optional
    /// Always; clients that cannot deal with it are refused.
    case required
}
