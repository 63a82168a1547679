import NIOCore
import Synchronization
import Wire

/// The tasks of a server: bounded, and forgotten when their time has come.
final class TaskStore: Sendable {
    /// Tasks that are kept at once; the next call that would be one is refused.
    static let capacity = 10_000
    /// How long a task is kept unless its client wishes otherwise, and at most.
    static let timeToLive = Duration.seconds(300)
    static let longestTimeToLive = Duration.seconds(3_600)

    private struct State {
        var tasks: [String: ServerTask] = [:]
        var sweptAt = NIODeadline.uptimeNanoseconds(0)
    }

    private let state = Mutex(State())

    /// Keeps a task. `false` if there are too many.
    func add(_ task: ServerTask, at now: NIODeadline) -> Bool {
        let (isKept, expired) = state.withLock { state -> (Bool, [ServerTask]) in
            var expired: [ServerTask] = []
            if now - state.sweptAt > .seconds(1) {
                state.sweptAt = now
                expired = state.tasks.values.filter { $0.endsAt < now }
                for task in expired { state.tasks[task.id] = nil }
            }
            guard state.tasks.count < TaskStore.capacity else { return (false, expired) }
            state.tasks[task.id] = task
            return (true, expired)
        }
        // What still runs has run longer than anybody will ask about it.
        for task in expired { _ = task.cancel() }
        return isKept
    }

    /// The task with this id, if it is kept and `principal` has called it.
    func find(_ id: String, by principal: [UInt8]?, at now: NIODeadline) -> ServerTask? {
        let (task, isExpired) = state.withLock { state -> (ServerTask?, Bool) in
            guard let task = state.tasks[id], task.principal == principal else { return (nil, false) }
            guard task.endsAt >= now else {
                state.tasks[id] = nil
                return (task, true)
            }
            return (task, false)
        }
        guard isExpired else { return task }
        _ = task?.cancel()
        return nil
    }

    /// The tasks that were called in a session, oldest first.
    func all(in session: ClientSession, at now: NIODeadline) -> [ServerTask] {
        state.withLock { state in
            state.tasks.values.filter { $0.session === session && $0.endsAt >= now }
        }.sorted { ($0.endsAt - TimeAmount($0.timeToLive), $0.id) < ($1.endsAt - TimeAmount($1.timeToLive), $1.id) }
    }
}
