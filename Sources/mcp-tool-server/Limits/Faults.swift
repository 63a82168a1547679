import MCPServer

/// What is done to answers so that clients and gateways can be tried.
struct Faults: Hashable, Sendable {
    /// How long every result of a tool is held back.
    var delay = Duration.zero
    /// The share of tool calls that fail, 0…1.
    var failRate = 0.0

    /// Whether anything is done at all.
    var isNone: Bool { delay == .zero && failRate == 0 }

    /// Throws for the share of calls that is to fail.
    func strike() throws(MCPError) {
        if failRate > 0, Double.random(in: 0..<1) < failRate { throw .internalError }
    }
}

/// A tool whose results are late, or fail. Waiting ends with the task.
struct FaultyTool: Tool {
    let definition: ToolDefinition
    private let tool: any Tool
    private let faults: Faults

    /// The same tool with faults.
    init(_ tool: any Tool, _ faults: Faults) {
        definition = tool.definition
        self.tool = tool
        self.faults = faults
    }

    func run(_ call: ToolCall) async throws -> ToolResult {
        if faults.delay > .zero { try await Task.sleep(for: faults.delay) }
        try faults.strike()
        return try await tool.run(call)
    }
}
