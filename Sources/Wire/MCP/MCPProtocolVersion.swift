/// The published revisions of MCP, in the order in which they appeared.
///
/// A revision's text is an identifier: texts that are not in this list have no order and no era. Raw values are part of
/// sealed session ids and never change.
@frozen
public enum MCPProtocolVersion: UInt8, CaseIterable, Comparable, Sendable {
    /// The first one: HTTP with a separate SSE endpoint.
    case v2024_11_05 = 1
    /// Streamable HTTP, sessions; the only one with JSON-RPC batches.
    case v2025_03_26 = 2
    /// The version header, structured output, elicitation.
    case v2025_06_18 = 3
    /// Polling of streams, tasks, URL elicitation.
    case v2025_11_25 = 4
    /// Stateless, with mirrored headers.
    case v2026_07_28 = 5

    /// The newest revision that is settled on by `initialize`.
    public static let newestLegacy = MCPProtocolVersion.v2025_11_25
    /// The newest revision that is named by each request.
    public static let newestModern = MCPProtocolVersion.v2026_07_28

    /// The revision that `bytes` name, exactly.
    public init?(_ bytes: ByteView) {
        // Newest first: those are the ones that come.
        if bytes.equals("2026-07-28") {
            self = .v2026_07_28
        } else if bytes.equals("2025-11-25") {
            self = .v2025_11_25
        } else if bytes.equals("2025-06-18") {
            self = .v2025_06_18
        } else if bytes.equals("2025-03-26") {
            self = .v2025_03_26
        } else if bytes.equals("2024-11-05") {
            self = .v2024_11_05
        } else {
            return nil
        }
    }

    /// The revision as it is written.
    public var text: StaticString {
        switch self {
        case .v2024_11_05: "2024-11-05"
        case .v2025_03_26: "2025-03-26"
        case .v2025_06_18: "2025-06-18"
        case .v2025_11_25: "2025-11-25"
        case .v2026_07_28: "2026-07-28"
        }
    }

    /// The era that the revision belongs to.
    public var era: MCPEra { self >= .v2026_07_28 ? .modern : .legacy }

    /// Whether `left` appeared before `right`.
    @inlinable
    public static func < (left: MCPProtocolVersion, right: MCPProtocolVersion) -> Bool {
        left.rawValue < right.rawValue
    }
}
