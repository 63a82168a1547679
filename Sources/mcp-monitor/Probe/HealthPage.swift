import Wire

/// What a server's health page says.
enum HealthPage: Hashable, Sendable {
    /// There is none, which is nobody's fault.
    case absent
    /// All is well.
    case healthy
    /// Calls are served, without something that should be there.
    case degraded
    /// Nothing should be sent here; why that is the verdict.
    case unhealthy(String)
    /// It could not be had.
    case failed(ProbeFailure)

    /// Reads the answer to the request for the page: its status, and `status` in its JSON if it has any.
    init(_ answer: ProbeAnswer) {
        switch answer.status {
        case 200..<300:
            self = HealthPage.judge(answer.page)
        case 404, 405:
            self = .absent
        case 401, 403:
            self = .failed(answer.badStatus(of: .health))
        default:
            self = .unhealthy("GET /health: the answer has status \(answer.status)")
        }
    }

    private static func judge(_ page: [UInt8]) -> HealthPage {
        guard let text = (try? JSONValue.parse(page))?["status"]?.stringValue else { return .healthy }
        switch text.lowercased() {
        case "degraded", "warn", "warning": return .degraded
        case "unhealthy", "down", "fail", "failed", "error", "critical":
            return .unhealthy("GET /health: the page says \(ProbeFailure.quoted(text))")
        default: return .healthy
        }
    }

    /// The verdict if MCP is in order.
    var status: ProbeStatus {
        switch self {
        case .absent, .healthy: .ok
        case .degraded: .degraded
        case .unhealthy: .unhealthy
        case .failed(let failure): failure.status
        }
    }

    /// Why the verdict is not `ok`.
    var reason: String? {
        switch self {
        case .absent, .healthy: nil
        case .degraded: "GET /health: the page says degraded"
        case .unhealthy(let reason): reason
        case .failed(let failure): failure.reason
        }
    }
}
