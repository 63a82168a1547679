import MCPServer

/// `health_check`: how the server is.
struct HealthCheck: SynchronousTool {
    let definition = ToolDefinition(
        name: "health_check",
        title: "Health check",
        description: "Tells how the server is: status, time, seconds since its start, environment, version, and Redis.",
        inputSchema: #"{"type": "object", "properties": {}}"#,
        outputSchema: #"""
            {
                "type": "object",
                "properties": {
                    "status": {"type": "string", "enum": ["healthy", "degraded", "unhealthy"]},
                    "timestamp": {"type": "string", "format": "date-time"},
                    "uptime_seconds": {"type": "number", "minimum": 0},
                    "environment": {"type": "string"},
                    "version": {"type": "string"},
                    "redis": {
                        "type": "string", "enum": ["connected", "unavailable"],
                        "description": "Only where a Redis is configured; without it the server is degraded."
                    }
                },
                "required": ["status", "timestamp", "uptime_seconds", "environment", "version"]
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
