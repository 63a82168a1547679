/// Who may be served a kept answer.
package enum CacheAudience: Hashable, Sendable {
    /// Anybody (`cacheScope: "public"`; MCP 2026-07-28, Caching).
    case everyone
    /// Whoever has this identity, and nobody else: issuer, subject and scopes, or a hash of the presented credential.
    case identity([UInt8])
}
