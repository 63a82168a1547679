import Synchronization

/// How many TLS handshakes a process begins at a time: each costs as much as fifty calls, and clients that come all at once
/// must not stop the calls of the others. Those beyond wait in the order in which they came.
///
/// Asked once for each connection.
package final class HandshakeBudget: Sendable {
    /// Handshakes under way at a time, unless somebody says otherwise.
    package static let defaultLimit = 256

    /// How a handshake ended.
    package enum Outcome: String, CaseIterable, Hashable, Sendable {
        /// The connection was sealed.
        case completed
        /// The two sides did not agree, or the client left.
        case failed
        /// The client took too long.
        case timeout
    }

    private struct State {
        var free: Int
        /// Those who wait, by their numbers.
        var waiting: [UInt64: @Sendable () -> Void] = [:]
        /// The number of who came last, and of who is next if it still waits.
        var last: UInt64 = 0
        var next: UInt64 = 1
        var counts: [Outcome: Int] = [:]

        /// The next one who waits, who does no longer. Each number is looked at once.
        mutating func takeNext() -> (@Sendable () -> Void)? {
            while next <= last {
                defer { next += 1 }
                if let waiting = waiting.removeValue(forKey: next) { return waiting }
            }
            return nil
        }
    }

    private let state: Mutex<State>

    /// A budget of `limit` handshakes at a time.
    package init(limit: Int = HandshakeBudget.defaultLimit) {
        state = Mutex(State(free: max(limit, 1)))
    }

    /// How many handshakes have ended so since the start.
    package func count(of outcome: Outcome) -> Int { state.withLock { $0.counts[outcome, default: 0] } }

    /// How many wait for a place.
    package var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Takes a place and returns `nil`; or the number under which the caller waits: `take` is called, on any thread, when
    /// there is a place, which is taken then.
    func enter(orLater take: @escaping @Sendable () -> Void) -> UInt64? {
        state.withLock { state in
            guard state.free == 0 else {
                state.free -= 1
                return nil
            }
            state.last += 1
            state.waiting[state.last] = take
            return state.last
        }
    }

    /// Whoever waits under `number` waits no more; it may have been given a place at this moment.
    func cancel(_ number: UInt64) {
        _ = state.withLock { $0.waiting.removeValue(forKey: number) }
    }

    /// Gives a place back: the next one who waits has it.
    func leave() {
        let next = state.withLock { state -> (@Sendable () -> Void)? in
            if let next = state.takeNext() { return next }
            state.free += 1
            return nil
        }
        next?()
    }

    /// Counts a handshake that has ended.
    func note(_ outcome: Outcome) {
        state.withLock { $0.counts[outcome, default: 0] += 1 }
    }
}
