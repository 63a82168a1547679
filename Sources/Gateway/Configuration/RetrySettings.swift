/// How often an attempt that failed is made again (reliability 1.6).
package struct RetrySettings: Hashable, Sendable {
    /// Attempts of one call, the first included; 1 means no retry. 1…10.
    package var attempts: Int
    /// Retries as a share of the calls of the last ten seconds, 0…1.
    package var budget: Double
    /// Upper bound of the wait before the first retry; doubled for each one after it. 1ms…10s.
    package var backoff: Duration
    /// Upper bound of any wait. 1ms…1m.
    package var maximumBackoff: Duration

    package init(
        attempts: Int = 3, budget: Double = 0.2, backoff: Duration = .milliseconds(25),
        maximumBackoff: Duration = .seconds(1)
    ) {
        self.attempts = attempts
        self.budget = budget
        self.backoff = backoff
        self.maximumBackoff = maximumBackoff
    }
}

extension RetrySettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey("attempts", \.attempts, .count(1...10), "Attempts of one call, the first included."),
            ConfigurationKey(
                "budget", \.budget, .share(0...100), "Retries are at most this share of the calls of the last 10s."),
            ConfigurationKey(
                "backoff", \.backoff, .duration(.milliseconds(1) ... .seconds(10)),
                "The wait before a retry is random up to this, doubled each time."),
            ConfigurationKey(
                "max_backoff", \.maximumBackoff, .duration(.milliseconds(1) ... .seconds(60)), "No wait is longer."),
        ],
        finish: { retry, places, reader in
            guard retry.backoff > retry.maximumBackoff else { return }
            reader.descend(to: "backoff") {
                $0.problem(
                    "must not be longer than max_backoff (\(retry.maximumBackoff.configurationText))",
                    at: places["backoff"])
            }
        })
}
