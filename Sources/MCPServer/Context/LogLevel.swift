import Wire

/// How much a log message matters (RFC 5424 severities, as MCP names them).
public enum LogLevel: UInt8, CaseIterable, Comparable, Sendable {
    case debug, info, notice, warning, error, critical, alert, emergency

    /// The name in messages.
    public var text: StaticString {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .notice: "notice"
        case .warning: "warning"
        case .error: "error"
        case .critical: "critical"
        case .alert: "alert"
        case .emergency: "emergency"
        }
    }

    /// The level that `text` names; `nil` if none is called so.
    init?(_ text: JSONText?, in bytes: ByteView) {
        guard let text, let level = LogLevel.allCases.first(where: { text.equals($0.text, in: bytes) }) else {
            return nil
        }
        self = level
    }

    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}
