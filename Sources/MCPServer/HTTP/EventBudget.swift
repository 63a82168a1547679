import Synchronization

/// The bytes of events that the sessions of a server may keep together, for clients that come back.
final class EventBudget: Sendable {
    private let limit: Int
    private let used = Atomic(0)

    /// A budget of `limit` bytes.
    init(limit: Int) {
        self.limit = limit
    }

    /// Takes `count` bytes if there are so many left.
    func take(_ count: Int) -> Bool {
        let (_, sum) = used.add(count, ordering: .relaxed)
        if sum <= limit { return true }
        used.subtract(count, ordering: .relaxed)
        return false
    }

    /// Gives bytes back.
    func give(_ count: Int) {
        used.subtract(count, ordering: .relaxed)
    }
}
