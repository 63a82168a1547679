import Resilience

/// When a server is probed: at the interval, a tenth more or less each time, so that neither the servers nor the copies of
/// a monitor march in step.
struct ProbeSchedule: Sendable {
    /// Within what time the first probes of all servers begin.
    static let spread = Duration.seconds(1)

    private let interval: Duration
    private var random: SeededRandom

    /// A schedule; two with the same seed are the same.
    init(interval: Duration, seed: UInt64) {
        self.interval = interval
        random = SeededRandom(seed: seed)
    }

    /// How long to wait before the first probe: less than a second, and than half the interval.
    mutating func firstWait() -> Duration {
        random.nextDuration(below: min(ProbeSchedule.spread, interval / 2))
    }

    /// How long to wait after a probe that took `elapsed`. A probe that took longer than the interval is not followed at
    /// once: the server has trouble enough.
    mutating func wait(after elapsed: Duration) -> Duration {
        let tenth = interval / 10
        let period = interval - tenth + random.nextDuration(below: tenth * 2)
        return max(period - elapsed, tenth)
    }
}
