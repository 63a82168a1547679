/// How often something may be done (reliability 7).
package struct RateLimitRule: Hashable, Sendable {
    /// Names the rule to clients and in metrics.
    package var name: String
    /// What is counted apart.
    package var key: Key
    /// How often.
    package var rate: Rate
    /// How many at once; absent: as many as the rate counts. 1…1,000,000.
    package var burst: Int?
    /// For how many one call counts. 1…1,000,000, not above the burst.
    package var cost: Int
    /// Whether calls are refused; else what would be refused is only counted.
    package var isEnforced: Bool
    /// What happens while Redis does not answer.
    package var onRedisFailure: RedisFailurePolicy

    package init(
        name: String, key: Key, rate: Rate, burst: Int? = nil, cost: Int = 1, isEnforced: Bool = true,
        onRedisFailure: RedisFailurePolicy = .local
    ) {
        self.name = name
        self.key = key
        self.rate = rate
        self.burst = burst
        self.cost = cost
        self.isEnforced = isEnforced
        self.onRedisFailure = onRedisFailure
    }

    /// What is counted apart.
    package enum Key: String, Hashable, ConfigurationChoice {
        /// Each identity: the credential that is presented, else the source address.
        case identity
        /// Each identity and tool.
        case identityAndTool = "identity+tool"
        /// Each identity and method.
        case identityAndMethod = "identity+method"
        /// Each source address; a /64 of IPv6.
        case address
        /// Each pool.
        case pool
        /// Nothing: all calls together.
        case global
    }

    /// What happens while Redis does not answer.
    package enum RedisFailurePolicy: String, Hashable, ConfigurationChoice {
        /// Each gateway counts its share.
        case local
        /// All pass.
        case open
        /// None pass.
        case closed
    }
}

extension RateLimitRule {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { placeholder },
        [
            ConfigurationKey("name", \.name, .name, "Names the rule to clients and in metrics.", isRequired: true),
            ConfigurationKey(
                "key", \.key, .choice,
                "What is counted apart. Identity: the token or `X-API-Key` that a client presents, else its address. "
                    + "Address: one of IPv4, a /64 of IPv6.", isRequired: true),
            ConfigurationKey("rate", \.rate, .rate, "How often.", isRequired: true),
            ConfigurationKey(
                "burst", \.burst, .optional(.count(1...1_000_000), from: 1),
                "How many at once. Absent: as many as the rate counts."),
            ConfigurationKey(
                "cost", \.cost, .count(1...1_000_000), "For how many one call counts; not above the burst."),
            ConfigurationKey(
                "enforce", \.isEnforced, .boolean, "Refuse calls; `false` only counts what would be refused."),
            ConfigurationKey(
                "on_redis_failure", \.onRedisFailure, .choice,
                "What happens while Redis does not answer: each gateway lets its share through, all pass, or none do (503)."
            ),
        ],
        finish: { rule, places, reader in
            let burst = rule.burst ?? rule.rate.count
            guard rule.cost > burst else { return }
            reader.descend(to: "cost") {
                $0.problem("is above the burst of \(burst): no call could ever pass", at: places["cost"])
            }
        })

    /// What reading begins with; never part of a configuration.
    static let placeholder = RateLimitRule(name: "", key: .identity, rate: Rate(count: 1, period: .seconds(1)))
}
