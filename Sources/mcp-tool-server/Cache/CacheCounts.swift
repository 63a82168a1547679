import Synchronization
import Telemetry

/// How often results came from a cache.
final class CacheCounts: Sendable {
    /// Where a result came from.
    enum Outcome: Int, CaseIterable {
        /// From the memory of this process.
        case memory
        /// From Redis.
        case redis
        /// It was computed.
        case miss

        /// The value of the label `result`.
        var label: String {
            switch self {
            case .memory: "hit_memory"
            case .redis: "hit_redis"
            case .miss: "miss"
            }
        }
    }

    private let counts = Mutex([Int](repeating: 0, count: Outcome.allCases.count))

    /// A result was given.
    func record(_ outcome: Outcome) {
        counts.withLock { $0[outcome.rawValue] &+= 1 }
    }

    /// Results that came from there.
    func count(_ outcome: Outcome) -> Int {
        counts.withLock { $0[outcome.rawValue] }
    }

    /// Adds the counts as metrics.
    func write(into text: inout PrometheusText) {
        for outcome in Outcome.allCases {
            text.counter(
                "mcp_cache_requests_total", help: "Calls of process_data, by where their result came from.",
                labels: [("result", outcome.label)], count(outcome))
        }
    }
}
