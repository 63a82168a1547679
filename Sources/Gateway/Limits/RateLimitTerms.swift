package import Resilience

/// What one rule says, without its name: nothing that is counted by reference, so that it is looked at for free.
package struct RateLimitTerms: Sendable {
    /// What is counted apart.
    package let key: RateLimitRule.Key
    /// How often.
    package let limit: RateLimit
    /// How many calls one call counts for; 1….
    package let cost: Int64
    /// Whether calls are refused; else they are only counted.
    package let isEnforced: Bool
    /// What happens while Redis does not answer.
    package let onRedisFailure: RateLimitRule.RedisFailurePolicy

    /// The terms of `rule`.
    init(_ rule: RateLimitRule) {
        key = rule.key
        limit = RateLimit(count: rule.rate.count, per: rule.rate.period, burst: rule.burst)
        cost = Int64(rule.cost)
        isEnforced = rule.isEnforced
        onRedisFailure = rule.onRedisFailure
    }
}
