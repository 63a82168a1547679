package import Resilience

/// One rule of the configuration, made ready for the path of a call.
package struct RateLimitPlan: Sendable {
    /// The rule's name, for metrics.
    package let name: String
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
    /// `RateLimit-Policy` and the beginning of `RateLimit` up to the number of calls that remain, as they are written
    /// (draft-ietf-httpapi-ratelimit-headers-10).
    package let fieldStart: [UInt8]

    /// The plan of `rule`. Names of rules need no escapes in a structured field.
    package init(_ rule: RateLimitRule) {
        name = rule.name
        key = rule.key
        limit = RateLimit(count: rule.rate.count, per: rule.rate.period, burst: rule.burst)
        cost = Int64(rule.cost)
        isEnforced = rule.isEnforced
        onRedisFailure = rule.onRedisFailure
        let window = rule.rate.period.components.seconds
        fieldStart = Array(
            "RateLimit-Policy: \"\(rule.name)\";q=\(rule.rate.count);w=\(window)\r\nRateLimit: \"\(rule.name)\";r=".utf8
        )
    }
}
