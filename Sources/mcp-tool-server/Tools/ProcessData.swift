import MCPServer
import NIOCore

/// `process_data`: does something simple with a JSON object. What is not changed goes out as it came in.
struct ProcessData: SynchronousTool {
    let definition = toolDefinition
    private let results: RememberedResults?

    /// The tool; with `results` it answers equal requests with what the first of them got.
    init(_ results: RememberedResults? = nil) {
        self.results = results
    }

    func run(_ call: ToolCall) throws -> ToolResult {
        let request = try DataRequest(call.arguments)
        guard let results else { return .structured(request.answer(request.outcome())) }
        switch results.find(request, call.arguments) {
        case .found(let outcome):
            return .structured(request.answer(outcome))
        case .missing(let keys):
            let outcome = request.outcome()
            results.counts.record(.miss)
            results.remember(outcome, keys)
            return .structured(request.answer(outcome))
        }
    }

    /// What the server lists, however results are remembered.
    static let toolDefinition = ToolDefinition(
        name: "process_data",
        title: "Process data",
        description: """
            Processes a JSON object. Operations: "transform" turns the text values of the top level to upper case, \
            "validate" tells whether no value of the top level is null, "analyze" lists the keys and the JSON types of \
            their values. Any other operation gives the data back unchanged.
            """,
        inputSchema: #"""
            {
                "type": "object",
                "properties": {
                    "data": {"type": "object", "description": "The object to process."},
                    "operation": {
                        "type": "string",
                        "description": "transform, validate or analyze; any other gives the data back unchanged."
                    }
                },
                "required": ["data", "operation"]
            }
            """#,
        outputSchema: #"""
            {
                "type": "object",
                "properties": {
                    "operation": {"type": "string"},
                    "input_size": {
                        "type": "integer", "minimum": 2, "description": "Bytes of the JSON of data, as received."
                    },
                    "processed_at": {"type": "string", "format": "date-time"},
                    "result": {"type": "object"}
                },
                "required": ["operation", "input_size", "processed_at", "result"]
            }
            """#,
        annotations: ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: false))
}
