public import Wire

/// One call of a tool.
public struct ToolCall: Sendable {
    /// What the caller gave.
    public var arguments: ToolArguments
    /// The revision that the caller speaks.
    public var version: MCPProtocolVersion

    /// A call; made by the server, and by tests of tools.
    public init(arguments: ToolArguments, version: MCPProtocolVersion) {
        self.arguments = arguments
        self.version = version
    }
}
