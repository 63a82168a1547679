extension SingleFlight {
    /// A flight, and who wants what it brings.
    struct Party: Sendable {
        var flight: Flight
        /// `nil` if they left.
        var leader: Waiter?
        /// In the order in which they came; `nil` for those who left.
        private(set) var waiters: [(waiter: Waiter, deadline: MonotonicTime)?] = []
        /// How many of them have not left.
        private(set) var waiterCount = 0
        /// Before this one all have left.
        private var first = 0

        init(flight: Flight, leader: Waiter) {
            self.flight = flight
            self.leader = leader
        }

        /// Puts `waiter` at the end; where that is.
        mutating func append(_ waiter: Waiter, until deadline: MonotonicTime) -> Int {
            waiters.append((waiter, deadline))
            waiterCount &+= 1
            return waiters.count &- 1
        }

        /// Takes out whoever is at `index`.
        mutating func remove(at index: Int) {
            guard waiters.indices.contains(index), waiters[index] != nil else { return }
            waiters[index] = nil
            waiterCount &-= 1
        }

        /// Takes out the first whose deadline has not passed at `now`.
        mutating func takeFirst(at now: MonotonicTime) -> Waiter? {
            while first < waiters.count, waiters[first] == nil { first &+= 1 }
            for index in first..<waiters.count {
                guard let entry = waiters[index], now < entry.deadline else { continue }
                remove(at: index)
                return entry.waiter
            }
            return nil
        }
    }
}
