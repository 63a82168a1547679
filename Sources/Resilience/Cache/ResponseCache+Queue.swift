extension ResponseCache {
    /// One entry, or a vacant place for one.
    @usableFromInline
    struct Node: Sendable {
        @usableFromInline
        var key: Key?
        @usableFromInline
        var value: Value?
        @usableFromInline
        var owner: Owner?
        @usableFromInline
        var cost: Int
        @usableFromInline
        var deadline: MonotonicTime
        /// How often it was used since it was looked at last, 3 at most.
        @usableFromInline
        var uses: UInt8
        /// In which of the two queues it is.
        @usableFromInline
        var isMain: Bool

        @inlinable
        init(
            key: Key?, value: Value?, owner: Owner?, cost: Int, deadline: MonotonicTime, uses: UInt8, isMain: Bool
        ) {
            self.key = key
            self.value = value
            self.owner = owner
            self.cost = cost
            self.deadline = deadline
            self.uses = uses
            self.isMain = isMain
        }
    }

    /// The neighbours of an entry in a queue.
    @usableFromInline
    struct Links: Sendable {
        /// The one that came after it, nearer to the front.
        @usableFromInline
        var previous = Int32.none
        /// The one that came before it.
        @usableFromInline
        var next = Int32.none

        @inlinable
        init(previous: Int32 = .none, next: Int32 = .none) {
            self.previous = previous
            self.next = next
        }
    }

    /// Entries in the order in which they came, the newest first, linked through the places of their nodes.
    @usableFromInline
    struct Queue: Sendable {
        @usableFromInline
        var first = Int32.none
        @usableFromInline
        var last = Int32.none
        @usableFromInline
        var count = 0
        @usableFromInline
        var costBytes = 0

        @inlinable
        init() {}

        /// Puts an entry in front.
        @inlinable
        mutating func prepend(_ position: Int32, cost: Int, _ links: inout [Links]) {
            links[Int(position)] = Links(previous: .none, next: first)
            if first == .none {
                last = position
            } else {
                links[Int(first)].previous = position
            }
            first = position
            count &+= 1
            costBytes &+= cost
        }

        /// Takes an entry out, wherever it is.
        @inlinable
        mutating func remove(_ position: Int32, cost: Int, _ links: inout [Links]) {
            let own = links[Int(position)]
            if own.previous == .none {
                first = own.next
            } else {
                links[Int(own.previous)].next = own.next
            }
            if own.next == .none {
                last = own.previous
            } else {
                links[Int(own.next)].previous = own.previous
            }
            links[Int(position)] = Links()
            count &-= 1
            costBytes &-= cost
        }

        /// Puts the oldest entry, which has `cost`, in front.
        @inlinable
        mutating func moveLastToFront(cost: Int, _ links: inout [Links]) {
            guard last != .none, last != first else { return }
            let position = last
            remove(position, cost: cost, &links)
            prepend(position, cost: cost, &links)
        }
    }
}

extension Int32 {
    /// No entry.
    @inlinable
    static var none: Int32 { -1 }
}
