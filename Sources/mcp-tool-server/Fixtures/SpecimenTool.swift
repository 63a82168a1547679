import MCPServer

/// A tool that is one function.
struct SpecimenTool: Tool {
    let definition: ToolDefinition
    private let body: @Sendable (ToolCall) async throws -> ToolResult

    init(
        _ name: String, _ description: String, schema: String = #"{"type":"object"}"#,
        tasks: TaskSupport = .forbidden,
        _ body: @escaping @Sendable (ToolCall) async throws -> ToolResult
    ) {
        definition = ToolDefinition(name: name, description: description, inputSchema: schema)
            .supportingTasks(tasks)
        self.body = body
    }

    func run(_ call: ToolCall) async throws -> ToolResult { try await body(call) }
}
