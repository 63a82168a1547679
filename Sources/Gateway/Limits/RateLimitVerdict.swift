/// What the rules say to a call.
package struct RateLimitVerdict: Hashable, Sendable {
    /// Whether a rule has refused it.
    package var isRefused: Bool
    /// After how many seconds it would be served; 1… if it is refused, else 0.
    package var retryAfterSeconds: Int
    /// Whether it is refused only because nobody can say whether it is within its limits.
    package var isUndecided = false
    /// How much is left of the rule that is nearest its limit; `nil` when no rule that is enforced is for this call.
    package var quota: Quota?

    /// What a caller has left of one rule.
    package struct Quota: Hashable, Sendable {
        /// The position of the rule.
        package var rule: Int
        /// Calls that would be served now.
        package var remaining: Int64
        /// Seconds until all of the burst is there again, rounded up.
        package var restoredAfterSeconds: Int
    }
}
