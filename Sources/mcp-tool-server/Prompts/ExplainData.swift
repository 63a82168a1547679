import MCPServer

/// `explain_data`: asks a model to look into a JSON object with `process_data` and to say what it is.
struct ExplainData: Prompt {
    let definition = PromptDefinition(
        name: "explain_data",
        title: "Explain data",
        description: "Has a JSON object examined with process_data, and explained to a reader.",
        arguments: [
            PromptArgument("data", title: "Data", description: "The JSON object.", isRequired: true),
            PromptArgument(
                "audience", title: "Audience", description: "Who will read it: \(audiences.joined(separator: ", ")), …"),
        ])

    private static let audiences = ["a developer", "a manager", "an operator", "a newcomer"]

    func get(_ call: PromptCall) async throws -> PromptResult {
        let audience = call.arguments["audience"] ?? "a developer"
        return PromptResult([
            .user(
                """
                Explain this JSON object to \(audience). Call process_data with operation "analyze" for the types of its \
                members and with "validate" for what is missing; then say in a few sentences what the object is about \
                and what looks odd.

                \(call.arguments["data"] ?? "{}")
                """)
        ])
    }

    func complete(_ name: String, _ request: CompletionRequest) async throws -> [String] {
        guard name == "audience" else { return [] }
        return ExplainData.audiences.filter { $0.hasPrefix(request.value) }
    }
}
