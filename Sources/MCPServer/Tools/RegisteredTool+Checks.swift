/// A result that does not match what the tool has promised: a fault of the tool. Logged, and not shown to clients.
struct ToolOutputError: Error, CustomStringConvertible {
    /// What is wrong, for the log.
    let description: String
}

extension RegisteredTool {
    /// What is wrong with the arguments of a call; `nil` if they match the input schema.
    func error(in arguments: ToolArguments) -> ToolInputError? {
        definition.input.complaint(about: arguments.json).map {
            ToolInputError("The arguments do not match the schema of the tool: \($0)")
        }
    }

    /// The same outcome, or a failure if it is a result that does not match the output schema.
    ///
    /// A result that says that the tool failed need not match (MCP, Tools, output schema).
    func checked(_ outcome: Result<ToolResult, any Error>) -> Result<ToolResult, any Error> {
        guard let output = definition.output, case .success(let result) = outcome, !result.isError else {
            return outcome
        }
        guard let content = result.structuredContent else {
            return .failure(ToolOutputError(description: "structured content is missing"))
        }
        guard let complaint = output.complaint(about: content) else { return outcome }
        return .failure(ToolOutputError(description: "structured content does not match outputSchema: \(complaint)"))
    }
}
