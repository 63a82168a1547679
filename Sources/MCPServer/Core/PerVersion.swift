import Wire

/// One value for each revision.
struct PerVersion<Value: Sendable>: Sendable {
    /// By raw value; the places of raw values that no revision has repeat the newest.
    private let values: [Value]

    /// What `make` makes of each revision.
    init(_ make: (MCPProtocolVersion) -> Value) {
        let last = MCPProtocolVersion.allCases.map(\.rawValue).max() ?? 0
        values = (0...last).map { make(MCPProtocolVersion(rawValue: $0) ?? .newestModern) }
    }

    /// The value of a revision.
    subscript(version: MCPProtocolVersion) -> Value {
        values[Int(version.rawValue)]
    }
}
