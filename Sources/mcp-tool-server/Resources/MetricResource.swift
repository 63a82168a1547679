import MCPServer
import NIOCore

/// `monitoring://metrics/{name}`: one metric of `GET /metrics`, with all its labels.
struct MetricResource: ResourceTemplate {
    let definition = ResourceTemplateDefinition(
        uriTemplate: "monitoring://metrics/{name}",
        name: "metric",
        title: "Metric",
        description: "One of the server's metrics in the text format of Prometheus.",
        mimeType: "text/plain")

    private let metrics: ServerMetrics

    init(_ metrics: ServerMetrics) {
        self.metrics = metrics
    }

    func read(_ request: ResourceRequest) async throws -> ResourceContents? {
        guard let name = request.variables["name"] else { return nil }
        let lines = page.split(separator: "\n").filter { MetricResource.name(of: $0) == name }
        return lines.isEmpty ? nil : .text(lines.joined(separator: "\n") + "\n")
    }

    func complete(_ name: String, _ request: CompletionRequest) async throws -> [String] {
        var names: [String] = []
        for line in page.split(separator: "\n") {
            let name = MetricResource.name(of: line)
            if name.hasPrefix(request.value), !names.contains(name) { names.append(name) }
        }
        return names
    }

    private var page: String { String(buffer: metrics.page()) }

    /// The metric that a line of the page is about. The parts of a histogram belong to it.
    private static func name(of line: Substring) -> String {
        let words = line.split(separator: " ", maxSplits: 3)
        if words.first == "#" { return words.count > 2 ? String(words[2]) : "" }
        var name = line.prefix { $0 != "{" && $0 != " " }
        for part in ["_bucket", "_sum", "_count"] where name.hasSuffix(part) {
            name = name.dropLast(part.count)
        }
        return String(name)
    }
}
