/// Where calls wait while a pool has as many in flight as it may have. Bounded, fair, and short.
///
/// Identities take turns, and who waits longest of an identity goes first: with one order for all, whoever calls most would
/// fill the queue up to its share, and all others would wait behind that. While the queue does not empty for 100 ms, more
/// comes in than goes out. Then waiting helps nobody: those who came last go first, since those before them are about to
/// give up, and whoever has waited for 20 ms is refused (the controlled delay of K. Nichols and V. Jacobson, and the
/// adaptive last-in-first-out of B. Maurer, "Fail at scale", ACM Queue 2015).
///
/// Elements are handles of the owner. Every operation has constant cost: a look into a dictionary of those who wait and a
/// few links. Allocates only when made.
///
/// All of it is inlinable: without specialization most of the time goes into look-ups of generic metadata.
public struct AdmissionQueue<Element: Sendable>: Sendable {
    /// Names someone who waits; of no use after that.
    public struct Ticket: Hashable, Sendable {
        @usableFromInline let slot: Int32
        @usableFromInline let generation: UInt32

        @inlinable
        init(slot: Int32, generation: UInt32) {
            self.slot = slot
            self.generation = generation
        }
    }

    /// What becomes of one who comes.
    public enum Admission: Hashable, Sendable {
        /// Waits.
        case queued(Ticket)
        /// Refused: the queue is full.
        case full
        /// Refused: its identity has as many in the queue as it may have.
        case overShare
    }

    /// Bounds. Values out of range are moved to the nearest one in range.
    public struct Configuration: Hashable, Sendable {
        /// Those who may wait, 1…100,000. Default 256.
        public var capacity: Int
        /// Those of one identity, 1…; default the half.
        public var perIdentity: Int
        /// Nobody waits longer. Default 500 ms.
        public var maximumWait: Duration
        /// When the queue has not been empty for so long, more comes in than goes out. Default 100 ms.
        public var emptyInterval: Duration
        /// Then nobody waits longer than this. Default 20 ms.
        public var overloadedWait: Duration

        /// A configuration; what is not given has its default.
        public init(
            capacity: Int = 256, perIdentity: Int? = nil, maximumWait: Duration = .milliseconds(500),
            emptyInterval: Duration = .milliseconds(100), overloadedWait: Duration = .milliseconds(20)
        ) {
            self.capacity = min(max(capacity, 1), 100_000)
            self.perIdentity = max(perIdentity ?? self.capacity / 2, 1)
            self.maximumWait = max(maximumWait, .zero)
            self.emptyInterval = max(emptyInterval, .zero)
            self.overloadedWait = min(max(overloadedWait, .zero), self.maximumWait)
        }
    }

    /// Neighbours in a ring; a ring of one is its own neighbour.
    @usableFromInline
    struct Links: Sendable {
        @usableFromInline var before: Int32
        @usableFromInline var after: Int32

        @inlinable
        init(before: Int32 = -1, after: Int32 = -1) {
            self.before = before
            self.after = after
        }
    }

    @usableFromInline
    struct Slot: Sendable {
        @usableFromInline var element: Element?
        @usableFromInline var arrival = MonotonicTime.zero
        @usableFromInline var generation: UInt32 = 0
        /// The place of its identity in `groups`; the next free slot if it is free.
        @usableFromInline var group: Int32 = -1
    }

    /// The ones of an identity who wait.
    @usableFromInline
    struct Group: Sendable {
        @usableFromInline var identity: UInt64 = 0
        /// Who came first; the last one is before it. The next free group if it is free.
        @usableFromInline var first: Int32 = -1
        @usableFromInline var count = 0
        /// The identities whose turn is before and after.
        @usableFromInline var turn = Links()
    }

    /// What it was made with, in range.
    public let configuration: Configuration
    /// Those who wait.
    @inlinable
    public var count: Int { waiting }

    @usableFromInline var waiting = 0

    @usableFromInline var slots: [Slot]
    /// Those who came before and after each slot, of all.
    @usableFromInline var byAge: [Links]
    /// Those who came before and after each slot, of its identity.
    @usableFromInline var byGroup: [Links]
    @usableFromInline var groups: [Group]
    @usableFromInline var groupsByIdentity: [UInt64: Int32] = [:]
    @usableFromInline var firstFreeSlot: Int32 = 0
    @usableFromInline var firstFreeGroup: Int32 = 0
    /// Who came first of all; -1 if nobody waits.
    @usableFromInline var oldest: Int32 = -1
    /// The identity whose turn it is; -1 if nobody waits.
    @usableFromInline var next: Int32 = -1
    /// Since when somebody has waited without a break.
    @usableFromInline var busySince = MonotonicTime.zero

    /// An empty queue.
    public init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        slots = [Slot](repeating: Slot(), count: configuration.capacity)
        byAge = [Links](repeating: Links(), count: configuration.capacity)
        byGroup = byAge
        groups = [Group](repeating: Group(), count: configuration.capacity)
        groupsByIdentity.reserveCapacity(configuration.capacity)
        for index in 0..<configuration.capacity {
            let following = index + 1 < configuration.capacity ? Int32(index + 1) : -1
            slots[index].group = following
            groups[index].first = following
        }
    }

    /// Whether more comes in than goes out.
    @inlinable
    public func isOverloaded(at now: MonotonicTime) -> Bool {
        count > 0 && now - busySince >= configuration.emptyInterval
    }

    /// When `refuse` should be asked at the latest if nothing happens before; `nil` if nobody waits.
    @inlinable
    public var nextRefusal: MonotonicTime? {
        oldest >= 0 ? refusalTime(arrival: slots[Int(oldest)].arrival) : nil
    }

    /// When one who waits since `arrival` is refused if things stay as they are.
    @inlinable
    public func refusalTime(arrival: MonotonicTime) -> MonotonicTime {
        min(
            arrival + configuration.maximumWait,
            max(arrival + configuration.overloadedWait, busySince + configuration.emptyInterval))
    }

    /// Puts `element` of `identity`, a hash of it, into the queue, if there is room. `now` may lie in the past for one who
    /// has waited before.
    @inlinable
    public mutating func enqueue(_ element: Element, identity: UInt64, at now: MonotonicTime) -> Admission {
        guard firstFreeSlot >= 0 else { return .full }
        let group: Int32
        if let known = groupsByIdentity[identity] {
            guard groups[Int(known)].count < configuration.perIdentity else { return .overShare }
            group = known
        } else {
            group = makeGroup(identity)
        }
        let slot = firstFreeSlot
        firstFreeSlot = slots[Int(slot)].group
        slots[Int(slot)].element = element
        slots[Int(slot)].arrival = now
        slots[Int(slot)].group = group
        if count == 0 { busySince = now }
        waiting += 1
        groups[Int(group)].count += 1
        oldest = AdmissionQueue.link(slot, into: &byAge, from: oldest)
        groups[Int(group)].first = AdmissionQueue.link(slot, into: &byGroup, from: groups[Int(group)].first)
        return .queued(Ticket(slot: slot, generation: slots[Int(slot)].generation))
    }

    /// Takes out who is to go on; `nil` if nobody waits. Those who have waited too long are refused first: call `refuse`
    /// until it has no more.
    @inlinable
    public mutating func dequeue(at now: MonotonicTime) -> Element? {
        guard next >= 0 else { return nil }
        let group = next
        // The turn passes on before the group may end.
        next = groups[Int(group)].turn.after
        let first = groups[Int(group)].first
        return take(isOverloaded(at: now) ? byGroup[Int(first)].before : first, at: now)
    }

    /// Takes out one who has waited too long and is to be refused; `nil` if there is nobody.
    @inlinable
    public mutating func refuse(at now: MonotonicTime) -> Element? {
        guard oldest >= 0 else { return nil }
        let wait = isOverloaded(at: now) ? configuration.overloadedWait : configuration.maximumWait
        guard now - slots[Int(oldest)].arrival >= wait else { return nil }
        return take(oldest, at: now)
    }

    /// Takes out one who does not want to wait any longer; `nil` if it does not wait.
    @inlinable
    public mutating func remove(_ ticket: Ticket, at now: MonotonicTime) -> Element? {
        guard slots.indices.contains(Int(ticket.slot)), slots[Int(ticket.slot)].generation == ticket.generation else {
            return nil
        }
        return take(ticket.slot, at: now)
    }

    // MARK: Links

    @inlinable
    mutating func take(_ slot: Int32, at now: MonotonicTime) -> Element? {
        guard let element = slots[Int(slot)].element else { return nil }
        let group = slots[Int(slot)].group
        oldest = AdmissionQueue.unlink(slot, from: &byAge, first: oldest)
        groups[Int(group)].first = AdmissionQueue.unlink(slot, from: &byGroup, first: groups[Int(group)].first)
        groups[Int(group)].count -= 1
        slots[Int(slot)].element = nil
        slots[Int(slot)].generation &+= 1
        slots[Int(slot)].group = firstFreeSlot
        firstFreeSlot = slot
        waiting -= 1
        if groups[Int(group)].count == 0 { endGroup(group) }
        return element
    }

    /// Puts `slot` at the end of the ring that `first` begins, -1 if it is empty; returns who begins it then.
    @inlinable
    static func link(_ slot: Int32, into ring: inout [Links], from first: Int32) -> Int32 {
        guard first >= 0 else {
            ring[Int(slot)] = Links(before: slot, after: slot)
            return slot
        }
        let last = ring[Int(first)].before
        ring[Int(slot)] = Links(before: last, after: first)
        ring[Int(last)].after = slot
        ring[Int(first)].before = slot
        return first
    }

    /// Takes `slot` out of the ring that `first` begins; returns who begins it then, -1 if nobody does.
    @inlinable
    static func unlink(_ slot: Int32, from ring: inout [Links], first: Int32) -> Int32 {
        let own = ring[Int(slot)]
        guard own.after != slot else { return -1 }
        ring[Int(own.before)].after = own.after
        ring[Int(own.after)].before = own.before
        return first == slot ? own.after : first
    }

    /// A group whose turn is after all others.
    @inlinable
    mutating func makeGroup(_ identity: UInt64) -> Int32 {
        // There are as many as slots, and a slot is free.
        let group = firstFreeGroup
        firstFreeGroup = groups[Int(group)].first
        groups[Int(group)].identity = identity
        groups[Int(group)].first = -1
        groups[Int(group)].count = 0
        groupsByIdentity[identity] = group
        guard next >= 0 else {
            groups[Int(group)].turn = Links(before: group, after: group)
            next = group
            return group
        }
        let last = groups[Int(next)].turn.before
        groups[Int(group)].turn = Links(before: last, after: next)
        groups[Int(last)].turn.after = group
        groups[Int(next)].turn.before = group
        return group
    }

    @inlinable
    mutating func endGroup(_ group: Int32) {
        let turn = groups[Int(group)].turn
        groups[Int(turn.before)].turn.after = turn.after
        groups[Int(turn.after)].turn.before = turn.before
        if next == group { next = turn.after == group ? -1 : turn.after }
        groupsByIdentity[groups[Int(group)].identity] = nil
        groups[Int(group)].first = firstFreeGroup
        firstFreeGroup = group
    }
}
