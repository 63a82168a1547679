import MCPServer

/// A prompt that is one function, all of whose arguments are required.
struct SpecimenPrompt: Prompt {
    let definition: PromptDefinition
    private let body: @Sendable (PromptCall) async throws -> [PromptMessage]

    init(
        _ name: String, _ description: String, _ arguments: [String] = [],
        _ body: @escaping @Sendable (PromptCall) async throws -> [PromptMessage]
    ) {
        definition = PromptDefinition(
            name: name, description: description,
            arguments: arguments.map { PromptArgument($0, description: "Any text.", isRequired: true) })
        self.body = body
    }

    func get(_ call: PromptCall) async throws -> PromptResult { PromptResult(try await body(call)) }

    func complete(_ name: String, _ request: CompletionRequest) async throws -> [String] {
        ["paris", "park", "party"].filter { $0.hasPrefix(request.value) }
    }
}
