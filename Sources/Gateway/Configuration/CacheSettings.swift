/// What is kept of answers, and for how long (reliability 8).
package struct CacheSettings: Hashable, Sendable {
    /// Bytes of the cache. 1MiB…64GiB.
    package var memory: Int
    /// Bytes of one answer. 1KiB…64MiB.
    package var maximumEntry: Int
    /// How long an answer is served while a new one is fetched. 0s…24h.
    package var staleWhileRevalidate: Duration
    /// How long an answer is served while its backends fail. 0s…24h.
    package var staleIfError: Duration

    package init(
        memory: Int = 67_108_864, maximumEntry: Int = 1_048_576, staleWhileRevalidate: Duration = .seconds(30),
        staleIfError: Duration = .seconds(300)
    ) {
        self.memory = memory
        self.maximumEntry = maximumEntry
        self.staleWhileRevalidate = staleWhileRevalidate
        self.staleIfError = staleIfError
    }
}

extension CacheSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey("memory", \.memory, .size(1_048_576...68_719_476_736), "What the cache may hold."),
            ConfigurationKey("max_entry", \.maximumEntry, .size(1_024...67_108_864), "Larger answers are not kept."),
            ConfigurationKey(
                "stale_while_revalidate", \.staleWhileRevalidate, .duration(.zero ... .seconds(86_400)),
                "How long an answer is served while a new one is fetched."),
            ConfigurationKey(
                "stale_if_error", \.staleIfError, .duration(.zero ... .seconds(86_400)),
                "How long an answer is served while its backends fail."),
        ],
        finish: { cache, places, reader in
            guard cache.maximumEntry > cache.memory else { return }
            reader.descend(to: "max_entry") {
                $0.problem("must not be larger than memory (\(cache.memory.sizeText))", at: places["max_entry"])
            }
        })
}
