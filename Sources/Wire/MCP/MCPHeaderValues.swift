/// What the head of a POST says that its body says too (MCP 2026-07-28, Streamable HTTP, "Request Metadata").
public struct MCPHeaderValues {
    /// `MCP-Protocol-Version`.
    public var protocolVersion: ByteView?
    /// `Mcp-Method`.
    public var method: ByteView?
    /// `Mcp-Name`, not decoded.
    public var name: ByteView?
    /// `Mcp-Session-Id`.
    public var sessionID: ByteView?
    /// Whether one of the first three came more than once: two readers could read two messages.
    public var hasRepeatedLine: Bool

    /// The values of the fields, `nil` for those that are absent.
    public init(
        protocolVersion: ByteView? = nil, method: ByteView? = nil, name: ByteView? = nil, sessionID: ByteView? = nil,
        hasRepeatedLine: Bool = false
    ) {
        self.protocolVersion = protocolVersion
        self.method = method
        self.name = name
        self.sessionID = sessionID
        self.hasRepeatedLine = hasRepeatedLine
    }

    /// The values in the head of a request. Only while `head` is referred to.
    public init(_ head: HTTPReceivedHead) {
        protocolVersion = head.requestField(.mcpProtocolVersion)
        method = head.requestField(.mcpMethod)
        name = head.requestField(.mcpName)
        sessionID = head.requestField(.mcpSessionID)
        hasRepeatedLine =
            head.request.fields.isRepeated(.mcpProtocolVersion) || head.request.fields.isRepeated(.mcpMethod)
            || head.request.fields.isRepeated(.mcpName)
    }
}

@available(*, unavailable)
extension MCPHeaderValues: Sendable {}
