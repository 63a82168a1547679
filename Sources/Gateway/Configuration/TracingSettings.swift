/// Where traces go.
package struct TracingSettings: Hashable, Sendable {
    /// An OTLP/HTTP collector.
    package var collector: EndpointURL
    /// Share of the calls that are traced when the client does not say, 0…1.
    package var sample: Double

    package init(collector: EndpointURL, sample: Double = 0.1) {
        self.collector = collector
        self.sample = sample
    }
}

extension TracingSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { placeholder },
        [
            ConfigurationKey("otlp", \.collector, .collectorURL, "An OTLP/HTTP collector.", isRequired: true),
            ConfigurationKey(
                "sample", \.sample, .share(0...100), "The share of calls that are traced unless the client decides."),
        ])

    /// What reading begins with; never part of a configuration.
    static let placeholder = TracingSettings(collector: EndpointURL(scheme: .http, host: "", port: 80, path: "/"))
}
