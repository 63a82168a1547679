import Synchronization

/// A count that any thread may raise.
final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .acquiring) }

    /// Raises the count and returns it.
    @discardableResult
    func add() -> Int { count.add(1, ordering: .acquiringAndReleasing).newValue }
}

/// Ports that are known after their servers have been started.
final class Ports: Sendable {
    private let ports = Mutex([0, 0])

    var value: [Int] { ports.withLock { $0 } }

    func set(_ value: [Int]) { ports.withLock { $0 = value } }
}
