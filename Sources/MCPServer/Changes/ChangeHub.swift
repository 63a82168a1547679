import Synchronization

/// Who is told of changes.
protocol ChangeListener: AnyObject, Sendable {
    /// Something has changed. Must not wait, and may be called anywhere.
    func changed(_ change: ServerChange)

    /// A task is in another state than before; whose it is has been looked at already for those who have named it.
    func taskChanged(_ task: ServerTask)

    /// Nothing more will be told: the server stops.
    func hubEnds()
}

/// Tells all who listen of what changes in a server.
final class ChangeHub: Sendable {
    /// Subscriptions of modern clients that may be open at once; sessions have a bound of their own.
    static let maximumSubscriptionCount = 10_000

    private struct State {
        var sessions: [ObjectIdentifier: any ChangeListener] = [:]
        var subscriptions: [ObjectIdentifier: any ChangeListener] = [:]

        var all: [any ChangeListener] { Array(sessions.values) + Array(subscriptions.values) }
    }

    private let state = Mutex(State())

    /// From now on a session is told.
    func add(_ session: ClientSession) {
        state.withLock { $0.sessions[ObjectIdentifier(session)] = session }
    }

    /// From now on a subscription is told. `false` if there are too many.
    func add(_ subscription: ChangeQueue) -> Bool {
        state.withLock { state in
            guard state.subscriptions.count < ChangeHub.maximumSubscriptionCount else { return false }
            state.subscriptions[ObjectIdentifier(subscription)] = subscription
            return true
        }
    }

    /// How many subscriptions are open.
    var subscriptionCount: Int { state.withLock { $0.subscriptions.count } }

    /// `listener` is told nothing more.
    func remove(_ listener: any ChangeListener) {
        state.withLock { state in
            state.sessions[ObjectIdentifier(listener)] = nil
            state.subscriptions[ObjectIdentifier(listener)] = nil
        }
    }

    /// Tells everybody.
    func announce(_ change: ServerChange) {
        for listener in state.withLock(\.all) { listener.changed(change) }
    }

    /// Tells the subscriptions that have named the task.
    func announce(_ task: ServerTask) {
        for listener in state.withLock({ Array($0.subscriptions.values) }) { listener.taskChanged(task) }
    }

    /// Lets everybody go who listens for as long as the server runs.
    func end() {
        for listener in state.withLock(\.all) { listener.hubEnds() }
    }
}
