public import NIOCore
import Synchronization
package import Telemetry
import Wire

/// What a server counts, under the names that users of MCP tool servers know.
///
/// One value for the process; each event loop counts in a part of its own, and whoever asks gets the sum.
public final class ServerMetrics: Sendable {
    private let parts = Mutex<[LoopMetrics]>([])
    private let sources = Mutex<[@Sendable (inout PrometheusText) -> Void]>([])

    /// Nothing counted yet.
    public init() {}

    /// A part for one event loop.
    func makePart() -> LoopMetrics {
        let part = LoopMetrics()
        parts.withLock { $0.append(part) }
        return part
    }

    /// Has `source` add metrics of its own whenever the page is made.
    package func add(_ source: @escaping @Sendable (inout PrometheusText) -> Void) {
        sources.withLock { $0.append(source) }
    }

    /// Everything in the text format of Prometheus, version 0.0.4.
    public func page() -> ByteBuffer {
        var sum = MetricCounts()
        for part in parts.withLock({ $0 }) { sum.add(part.snapshot) }
        var text = PrometheusText()
        sum.write(into: &text)
        for source in sources.withLock({ $0 }) { source(&text) }
        var bytes: [UInt8] = []
        text.write(into: &bytes)
        return ByteBuffer(bytes: bytes)
    }
}
