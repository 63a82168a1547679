import Synchronization

/// Changes that a subscription has still to tell of; the same one waits once, so that a slow client costs no more memory
/// than what it has named.
final class ChangeQueue: ChangeListener {
    /// What there is to tell.
    enum Item: Hashable {
        case change(ServerChange)
        /// The task with this id is in another state.
        case task(String)
    }

    private struct State {
        var items: [Item] = []
        var isOver = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let filter: SubscriptionFilter
    private let state = Mutex(State())

    init(_ filter: SubscriptionFilter) {
        self.filter = filter
    }

    func changed(_ change: ServerChange) {
        if filter.wants(change) { append(.change(change)) }
    }

    func taskChanged(_ task: ServerTask) {
        if filter.tasks.contains(task.id) { append(.task(task.id)) }
    }

    private func append(_ item: Item) {
        wake { state in
            if !state.items.contains(item) { state.items.append(item) }
        }
    }

    func hubEnds() {
        wake { $0.isOver = true }
    }

    /// The next change; `nil` when there will be none any more, or the task is cancelled.
    func next() async -> Item? {
        while !Task.isCancelled {
            let (item, isOver) = state.withLock { state -> (Item?, Bool) in
                (state.items.isEmpty ? nil : state.items.removeFirst(), state.isOver)
            }
            if item != nil || isOver { return item }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isStale = state.withLock { state in
                        if !state.items.isEmpty || state.isOver || Task.isCancelled { return true }
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
