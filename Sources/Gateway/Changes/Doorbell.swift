import NIOCore
import Resilience
import Synchronization
package import Transport

/// Wakes the one who waits at it; rung while nobody waits, it lets the next one pass.
package final class Doorbell: Sendable {
    private struct State {
        var isRung = false
        var waiting: EventLoopPromise<Void>?
    }

    private let state = Mutex(State())

    package init() {}

    /// Wakes whoever waits. From anywhere; does not wait.
    package func ring() {
        let waiting = state.withLock { state -> EventLoopPromise<Void>? in
            state.isRung = state.waiting == nil
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.succeed()
    }

    /// Waits until it rings, `limit` has passed, or the task is cancelled. One at a time.
    package func wait(on executor: LoopExecutor, atMost limit: Duration) async {
        let promise = executor.eventLoop.makePromise(of: Void.self)
        let isRung = state.withLock { state in
            defer { state.isRung = false }
            if !state.isRung { state.waiting = promise }
            return state.isRung
        }
        if isRung { promise.succeed() }
        let timer = executor.eventLoop.scheduleTask(in: TimeAmount(limit)) { self.ring() }
        await withTaskCancellationHandler {
            try? await promise.futureResult.get()
        } onCancel: {
            ring()
        }
        timer.cancel()
    }
}
