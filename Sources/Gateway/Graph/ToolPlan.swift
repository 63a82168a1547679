import NIOCore
import Resilience
import Wire

/// What is different for one tool of a pool, made ready for the path of a call.
package final class ToolPlan: Sendable {
    /// The name as its server gives it, UTF-8.
    package let name: [UInt8]
    /// The same, for metrics, logs and people.
    package let nameText: String
    /// For how many calls one counts in rate limits.
    package let cost: Int64
    /// What is kept of its answers; `nil`: nothing.
    package let cacheRule: CacheRule?
    /// How long things may take.
    package let timeouts: PoolTimeouts
    /// Whether a call of it may be made again although it may have been executed; `nil`: as its definition says, where the
    /// pool trusts definitions.
    package let isRepeatable: Bool?
    /// Its breakers, one for each backend of the pool in the order of the file; empty if it has none of its own.
    package let breakers: [ToolBreaker]
    /// From here on a success is a slow one for its breakers.
    let slowCall: TimeAmount
    /// Whether an internal error may count as a failure for its breakers.
    let countsInternalErrors: Bool

    /// The plan of `tool` in a pool with these time-outs, whose answers serve every revision if `isAcrossRevisions`.
    package init(
        _ tool: ToolSettings, timeouts: PoolTimeouts, isAcrossRevisions: Bool, breakers: [ToolBreaker] = []
    ) {
        self.breakers = breakers
        slowCall = TimeAmount(tool.circuitBreaker?.slowCall ?? .zero)
        countsInternalErrors = tool.circuitBreaker?.countsInternalErrors ?? false
        name = Array(tool.name.utf8)
        nameText = tool.name
        cost = Int64(tool.cost)
        cacheRule = tool.cache.map {
            CacheRule(
                lifetime: $0.lifetime, isRepeatable: true, isPublic: $0.scope == .public,
                isAcrossRevisions: isAcrossRevisions)
        }
        self.timeouts = timeouts.with(tool.timeout)
        // Whoever keeps its answers says that it need not run for each call.
        isRepeatable = tool.isRepeatable ?? (tool.cache == nil ? nil : true)
    }

    /// Its breaker at the backend with this position in the pool; `nil` if it has none of its own.
    package func breaker(at index: Int) -> ToolBreaker? { index < breakers.count ? breakers[index] : nil }

    /// Whether its breaker there is not known to say no.
    func mayBeSent(to index: Int, at now: MonotonicTime) -> Bool {
        index >= breakers.count || breakers[index].mayAdmit(at: now)
    }

    /// Whether `text`, which lies in `body`, is the name.
    func isNamed(_ text: JSONText, in body: ByteView) -> Bool {
        name.withUnsafeBytes { text.equals(ByteView($0), in: body) }
    }
}
