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

    private var status: ProbeStatus?
    private var since = MonotonicTime.zero
    private var toldAt = MonotonicTime.zero
    private var probes = 0

    /// Nothing known.
    init() {}

    /// Takes note of a probe that ended at `now`; returns what to say about it.
    mutating func record(_ found: ProbeStatus, at now: MonotonicTime) -> Announcement? {
        probes += 1
        guard found == status else {
            let last = status
            // From one trouble to another it is still the same time of trouble.
            if last == nil || last == .ok || found == .ok {
                since = now
                probes = 1
            }
            status = found
            toldAt = now
            return .changed(from: last)
        }
        guard found != .ok, now - toldAt >= StateLog.reminderInterval else { return nil }
        toldAt = now
        return .reminder(lasting: now - since, probes: probes)
    }
}
