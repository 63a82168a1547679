import Wire

/// One value for each revision.
struct PerVersion<Value: Sendable>: Sendable {
    private let values: [Value]

    /// What `make` makes of each revision.
    init(_ make: (MCPProtocolVersion) -> Value) {
        values = MCPProtocolVersion.allCases.map(make)
    }

    /// The value of a revision.
    subscript(version: MCPProtocolVersion) -> Value {
        // The list holds one value per case, in the order of the cases.
        values[MCPProtocolVersion.allCases.firstIndex(of: version) ?? 0]
    }
}
