import Resilience

extension CircuitBreaker.Configuration {
    /// What the breaker of a backend goes by.
    init(_ settings: CircuitBreakerSettings) {
        self.init(
            failureRate: settings.failureRate, minimumRequests: settings.minimumRequests,
            consecutiveFailures: settings.consecutiveFailures, window: settings.window,
            openDuration: settings.openDuration, halfOpenRequests: settings.halfOpenRequests)
    }

    /// What the breaker of a tool goes by whose calls may take `request`: a probe is waited for as long.
    init(_ settings: CircuitBreakerSettings, ofToolTaking request: Duration) {
        self.init(settings)
        probes = .anyCalls
        halfOpenTimeout = max(halfOpenTimeout, request + .seconds(1))
    }
}
