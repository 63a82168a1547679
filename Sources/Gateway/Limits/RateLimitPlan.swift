/// One rule of the configuration, made ready for the path of a call.
package struct RateLimitPlan: Sendable {
    /// The rule's name, for metrics.
    package let name: String
    /// What it says.
    package let terms: RateLimitTerms
    /// `RateLimit-Policy` and the beginning of `RateLimit` up to the number of calls that remain, as they are written
    /// (draft-ietf-httpapi-ratelimit-headers-10).
    package let fieldStart: [UInt8]

    /// The plan of `rule`. Names of rules need no escapes in a structured field.
    package init(_ rule: RateLimitRule) {
        name = rule.name
        terms = RateLimitTerms(rule)
        let window = rule.rate.period.components.seconds
        fieldStart = Array(
            "RateLimit-Policy: \"\(rule.name)\";q=\(rule.rate.count);w=\(window)\r\nRateLimit: \"\(rule.name)\";r=".utf8
        )
    }
}
