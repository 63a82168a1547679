/// Turns what is used of memory and descriptors, and how late the event loops are, into an `OverloadLevel`.
///
/// The level rises at once and falls one step at a time, when what it is about has been five points (of the lag: a half)
/// below its threshold for half a second; so a value that wavers around a threshold does not make the process waver. A lag
/// counts when it was there three times in a row: a process that was stopped and goes on is late once, and then it is not.
///
/// Told every 100 ms or so, off the path of calls; those read the level that was found last. Constant cost.
public struct OverloadGauge: Sendable {
    /// What is known at a moment. What cannot be found out is 0.
    public struct Reading: Hashable, Sendable {
        /// Used share of the memory, of the control group or `memory_limit`, 0…1.
        public var memory: Double
        /// Used share of the descriptors, 0…1.
        public var descriptors: Double
        /// How late the event loop is that is most late.
        public var lag: Duration

        /// A reading.
        public init(memory: Double = 0, descriptors: Double = 0, lag: Duration = .zero) {
            self.memory = memory
            self.descriptors = descriptors
            self.lag = lag
        }
    }

    /// The level found last.
    public private(set) var level = OverloadLevel.none
    /// Since when a lower level would do; `nil` if none would.
    private var calmSince: MonotonicTime?
    /// The last lag and the one before.
    private var previousLags = (Duration.zero, Duration.zero)

    private static let lagLimit = Duration.milliseconds(250)
    private static let relief = 0.05
    /// Half of the second within which newcomers are to be served once there are descriptors again; the rest is for finding
    /// that out, and for them.
    private static let calmTime = Duration.milliseconds(500)
    /// From this share on the level is `high`.
    public static let highShare = 0.8

    /// Nothing is known, and nothing to be done.
    public init() {}

    /// Takes note of what is known at `now`; returns the level.
    public mutating func read(_ reading: Reading, at now: MonotonicTime) -> OverloadLevel {
        let lag = min(reading.lag, previousLags.0, previousLags.1)
        previousLags = (reading.lag, previousLags.0)
        let rising = OverloadGauge.level(of: reading, lag: lag, relief: 0, lagLimit: OverloadGauge.lagLimit)
        if rising >= level {
            level = rising
            calmSince = nil
        }
        let falling = OverloadGauge.level(
            of: reading, lag: lag, relief: OverloadGauge.relief, lagLimit: OverloadGauge.lagLimit / 2)
        guard falling < level else {
            calmSince = nil
            return level
        }
        let since = calmSince ?? now
        calmSince = since
        if now - since >= OverloadGauge.calmTime, let lower = OverloadLevel(rawValue: level.rawValue - 1) {
            level = lower
            // The next step takes as long again.
            calmSince = now
        }
        return level
    }

    private static func level(
        of reading: Reading, lag: Duration, relief: Double, lagLimit: Duration
    ) -> OverloadLevel {
        // What is no number is ignored by `max` only on one side.
        let memory = reading.memory.isNaN ? 0 : reading.memory
        let used = max(memory, reading.descriptors.isNaN ? 0 : reading.descriptors)
        if used >= 0.95 - relief { return .exhausted }
        if used >= 0.9 - relief || lag > lagLimit { return .critical }
        return used >= highShare - relief ? .high : .none
    }
}
