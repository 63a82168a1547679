/// How much a pool takes on at a time (reliability 2).
package struct PoolLimitSettings: Hashable, Sendable {
    /// Calls in flight in the pool; automatic: fitted to the latency. 1…100,000.
    package var maximumConcurrency: AutomaticCount
    /// Calls in flight to one backend. 1…100,000.
    package var perBackend: Int
    /// Calls in flight of one identity; 0: as many as it likes. 0…100,000.
    package var perIdentity: Int
    /// Calls that wait for room. 0…100,000.
    package var queue: Int
    /// How long one waits. 1ms…1m.
    package var queueTimeout: Duration

    package init(
        maximumConcurrency: AutomaticCount = .automatic, perBackend: Int = 256, perIdentity: Int = 64,
        queue: Int = 256, queueTimeout: Duration = .milliseconds(500)
    ) {
        self.maximumConcurrency = maximumConcurrency
        self.perBackend = perBackend
        self.perIdentity = perIdentity
        self.queue = queue
        self.queueTimeout = queueTimeout
    }
}

extension PoolLimitSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "max_concurrency", \.maximumConcurrency, .automaticOrCount(1...100_000),
                "Calls in flight in the pool. `auto` fits it to the latency."),
            ConfigurationKey("per_backend", \.perBackend, .count(1...100_000), "Calls in flight to one backend."),
            ConfigurationKey(
                "per_identity", \.perIdentity, .count(0...100_000),
                "Calls in flight with one credential; more are refused with 503. 0: as many as it likes."),
            ConfigurationKey(
                "queue", \.queue, .count(0...100_000), "So many calls wait for room; more are refused with 503."),
            ConfigurationKey(
                "queue_timeout", \.queueTimeout, .duration(.milliseconds(1) ... .seconds(60)), "Nobody waits longer."),
        ])
}
