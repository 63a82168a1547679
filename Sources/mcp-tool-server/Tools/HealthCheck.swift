import MCPServer

/// `health_check`: how the server is.
struct HealthCheck: SynchronousTool {
    let definition = ToolDefinition(
        name: "health_check",
        title: "Health check",
        description: "Tells how the server is: status, time, seconds since its start, and environment.",
        inputSchema: #"{"type": "object", "properties": {}}"#,
        outputSchema: #"""
            {
                "type": "object",
                "properties": {
                    "status": {"type": "string", "enum": ["healthy", "degraded", "unhealthy"]},
                    "timestamp": {"type": "string", "format": "date-time"},
                    "uptime_seconds": {"type": "number", "minimum": 0},
                    "environment": {"type": "string"}
                },
                "required": ["status", "timestamp", "uptime_seconds", "environment"]
            }
            """#,
        annotations: ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: false))

    private let report: HealthReport

    init(_ report: HealthReport) {
        self.report = report
    }

    func run(_ call: ToolCall) -> ToolResult {
        .structured(report.json())
    }
}
