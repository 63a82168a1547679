package import Redis

/// A Redis of several servers that share the keys.
package struct RedisClusterSettings: Hashable, Sendable {
    /// Where there are more of its servers than the one of the URL, in case that one is away at start.
    package var others: [RedisAddress]

    package init(others: [RedisAddress] = []) {
        self.others = others
    }
}

extension RedisClusterSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "others", \.others, .redisAddresses,
                "Where more of its servers are, in case that of the URL is away at start.")
        ])
}
