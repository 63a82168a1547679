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

    package init(
        name: String, cache: ToolCacheSettings? = nil, timeout: ToolTimeoutSettings = ToolTimeoutSettings(),
        cost: Int = 1
    ) {
        self.name = name
        self.cache = cache
        self.timeout = timeout
        self.cost = cost
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
                "How long this tool may take, where it differs from the pool.", effect: .none()),
            ConfigurationKey(
                "cost", \.cost, .count(1...1_000_000), "For how many calls one of this tool counts in rate limits."),
        ])
}
