/// How the lists and resources of a pool are cached.
package struct PoolCacheSettings: Hashable, Sendable {
    /// Whether what the servers say of their answers counts, `ttlMs` and `cacheScope`.
    package var usesHints: Bool
    /// For how long an answer is fresh that says nothing of it; absent: it is not kept. 1s…24h.
    package var lifetime: Duration?
    /// For whom such an answer is.
    package var scope: CacheScope
    /// Whether an answer to a client of one revision is one for those of all.
    package var isAcrossRevisions: Bool

    package init(
        usesHints: Bool = true, lifetime: Duration? = nil, scope: CacheScope = .private, isAcrossRevisions: Bool = false
    ) {
        self.usesHints = usesHints
        self.lifetime = lifetime
        self.scope = scope
        self.isAcrossRevisions = isAcrossRevisions
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
            ConfigurationKey(
                "across_revisions", \.isAcrossRevisions, .boolean,
                "The servers answer alike in all revisions, and whatever a client says that it can do: an answer that one client got may serve those of other revisions."
            ),
        ])
}
