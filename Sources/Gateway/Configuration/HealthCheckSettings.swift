/// How backends of a pool are watched when nobody calls them (reliability 1.4).
package struct HealthCheckSettings: Hashable, Sendable {
    /// From the end of one check to the beginning of the next, ±10 %. 100ms…1h.
    package var interval: Duration
    /// For a check to be answered. 10ms…1m.
    package var timeout: Duration
    /// Passed checks in a row that bring a backend up; at start one does. 1…100.
    package var healthyThreshold: Int
    /// Failed checks in a row that take a backend down. 1…100.
    package var unhealthyThreshold: Int
    /// What is asked.
    package var kind: Kind

    package init(
        interval: Duration = .seconds(1), timeout: Duration = .milliseconds(500), healthyThreshold: Int = 2,
        unhealthyThreshold: Int = 2, kind: Kind = .mcp
    ) {
        self.interval = interval
        self.timeout = timeout
        self.healthyThreshold = healthyThreshold
        self.unhealthyThreshold = unhealthyThreshold
        self.kind = kind
    }

    /// What a check asks.
    package enum Kind: Hashable, Sendable {
        /// `server/discover`; any well-formed JSON-RPC answer says that the server lives.
        case mcp
        /// `GET` of this path; status 200 says that the server lives.
        case get(path: String)
    }
}

extension HealthCheckSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "interval", \.interval, .duration(.milliseconds(100) ... .seconds(3_600)),
                "From one check to the next, with 10 % of jitter."),
            ConfigurationKey(
                "timeout", \.timeout, .duration(.milliseconds(10) ... .seconds(60)),
                "A check that takes longer has failed."),
            ConfigurationKey(
                "healthy_threshold", \.healthyThreshold, .count(1...100),
                "So many passed checks in a row bring a backend up. At start one is enough."),
            ConfigurationKey(
                "unhealthy_threshold", \.unhealthyThreshold, .count(1...100),
                "So many failed checks in a row take a backend down."),
            ConfigurationKey(
                "path", \.kind, .healthCheckPath,
                "Ask `GET` this path for status 200. Absent: an MCP request; any well-formed answer is life."),
        ])
}

extension ConfigurationValue where Value == HealthCheckSettings.Kind {
    /// The path of a check by `GET`.
    static var healthCheckPath: Self {
        let path = ConfigurationValue<String>.path
        return ConfigurationValue(
            kind: path.kind,
            read: { node, _, reader in path.read(node, "", &reader).map { .get(path: $0) } },
            text: { kind in
                switch kind {
                case .mcp: nil
                case .get(let path): path
                }
            })
    }
}
