/// How often one rule has decided in which way.
package struct RateLimitCounts: Hashable, Sendable {
    /// Calls that it let through and charged.
    package var allowed = 0
    /// Calls that it refused.
    package var refused = 0
    /// Calls that it would have refused if it were enforced.
    package var wouldRefuse = 0
}
