import NIOCore
import Synchronization

/// Opens when all of some futures are complete, and remembers when.
final class Gate: Sendable {
    private struct State {
        var futures: [EventLoopFuture<Void>] = []
        var completed = 0
        var openedAt = ContinuousClock.now
    }

    private let state = Mutex(State())

    /// Adds a future. All are added before the first question.
    func wait(for future: EventLoopFuture<Void>) {
        state.withLock { $0.futures.append(future) }
        future.whenComplete { _ in
            self.state.withLock { state in
                state.completed += 1
                state.openedAt = .now
            }
        }
    }

    /// Whether all futures are complete.
    var isOpen: Bool { state.withLock { $0.completed == $0.futures.count } }

    /// When the last one was completed.
    var openedAt: ContinuousClock.Instant { state.withLock { $0.openedAt } }

    /// Waits for all futures, and throws what one of them failed with.
    func opened() async throws {
        for future in state.withLock({ $0.futures }) { try await future.get() }
    }
}
