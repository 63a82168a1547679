package import Wire

/// What the cache had to do with an answer.
package enum CacheOutcome: Hashable, Sendable, CaseIterable {
    /// It was kept, and fresh.
    case hit
    /// It was kept, and not fresh any more.
    case stale
    /// It has just come from a backend.
    case miss

    /// The value of `X-Cache`, and of the metric label `result`.
    package var text: StaticString {
        switch self {
        case .hit: "hit"
        case .stale: "stale"
        case .miss: "miss"
        }
    }

    /// Adds `X-Cache`, and for what was kept `Age` in whole seconds (RFC 9111 §5.1).
    package func writeFields(age: Duration, into head: inout HTTPHeadWriter) {
        switch self {
        case .hit: head.lines("X-Cache: hit\r\n")
        case .stale: head.lines("X-Cache: stale\r\n")
        case .miss: return head.lines("X-Cache: miss\r\n")
        }
        head.field("Age: ", Int(clamping: max(age, .zero).components.seconds))
    }
}
