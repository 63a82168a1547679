extension OutlierDetector {
    /// Who does worse than its siblings, and what happens then. Values out of range are moved to the nearest one in range.
    public struct Configuration: Hashable, Sendable {
        /// Failures in a row that eject, at least 1; `nil` leaves that to the breaker. Default `nil`.
        public var consecutiveFailures: Int?
        /// With fewer backends that had enough calls nobody is compared, at least 2. Default 3.
        public var minimumBackends: Int
        /// With fewer calls in the last ten seconds the failures of a backend are not judged, at least 1. Default 50.
        public var minimumCalls: Int
        /// So much more than its siblings' mean must the share of failures be at least, 0…1. Default 10 %.
        public var failureDifference: Double
        /// So many standard deviations of its siblings' shares must it be above their mean, and of what chance does to so
        /// many calls. Default 4, since it is judged every second.
        public var deviations: Double
        /// So many times its siblings' median must the mean time of a backend be, at least 1. Default 3.
        public var slownessFactor: Double
        /// So much more than its siblings' median must it be at least. Default 50 ms.
        public var slownessDifference: Duration
        /// In so many intervals in a row must it be slow, at least 1. Default 5.
        public var slowIntervals: Int
        /// With fewer answers in an interval, it says nothing about times, at least 1. Default 5.
        public var minimumAnswers: Int
        /// How long the first ejection lasts; the n-th in a row lasts n times as long. Default 30 s.
        public var baseEjectionTime: Duration
        /// The longest ejection. Default 5 min.
        public var maximumEjectionTime: Duration
        /// The share of a pool that may be ejected at a time, one at least of two or more, 0…1. Default 50 %.
        public var maximumEjectionShare: Double

        /// A configuration; what is not given has its default.
        public init(
            consecutiveFailures: Int? = nil,
            minimumBackends: Int = 3,
            minimumCalls: Int = 50,
            failureDifference: Double = 0.1,
            deviations: Double = 4,
            slownessFactor: Double = 3,
            slownessDifference: Duration = .milliseconds(50),
            slowIntervals: Int = 5,
            minimumAnswers: Int = 5,
            baseEjectionTime: Duration = .seconds(30),
            maximumEjectionTime: Duration = .seconds(300),
            maximumEjectionShare: Double = 0.5
        ) {
            self.consecutiveFailures = consecutiveFailures.map { max($0, 1) }
            self.minimumBackends = max(minimumBackends, 2)
            self.minimumCalls = max(minimumCalls, 1)
            self.failureDifference = min(max(failureDifference, 0), 1)
            self.deviations = max(deviations, 0)
            self.slownessFactor = max(slownessFactor, 1)
            self.slownessDifference = max(slownessDifference, .zero)
            self.slowIntervals = max(slowIntervals, 1)
            self.minimumAnswers = max(minimumAnswers, 1)
            self.baseEjectionTime = max(baseEjectionTime, .milliseconds(1))
            self.maximumEjectionTime = max(maximumEjectionTime, self.baseEjectionTime)
            self.maximumEjectionShare = min(max(maximumEjectionShare, 0), 1)
        }
    }
}
