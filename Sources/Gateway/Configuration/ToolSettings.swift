/// What is different for one tool of a pool.
package struct ToolSettings: Hashable, Sendable {
    /// The tool's name as its server gives it.
    package var name: String
    /// How its answers are cached; absent: not at all.
    package var cache: ToolCacheSettings?
    /// How long it may take.
    package var timeout: ToolTimeoutSettings

    package init(
        name: String, cache: ToolCacheSettings? = nil, timeout: ToolTimeoutSettings = ToolTimeoutSettings()
    ) {
        self.name = name
        self.cache = cache
        self.timeout = timeout
    }
}

extension ToolSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self(name: "") },
        [
            ConfigurationKey(
                "cache", \.cache, .optional(.section(ToolCacheSettings.section), from: ToolCacheSettings()),
                "Cache the answers of this tool; only done for tools that may be repeated."),
            ConfigurationKey(
                "timeout", \.timeout, .section(ToolTimeoutSettings.section),
                "How long this tool may take, where it differs from the pool."),
        ])
}
