/// What a probe found: one word, the same in metrics, logs and reports.
enum ProbeStatus: String, CaseIterable, Sendable {
    /// Everything was answered as it should be.
    case ok
    /// The server serves, and its health page says `degraded`.
    case degraded
    /// MCP was answered, but the health page says that nothing should be sent here.
    case unhealthy
    /// The probe was not done in time.
    case timeout
    /// No connection could be made.
    case connectError = "connect_error"
    /// The connection could not be sealed, or not with the server that was meant.
    case tlsError = "tls_error"
    /// The exchange broke, or its status or redirect was no good.
    case httpError = "http_error"
    /// The server wants other credentials, or ours could not be read.
    case authError = "auth_error"
    /// There was an answer, but not the one that MCP asks for.
    case protocolError = "protocol_error"
    /// The tool that is called to see whether it works did not.
    case toolError = "tool_error"

    /// What people call it: `healthy`, `degraded` or `unhealthy`.
    var word: String {
        switch self {
        case .ok: "healthy"
        case .degraded: "degraded"
        case .unhealthy, .timeout, .connectError, .tlsError, .httpError, .authError, .protocolError, .toolError:
            "unhealthy"
        }
    }

    /// Whether calls can be sent to the server.
    var isAvailable: Bool {
        switch self {
        case .ok, .degraded: true
        case .unhealthy, .timeout, .connectError, .tlsError, .httpError, .authError, .protocolError, .toolError: false
        }
    }
}
