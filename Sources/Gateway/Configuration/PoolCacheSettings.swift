/// How the lists and resources of a pool are cached.
package struct PoolCacheSettings: Hashable, Sendable {
    /// Whether what the servers say of their answers counts, `ttlMs` and `cacheScope`.
    package var usesHints: Bool
    /// For how long an answer is fresh that says nothing of it; absent: it is not kept. 1s…24h.
    package var lifetime: Duration?
    /// For whom such an answer is.
    package var scope: CacheScope

    package init(usesHints: Bool = true, lifetime: Duration? = nil, scope: CacheScope = .private) {
        self.usesHints = usesHints
        self.lifetime = lifetime
        self.scope = scope
    }
}

extension PoolCacheSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "use_hints", \.usesHints, .boolean,
                "Keep answers for as long, and for those, that their server says (`ttlMs`, `cacheScope`)."),
            ConfigurationKey(
                "ttl", \.lifetime,
                .optional(.duration(.seconds(1) ... .seconds(86_400)), from: .seconds(60)),
                "For how long an answer is fresh that says nothing of it, as those of legacy servers. Absent: not kept."
            ),
            ConfigurationKey(
                "scope", \.scope, .choice,
                "For whom such an answer is: `private`, the caller, who must have shown a credential; `public`, everybody."
            ),
        ])
}
