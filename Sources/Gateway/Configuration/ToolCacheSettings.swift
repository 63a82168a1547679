/// How the answers of a tool are cached.
package struct ToolCacheSettings: Hashable, Sendable {
    /// For how long an answer is fresh. 1s…24h.
    package var lifetime: Duration
    /// For whom it is.
    package var scope: CacheScope

    package init(lifetime: Duration = .seconds(60), scope: CacheScope = .private) {
        self.lifetime = lifetime
        self.scope = scope
    }
}

extension ToolCacheSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "ttl", \.lifetime, .duration(.seconds(1) ... .seconds(86_400)), "For how long an answer is fresh."),
            ConfigurationKey(
                "scope", \.scope, .choice,
                "For whom an answer is: `private`, the caller, who must have shown a credential; `public`, everybody."),
        ])
}
