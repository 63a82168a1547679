/// The Redis that gateways share. A help, never a condition.
package struct RedisSettings: Hashable, Sendable {
    /// Where it is; the path is `/` or the number of a database.
    package var url: EndpointURL
    /// For a decision to come back; then it is made locally. 1ms…5s.
    package var timeout: Duration
    /// What every key begins with.
    package var keyPrefix: String

    package init(url: EndpointURL, timeout: Duration = .milliseconds(20), keyPrefix: String = "gw:") {
        self.url = url
        self.timeout = timeout
        self.keyPrefix = keyPrefix
    }
}

extension RedisSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { placeholder },
        [
            ConfigurationKey("url", \.url, .redisURL, "Where it is.", isRequired: true),
            ConfigurationKey(
                "timeout", \.timeout, .duration(.milliseconds(1) ... .seconds(5)),
                "A decision that takes longer is made locally."),
            ConfigurationKey("key_prefix", \.keyPrefix, .word, "What every key begins with."),
        ])

    /// What reading begins with; never part of a configuration.
    static let placeholder = RedisSettings(url: EndpointURL(scheme: .redis, host: "", port: 6_379, path: "/"))
}
