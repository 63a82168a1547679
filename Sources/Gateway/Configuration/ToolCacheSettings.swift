/// How the answers of a tool are cached.
package struct ToolCacheSettings: Hashable, Sendable {
    /// For how long an answer is fresh. 1s…24h.
    package var lifetime: Duration

    package init(lifetime: Duration = .seconds(60)) {
        self.lifetime = lifetime
    }
}

extension ToolCacheSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "ttl", \.lifetime, .duration(.seconds(1) ... .seconds(86_400)), "For how long an answer is fresh.")
        ])
}
