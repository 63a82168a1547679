/// How far backends are taken out because they do worse than the others of their pool (reliability 1.3).
package struct OutlierDetectionSettings: Hashable, Sendable {
    /// Failures in a row that take a backend out; absent: that is left to its breaker. 1…1,000.
    package var consecutiveFailures: Int?
    /// How long the first time is; the n-th in a row is n times as long. 1s…1h.
    package var ejectionTime: Duration
    /// Share of a pool that may be out for that reason, 0…1; one backend at least, if there are two.
    package var maximumEjectionShare: Double

    package init(
        consecutiveFailures: Int? = nil, ejectionTime: Duration = .seconds(30), maximumEjectionShare: Double = 0.5
    ) {
        self.consecutiveFailures = consecutiveFailures
        self.ejectionTime = ejectionTime
        self.maximumEjectionShare = maximumEjectionShare
    }
}

extension OutlierDetectionSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "max_ejection_percent", \.maximumEjectionShare, .share(0...100),
                "At most this share of a pool is out for doing worse than the others, but one of two at least; 0% is never."
            ),
            ConfigurationKey(
                "base_ejection_time", \.ejectionTime, .duration(.seconds(1) ... .seconds(3_600)),
                "How long a backend is out the first time; the second time in a row twice as long, and so on up to 5m."),
            ConfigurationKey(
                "consecutive_failures", \.consecutiveFailures, .optional(.count(1...1_000), from: 5),
                "So many failures in a row take it out, too. Absent: that is left to the circuit breaker."),
        ])
}
