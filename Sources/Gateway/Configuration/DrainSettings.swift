/// How the gateway ends (reliability 10).
package struct DrainSettings: Hashable, Sendable {
    /// From "not ready" to closing the listeners. 0s…10m.
    package var delay: Duration
    /// For calls in flight to end well. 0s…1h.
    package var timeout: Duration

    package init(delay: Duration = .zero, timeout: Duration = .seconds(30)) {
        self.delay = delay
        self.timeout = timeout
    }
}

extension DrainSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "delay", \.delay, .duration(.zero ... .seconds(600)),
                "From `/ready` saying no to closing the listeners, for load balancers to notice."),
            ConfigurationKey(
                "timeout", \.timeout, .duration(.zero ... .seconds(3_600)),
                "Calls in flight are given so long to end well."),
        ])
}
