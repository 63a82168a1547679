public import Wire

/// One call of a tool.
public struct ToolCall: Sendable {
    /// What the caller gave.
    public var arguments: ToolArguments
    /// What else can be done with the caller.
    public var context: CallContext

    /// The revision that the caller speaks.
    public var version: MCPProtocolVersion { context.version }

    /// A call; made by the server.
    init(arguments: ToolArguments, context: CallContext) {
        self.arguments = arguments
        self.context = context
    }

    /// A call from nowhere, for tests of tools.
    public init(arguments: ToolArguments, version: MCPProtocolVersion) {
        self.init(arguments: arguments, context: CallContext(version: version))
    }
}
