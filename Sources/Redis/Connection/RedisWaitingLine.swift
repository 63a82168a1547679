import NIOCore

/// The commands of a connection that wait for their replies, in the order in which they were sent.
///
/// A ring that moves its elements in and out. A command has three parts that are counted by reference, and a buffer that
/// copies its elements counts each of them up and down twice for every reply.
struct RedisWaitingLine {
    /// The ring; as many as a power of two, or none.
    private var slots: [RedisPendingCommand?] = []
    /// The slot of the first.
    private var head = 0
    /// How many wait.
    private(set) var count = 0

    /// Adds the one that was sent last.
    mutating func append(_ pending: consuming RedisPendingCommand) {
        if count == slots.count { grow() }
        slots[slot(of: count)] = consume pending
        count &+= 1
    }

    /// Takes out the one that was sent first; `nil` if none waits.
    mutating func popFirst() -> RedisPendingCommand? {
        guard count > 0 else { return nil }
        let first = slots[head].take()
        head = slot(of: 1)
        count &-= 1
        return first
    }

    /// When the first of all deadlines is; `nil` if none waits.
    var earliestDeadline: NIODeadline? {
        (0..<count).lazy.compactMap { slots[slot(of: $0)]?.deadline }.min()
    }

    /// All of them, the one that was sent first before the others.
    var all: [RedisPendingCommand] {
        (0..<count).compactMap { slots[slot(of: $0)] }
    }

    private func slot(of position: Int) -> Int { (head &+ position) & (slots.count &- 1) }

    private mutating func grow() {
        var wider = [RedisPendingCommand?](repeating: nil, count: max(16, slots.count * 2))
        for position in 0..<count { wider[position] = slots[slot(of: position)].take() }
        slots = wider
        head = 0
    }
}
