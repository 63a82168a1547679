import NIOCore
import Synchronization

/// How many TLS handshakes a process has under way at a time: each costs as much as fifty calls, and clients that come all
/// at once must not stop the calls of the others. Those beyond wait in the order in which they came.
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
        var waiting = CircularBuffer<@Sendable () -> Void>()
        var counts: [Outcome: Int] = [:]
    }

    private let state: Mutex<State>

    /// A budget of `limit` handshakes at a time.
    package init(limit: Int = HandshakeBudget.defaultLimit) {
        state = Mutex(State(free: max(limit, 1)))
    }

    /// How many handshakes have ended so since the start.
    package func count(of outcome: Outcome) -> Int { state.withLock { $0.counts[outcome, default: 0] } }

    /// Takes a place; or `take` is called, on any thread, when there is one, which is taken then. `true` if it was at once.
    func enter(orLater take: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard state.free > 0 else {
                state.waiting.append(take)
                return false
            }
            state.free -= 1
            return true
        }
    }

    /// Gives a place back: the next one who waits has it.
    func leave() {
        let next = state.withLock { state -> (@Sendable () -> Void)? in
            if let next = state.waiting.popFirst() { return next }
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
