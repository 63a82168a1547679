extension CircuitBreaker {
    /// When a breaker opens, for how long, and what closes it again. Values out of range are moved to the nearest one
    /// in range.
    public struct Configuration: Hashable, Sendable {
        /// The share of failures in the window that opens, above 0, at most 1. Default 50 %.
        public var failureRate: Double
        /// The share of slow successes in the window that opens, above 0, at most 1. Default 80 %.
        public var slowRate: Double
        /// With fewer tries in the window the rates are not judged; at least 1. Default 20.
        public var minimumRequests: Int
        /// Failures in a row that open at once, at least 1. Default 5.
        public var consecutiveFailures: Int
        /// Failures to connect in a row that open at once, at least 1. Default 3.
        public var consecutiveConnectFailures: Int
        /// The trailing span over which the rates are taken. Default 10 s.
        public var window: Duration
        /// The number of last tries over which the rates are taken instead of a span, 1…100,000; `nil` for the span.
        /// Default `nil`.
        public var windowTries: Int?
        /// The open time of the first opening, before it is shortened by chance; it doubles with each opening in a row.
        /// Default 2 s.
        public var openDuration: Duration
        /// The longest open time. Default 60 s.
        public var maximumOpenDuration: Duration
        /// For each such span that the breaker stays closed, one opening is forgotten. Default 30 s.
        public var recoveryInterval: Duration
        /// Probes at a time while half open, at least 1. Default 3.
        public var halfOpenRequests: Int
        /// Successes that close a half-open breaker, at least 1. Default 3.
        public var halfOpenSuccesses: Int
        /// Half open for so long without a verdict, it opens again. Default 10 s.
        public var halfOpenTimeout: Duration
        /// Half open for so long without a repeatable call, passed health checks count as successes. Default 2 s.
        public var halfOpenIdle: Duration
        /// Passed health checks in a row that make an open breaker half open, at least 1. Default 2.
        public var healthChecksToHalfOpen: Int
        /// Which calls may be probes. Default `repeatableCalls`.
        public var probes: Probes

        /// A configuration; what is not given has its default.
        public init(
            failureRate: Double = 0.5,
            slowRate: Double = 0.8,
            minimumRequests: Int = 20,
            consecutiveFailures: Int = 5,
            consecutiveConnectFailures: Int = 3,
            window: Duration = .seconds(10),
            windowTries: Int? = nil,
            openDuration: Duration = .seconds(2),
            maximumOpenDuration: Duration = .seconds(60),
            recoveryInterval: Duration = .seconds(30),
            halfOpenRequests: Int = 3,
            halfOpenSuccesses: Int = 3,
            halfOpenTimeout: Duration = .seconds(10),
            halfOpenIdle: Duration = .seconds(2),
            healthChecksToHalfOpen: Int = 2,
            probes: Probes = .repeatableCalls
        ) {
            self.failureRate = failureRate
            self.slowRate = slowRate
            self.minimumRequests = minimumRequests
            self.consecutiveFailures = consecutiveFailures
            self.consecutiveConnectFailures = consecutiveConnectFailures
            self.window = window
            self.windowTries = windowTries
            self.openDuration = openDuration
            self.maximumOpenDuration = maximumOpenDuration
            self.recoveryInterval = recoveryInterval
            self.halfOpenRequests = halfOpenRequests
            self.halfOpenSuccesses = halfOpenSuccesses
            self.halfOpenTimeout = halfOpenTimeout
            self.halfOpenIdle = halfOpenIdle
            self.healthChecksToHalfOpen = healthChecksToHalfOpen
            self.probes = probes
        }

        /// The same with every value in range, so that a breaker cannot get stuck whatever it was given.
        var clamped: Configuration {
            var result = self
            result.failureRate = Configuration.share(failureRate)
            result.slowRate = Configuration.share(slowRate)
            result.minimumRequests = max(minimumRequests, 1)
            result.consecutiveFailures = max(consecutiveFailures, 1)
            result.consecutiveConnectFailures = max(consecutiveConnectFailures, 1)
            result.windowTries = windowTries.map { min(max($0, 1), TryWindow.maximumCapacity) }
            result.openDuration = max(openDuration, .milliseconds(1))
            result.maximumOpenDuration = max(maximumOpenDuration, result.openDuration)
            result.recoveryInterval = max(recoveryInterval, .milliseconds(1))
            result.halfOpenRequests = max(halfOpenRequests, 1)
            result.halfOpenSuccesses = max(halfOpenSuccesses, 1)
            result.halfOpenTimeout = max(halfOpenTimeout, .milliseconds(1))
            result.healthChecksToHalfOpen = max(healthChecksToHalfOpen, 1)
            return result
        }

        private static func share(_ value: Double) -> Double {
            value > 0 ? min(value, 1) : .leastNormalMagnitude
        }
    }
}
