/// Something that a model can call. To add one, conform a type in a file of its own and give it to the server.
///
/// ```
/// struct Greet: SynchronousTool {
///     let definition = ToolDefinition(
///         name: "greet", description: "Says hello.",
///         inputSchema: #"{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}"#)
///
///     func run(_ call: ToolCall) throws -> ToolResult {
///         .text("Hello, \(try call.arguments.string("name"))!")
///     }
/// }
/// ```
///
/// This is the form that sees the arguments as bytes; with a `TypedTool` they are a Swift type, and no schema is written by
/// hand. Either way calls are checked against the schema before the tool runs.
///
/// A tool belongs to no connection: the same value is run for many calls at once.
public protocol Tool: Sendable {
    /// What the server lists. Read once, at the start.
    var definition: ToolDefinition { get }

    /// Runs the tool.
    ///
    /// Throws `ToolInputError` for arguments that match the schema and that it cannot work with all the same: the caller is
    /// told what is wrong. An `MCPError` is the answer to the call. Any other error is logged, and the caller gets a fixed
    /// text. Cancelled with its task when a modern client leaves.
    func run(_ call: ToolCall) async throws -> ToolResult
}

/// A tool that never waits: it is answered on the event loop that read the call, without a task.
///
/// Everything else on that loop waits meanwhile, so `run` should take microseconds, or milliseconds for large arguments.
public protocol SynchronousTool: Tool {
    /// Runs the tool; errors as in `Tool`.
    func run(_ call: ToolCall) throws -> ToolResult
}
