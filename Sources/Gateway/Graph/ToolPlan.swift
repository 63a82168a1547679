import Wire

/// What is different for one tool of a pool, made ready for the path of a call.
package final class ToolPlan: Sendable {
    /// The name as its server gives it, UTF-8.
    package let name: [UInt8]
    /// For how many calls one counts in rate limits.
    package let cost: Int64
    /// What is kept of its answers; `nil`: nothing.
    package let cacheRule: CacheRule?
    /// How long things may take.
    package let timeouts: PoolTimeouts
    /// Whether a call of it may be made again although it may have been executed; `nil`: as its definition says, where the
    /// pool trusts definitions.
    package let isRepeatable: Bool?

    /// The plan of `tool` in a pool with these time-outs, whose answers serve every revision if `isAcrossRevisions`.
    package init(_ tool: ToolSettings, timeouts: PoolTimeouts, isAcrossRevisions: Bool) {
        name = Array(tool.name.utf8)
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

    /// Whether `text`, which lies in `body`, is the name.
    func isNamed(_ text: JSONText, in body: ByteView) -> Bool {
        name.withUnsafeBytes { text.equals(ByteView($0), in: body) }
    }
}
