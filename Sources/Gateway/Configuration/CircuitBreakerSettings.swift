/// When a backend is left alone, and for how long (reliability 1.3).
package struct CircuitBreakerSettings: Hashable, Sendable {
    /// Share of failures in the window that opens the breaker. 0.01…1.
    package var failureRate: Double
    /// Attempts in the window below which rates are not judged. 1…100,000.
    package var minimumRequests: Int
    /// Failures in a row that open it at once. 1…1,000.
    package var consecutiveFailures: Int
    /// From here on a success counts as slow. 10ms…10m.
    package var slowCall: Duration
    /// How far back the rates look. 1s…5m.
    package var window: Duration
    /// How long it stays open the first time; then twice as long each time, up to a minute. 100ms…1m.
    package var openDuration: Duration
    /// Attempts that may be under way while half open. 1…100.
    package var halfOpenRequests: Int
    /// Whether JSON-RPC -32603 with HTTP 200 counts as a failure, once three identities have met it in the window.
    package var countsInternalErrors: Bool

    package init(
        failureRate: Double = 0.5, minimumRequests: Int = 20, consecutiveFailures: Int = 5,
        slowCall: Duration = .seconds(5), window: Duration = .seconds(10), openDuration: Duration = .seconds(2),
        halfOpenRequests: Int = 3, countsInternalErrors: Bool = false
    ) {
        self.failureRate = failureRate
        self.minimumRequests = minimumRequests
        self.consecutiveFailures = consecutiveFailures
        self.slowCall = slowCall
        self.window = window
        self.openDuration = openDuration
        self.halfOpenRequests = halfOpenRequests
        self.countsInternalErrors = countsInternalErrors
    }
}

extension CircuitBreakerSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "failure_rate", \.failureRate, .share(1...100),
                "This share of failures in the window opens the breaker."),
            ConfigurationKey(
                "minimum_requests", \.minimumRequests, .count(1...100_000),
                "Rates are not judged below so many attempts in the window."),
            ConfigurationKey(
                "consecutive_failures", \.consecutiveFailures, .count(1...1_000),
                "So many failures in a row open it at once."),
            ConfigurationKey(
                "slow_call", \.slowCall, .duration(.milliseconds(10) ... .seconds(600)),
                "A success that takes longer counts as slow; 80 % of slow ones open the breaker too."),
            ConfigurationKey(
                "window", \.window, .duration(.seconds(1) ... .seconds(300)), "How far back the rates look."),
            ConfigurationKey(
                "open_duration", \.openDuration, .duration(.milliseconds(100) ... .seconds(60)),
                "How long it stays open the first time; doubled each time, up to 1m, with jitter."),
            ConfigurationKey(
                "half_open_requests", \.halfOpenRequests, .count(1...100),
                "So many calls at a time try a backend whose breaker was open."),
            ConfigurationKey(
                "count_internal_errors", \.countsInternalErrors, .boolean,
                "Let JSON-RPC -32603 count as a failure, if callers with three credentials, or else addresses, have met it "
                    + "in the window. By default it is an answer like others, since many servers give it for bad arguments."
            ),
        ])
}
