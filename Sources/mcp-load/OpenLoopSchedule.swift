/// When the calls of a fixed rate are to be sent, whatever became of the calls before.
///
/// Measuring from these times and not from the real sending is what shows a stall in full: the calls that could not be
/// sent during it waited too (Gil Tene, "coordinated omission").
struct OpenLoopSchedule: Sendable {
    /// Nanoseconds of the loop's clock at which the first call is due.
    private let start: UInt64
    /// Nanoseconds between two calls.
    private let interval: Double
    /// Calls that were taken.
    private(set) var taken = 0

    /// A schedule of `rate` calls per second from `start` on; `rate` is above zero.
    init(start: UInt64, rate: Double) {
        self.start = start
        interval = 1e9 / rate
    }

    /// When the next call is due.
    var nextDue: UInt64 { due(taken) }

    /// Takes the next call if it is due at `now`, and returns when it should have been sent.
    mutating func take(at now: UInt64) -> UInt64? {
        let time = nextDue
        guard time <= now else { return nil }
        taken += 1
        return time
    }

    /// Calls that are due at `now` and were not taken.
    func behind(at now: UInt64) -> Int {
        guard now >= start else { return 0 }
        let due = (Double(now - start) / interval).rounded(.down) + 1
        return max(0, Int(min(due, 1e15)) - taken)
    }

    private func due(_ index: Int) -> UInt64 {
        // From the start and not from the call before, so that rounding does not add up.
        let offset = (Double(index) * interval).rounded()
        return offset < 9e18 ? start &+ UInt64(offset) : .max
    }
}
