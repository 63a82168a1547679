import MCPServer

/// `monitoring://metrics`: what `GET /metrics` says, for clients that only speak MCP.
struct MetricsResource: SynchronousResource {
    let definition = ResourceDefinition(
        uri: "monitoring://metrics",
        name: "metrics",
        title: "Metrics",
        description: "The server's metrics in the text format of Prometheus.",
        mimeType: "text/plain")

    private let metrics: ServerMetrics

    init(_ metrics: ServerMetrics) {
        self.metrics = metrics
    }

    func read() -> ResourceContents {
        .text(metrics.page())
    }
}
