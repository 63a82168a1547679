import Resilience

/// Decides what of a server's probes is told: each change, and now and then that it still is not well.
struct StateLog: Sendable {
    /// What is to be said.
    enum Announcement: Hashable, Sendable {
        /// The state is another one than before; `nil` before the first probe.
        case changed(from: ProbeStatus?)
        /// It has not been `ok` for so long, in so many probes.
        case reminder(lasting: Duration, probes: Int)
    }

    /// How often it is said that a server still is not well.
    static let reminderInterval = Duration.seconds(600)
    /// How often it is said that the trouble is another one now: it may be another one with each probe.
    static let changeInterval = Duration.seconds(60)

    /// What was told last.
    private var told: ProbeStatus?
    private var toldAt = MonotonicTime.zero
    /// Since when it has been healthy, or not.
    private var since = MonotonicTime.zero
    private var isHealthy: Bool?
    private var probes = 0

    /// Nothing known.
    init() {}

    /// Takes note of a probe that ended at `now`; returns what to say about it.
    mutating func record(_ found: ProbeStatus, at now: MonotonicTime) -> Announcement? {
        if isHealthy != (found == .ok) {
            isHealthy = found == .ok
            since = now
            probes = 0
        }
        probes += 1
        let last = told
        if found != last, found.word != last?.word || now - toldAt >= StateLog.changeInterval {
            told = found
            toldAt = now
            return .changed(from: last)
        }
        guard found != .ok, now - toldAt >= StateLog.reminderInterval else { return nil }
        toldAt = now
        return .reminder(lasting: now - since, probes: probes)
    }
}
