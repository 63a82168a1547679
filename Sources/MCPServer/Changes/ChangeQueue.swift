import Synchronization

/// Changes that a subscription has still to tell of; the same one waits once, so that a slow client costs no more memory
/// than what it has named.
final class ChangeQueue: ChangeListener {
    private struct State {
        var changes: [ServerChange] = []
        var isOver = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let filter: SubscriptionFilter
    private let state = Mutex(State())

    init(_ filter: SubscriptionFilter) {
        self.filter = filter
    }

    func changed(_ change: ServerChange) {
        guard filter.wants(change) else { return }
        wake { state in
            if !state.changes.contains(change) { state.changes.append(change) }
        }
    }

    func hubEnds() {
        wake { $0.isOver = true }
    }

    /// The next change; `nil` when there will be none any more, or the task is cancelled.
    func next() async -> ServerChange? {
        while !Task.isCancelled {
            let (change, isOver) = state.withLock { state -> (ServerChange?, Bool) in
                (state.changes.isEmpty ? nil : state.changes.removeFirst(), state.isOver)
            }
            if change != nil || isOver { return change }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isStale = state.withLock { state in
                        if !state.changes.isEmpty || state.isOver || Task.isCancelled { return true }
                        state.waiting = continuation
                        return false
                    }
                    if isStale { continuation.resume() }
                }
            } onCancel: {
                wake { _ in }
            }
        }
        return nil
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiting = state.withLock { state in
            change(&state)
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }
}
