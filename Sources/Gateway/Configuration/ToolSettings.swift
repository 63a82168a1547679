/// What is different for one tool of a pool.
package struct ToolSettings: Hashable, Sendable {
    /// The tool's name as its server gives it.
    package var name: String
    /// How its answers are cached; absent: not at all.
    package var cache: ToolCacheSettings?
    /// How long it may take.
    package var timeout: ToolTimeoutSettings
    /// For how many calls one of this tool counts in rate limits. 1…1,000,000.
    package var cost: Int
    /// Whether a call of it may be made again although it may have been executed; absent: as its definition says.
    package var isRepeatable: Bool?
    /// When a backend is left alone as far as this tool is concerned; absent: its calls count for the backend's breaker.
    package var circuitBreaker: CircuitBreakerSettings?

    package init(
        name: String, cache: ToolCacheSettings? = nil, timeout: ToolTimeoutSettings = ToolTimeoutSettings(),
        cost: Int = 1, isRepeatable: Bool? = nil, circuitBreaker: CircuitBreakerSettings? = nil
    ) {
        self.name = name
        self.cache = cache
        self.timeout = timeout
        self.cost = cost
        self.isRepeatable = isRepeatable
        self.circuitBreaker = circuitBreaker
    }
}

extension ToolSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self(name: "") },
        [
            ConfigurationKey(
                "cache", \.cache, .optional(.section(ToolCacheSettings.section), from: ToolCacheSettings()),
                "Cache the answers of this tool, which must not change anything: a kept answer does not run it."),
            ConfigurationKey(
                "timeout", \.timeout, .section(ToolTimeoutSettings.section),
                "How long this tool may take, where it differs from the pool."),
            ConfigurationKey(
                "cost", \.cost, .count(1...1_000_000), "For how many calls one of this tool counts in rate limits."),
            ConfigurationKey(
                "repeatable", \.isRepeatable, .optional(.boolean, from: true),
                "Whether a call that may have been executed may be made again. Absent: if it has `cache`, or its "
                    + "definition says so and the pool has `trust_annotations`."),
            ConfigurationKey(
                "circuit_breaker", \.circuitBreaker,
                .optional(.section(CircuitBreakerSettings.section), from: CircuitBreakerSettings()),
                "A breaker of its own at each backend: while it is open, only this tool is kept from that backend. Its "
                    + "time-outs, slow and bad answers then say nothing of the backend. Absent: as for the whole backend."
            ),
        ])
}
