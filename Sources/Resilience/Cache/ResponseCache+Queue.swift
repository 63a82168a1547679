extension ResponseCache {
    /// One entry, or a vacant place for one.
    struct Node: Sendable {
        var key: Key?
        var value: Value?
        var owner: Owner?
        var cost: Int
        var deadline: MonotonicTime
        /// How often it was used since it was looked at last, 3 at most.
        var uses: UInt8
        /// In which of the two queues it is.
        var isMain: Bool
    }

    /// The neighbours of an entry in a queue.
    struct Links: Sendable {
        /// The one that came after it, nearer to the front.
        var previous = Int32.none
        /// The one that came before it.
        var next = Int32.none
    }

    /// Entries in the order in which they came, the newest first, linked through the places of their nodes.
    struct Queue: Sendable {
        private(set) var first = Int32.none
        private(set) var last = Int32.none
        private(set) var count = 0
        private(set) var costBytes = 0

        /// Puts an entry in front.
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
    static var none: Int32 { -1 }
}
