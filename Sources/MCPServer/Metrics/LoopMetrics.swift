import NIOCore
import Synchronization
import Wire

/// What one event loop counts. The lock is contended only while somebody reads the metrics.
final class LoopMetrics: Sendable {
    private let counts = Mutex(MetricCounts())

    /// What was counted so far.
    var snapshot: MetricCounts { counts.withLock { $0 } }

    /// A message was answered.
    func record(_ method: MCPMethod, _ problem: Problem?, took duration: TimeAmount) {
        counts.withLock { $0.record(method, problem, nanoseconds: duration.nanoseconds) }
    }

    /// A request was refused before it was a message.
    func record(refusal problem: Problem) {
        counts.withLock { $0.record(refusal: problem) }
    }

    /// A connection was opened (1) or has ended (-1).
    func changeConnections(by difference: Int) {
        counts.withLock { $0.connections += difference }
    }
}
