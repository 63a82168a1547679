/// Values by key, bounded in bytes and in number, from which what is used once does not drive out what is used often.
///
/// The order of eviction is S3-FIFO (Yang, Zhang, Qiu, Yue, Rashmi: "FIFO queues are all you need for cache eviction", SOSP
/// 2023): new entries go through a small queue of a tenth of the room, the *probation*; those that were used twice there
/// move to the main queue, and those that come back soon after they were evicted go there at once. SIEVE (NSDI 2024) is
/// simpler, but a long scan washes it out, as its authors say; here a scan of any length takes the probation and nothing
/// else, as long as one entry fits into the probation.
///
/// ```
///            new ─▶ probation (10 %) ─ used twice ─▶ main (90 %) ─ not used ─▶ evicted
///                        │                          ▲   └─ used ─▶ once more around
///                        └─ evicted, remembered ────┘ when it comes again
/// ```
///
/// Every entry may have an *owner*, who may hold a share of the room only: whoever asks for much drives out what is
/// their own. Entries end at a deadline; time is an argument. A hit takes constant time, moves nothing and allocates
/// nothing; an insertion takes amortized constant time (when all is full for the first time, every entry may move on).
/// Nothing is counted but the costs that are given: they should include what an entry takes beside its bytes.
///
/// All of it is inlinable: without specialization a hit takes three times and an insertion five times as long, most of it
/// spent in look-ups of generic metadata.
public struct ResponseCache<Key: Hashable & Sendable, Owner: Hashable & Sendable, Value: Sendable>: Sendable {
    /// The bounds.
    @inlinable
    public var bounds: ResponseCacheBounds { room }
    /// The sum of the costs of all entries, in bytes; never more than the bound.
    @inlinable
    public var costBytes: Int { probation.costBytes &+ main.costBytes }
    /// How many entries there are; never more than the bound.
    @inlinable
    public var count: Int { index.count }
    /// Whether there is nothing.
    @inlinable
    public var isEmpty: Bool { index.isEmpty }
    /// What has happened since the beginning.
    @inlinable
    public var counts: ResponseCacheCounts { tally }

    @usableFromInline
    var room: ResponseCacheBounds
    @usableFromInline
    var index: [Key: Int32] = [:]
    @usableFromInline
    var nodes: [Node] = []
    /// The neighbours of the nodes in their queue, and among the entries of their owner.
    @usableFromInline
    var links: [Links] = []
    @usableFromInline
    var ownerLinks: [Links] = []
    @usableFromInline
    var free: Int32 = .none
    @usableFromInline
    var probation = Queue()
    @usableFromInline
    var main = Queue()
    @usableFromInline
    var owned: [Owner: Queue] = [:]
    @usableFromInline
    var tally = ResponseCacheCounts()
    @usableFromInline
    var ghosts = GhostQueue()

    /// An empty cache.
    @inlinable
    public init(bounds: ResponseCacheBounds) {
        room = bounds
    }

    /// The value of `key`, if there is one that has not ended at `now`; one that has is removed.
    @inlinable
    public mutating func value(for key: Key, at now: MonotonicTime) -> Value? {
        guard let position = index[key] else { return nil }
        guard now < nodes[Int(position)].deadline else {
            drop(position, at: now)
            return nil
        }
        // The queues stay as they are: three uses are as good as a thousand.
        if nodes[Int(position)].uses < 3 { nodes[Int(position)].uses &+= 1 }
        return nodes[Int(position)].value
    }

    /// Keeps `value` until `deadline` in place of what was there for `key`, and makes room for it.
    ///
    /// A cost below 1 counts as 1. Returns `false`, and then there is nothing for `key`, if the cost is more than one entry
    /// or its owner may have, or the deadline has passed. Without an owner the share of owners does not count.
    @inlinable
    @discardableResult
    public mutating func insert(
        _ value: Value, for key: Key, costBytes: Int, owner: Owner? = nil, until deadline: MonotonicTime,
        at now: MonotonicTime
    ) -> Bool {
        let cost = max(costBytes, 1)
        var uses: UInt8 = 0
        let isMain: Bool
        if let position = index[key] {
            // A new value is as popular as the old one was.
            uses = nodes[Int(position)].uses
            isMain = nodes[Int(position)].isMain
            remove(position)
        } else {
            isMain = ghosts.contains(fingerprint(key))
        }
        guard now < deadline, cost <= bounds.entryBytes, owner == nil || cost <= bounds.ownerBytes else { return false }
        if isMain { ghosts.remove(fingerprint(key)) }
        if let owner { makeRoom(for: cost, of: owner, at: now) }
        if isMain { makeRoomInMain(for: cost, at: now) }
        while self.costBytes &+ cost > bounds.bytes || count >= bounds.entryCount { evict(at: now) }
        // What was moved on from the probation may have taken the room.
        if isMain { makeRoomInMain(for: cost, at: now) }
        let position = allocate(
            Node(
                key: key, value: value, owner: owner, cost: cost, deadline: deadline, uses: uses, isMain: isMain))
        index[key] = position
        enqueue(position, cost: cost, isMain: isMain)
        if let owner { owned[owner, default: Queue()].prepend(position, cost: cost, &ownerLinks) }
        ghosts.trim(to: count)
        return true
    }

    /// Removes the entry of `key`, if there is one, and returns its value, even if it has ended.
    @inlinable
    @discardableResult
    public mutating func removeValue(for key: Key) -> Value? {
        guard let position = index[key] else { return nil }
        let value = nodes[Int(position)].value
        remove(position)
        return value
    }

    /// Removes everything, gives the memory back, and forgets what was popular.
    @inlinable
    public mutating func removeAll() {
        index = [:]
        nodes = []
        links = []
        ownerLinks = []
        free = .none
        probation = Queue()
        main = Queue()
        owned = [:]
        ghosts = GhostQueue()
    }

    /// Goes by other bounds from now on, and evicts up to `steps` entries that are too many; whether none is any more.
    ///
    /// An owner who has more than their new share loses it with their next entry.
    public mutating func resize(to bounds: ResponseCacheBounds, steps: Int = .max, at now: MonotonicTime) -> Bool {
        room = bounds
        for _ in 0..<max(steps, 1) {
            guard costBytes > bounds.bytes || count > bounds.entryCount else { break }
            evict(at: now)
        }
        ghosts.trim(to: count)
        return costBytes <= bounds.bytes && count <= bounds.entryCount
    }

    /// The sum of the costs of the entries of `owner`.
    @inlinable
    public func costBytes(of owner: Owner) -> Int { owned[owner]?.costBytes ?? 0 }

    // MARK: Eviction

    /// Evicts one entry, or moves one on from the probation.
    @inlinable
    mutating func evict(at now: MonotonicTime) {
        // The main queue never has more than its share, so when all is full the probation has entries to spare; but for
        // an entry that is larger than the whole probation.
        if probation.last != .none {
            evictFromProbation(at: now)
        } else {
            evictFromMain(at: now)
        }
    }

    /// Evicts the oldest of the probation, or moves it on if it was used twice: then it may be that nothing is evicted.
    @inlinable
    mutating func evictFromProbation(at now: MonotonicTime) {
        let position = probation.last
        guard position != .none else { return }
        let node = nodes[Int(position)]
        if node.uses > 1, now < node.deadline {
            makeRoomInMain(for: node.cost, at: now)
            probation.remove(position, cost: node.cost, &links)
            nodes[Int(position)].uses = 0
            enqueue(position, cost: node.cost, isMain: true)
        } else {
            if now < node.deadline { ghosts.insert(fingerprint(node.key)) }
            drop(position, at: now)
        }
    }

    @inlinable
    mutating func makeRoomInMain(for cost: Int, at now: MonotonicTime) {
        while main.count > 0, main.costBytes &+ cost > bounds.mainBytes || main.count >= bounds.mainCount {
            evictFromMain(at: now)
        }
    }

    /// Evicts the oldest of the main queue that was not used since it was looked at last.
    @inlinable
    mutating func evictFromMain(at now: MonotonicTime) {
        for look in 0... {
            let position = main.last
            guard position != .none else { return }
            let node = nodes[Int(position)]
            guard node.uses > 0, now < node.deadline, look < Self.lookLimit else { return drop(position, at: now) }
            nodes[Int(position)].uses = node.uses &- 1
            main.moveLastToFront(cost: node.cost, &links)
        }
    }

    /// Evicts what `owner` has until `cost` more is within their share: the oldest that was not used lately.
    @inlinable
    mutating func makeRoom(for cost: Int, of owner: Owner, at now: MonotonicTime) {
        var look = 0
        while let queue = owned[owner], queue.costBytes &+ cost > bounds.ownerBytes {
            let position = queue.last
            let node = nodes[Int(position)]
            if node.uses > 0, now < node.deadline, look < Self.lookLimit {
                nodes[Int(position)].uses = node.uses &- 1
                owned[owner]?.moveLastToFront(cost: node.cost, &ownerLinks)
                look &+= 1
            } else {
                drop(position, at: now)
                look = 0
            }
        }
    }

    /// How many entries that are in use are passed over before one goes all the same, so that no eviction takes long.
    @inlinable
    static var lookLimit: Int { 64 }

    /// Removes an entry that has to go, and counts it.
    @inlinable
    mutating func drop(_ position: Int32, at now: MonotonicTime) {
        if now < nodes[Int(position)].deadline { tally.evictions &+= 1 } else { tally.expirations &+= 1 }
        remove(position)
    }

    // MARK: Nodes

    @inlinable
    mutating func enqueue(_ position: Int32, cost: Int, isMain: Bool) {
        nodes[Int(position)].isMain = isMain
        if isMain {
            main.prepend(position, cost: cost, &links)
        } else {
            probation.prepend(position, cost: cost, &links)
        }
    }

    @inlinable
    mutating func allocate(_ node: Node) -> Int32 {
        guard free != .none else {
            nodes.append(node)
            links.append(Links())
            ownerLinks.append(Links())
            return Int32(nodes.count &- 1)
        }
        let position = free
        free = links[Int(position)].next
        nodes[Int(position)] = node
        return position
    }

    @inlinable
    mutating func remove(_ position: Int32) {
        let node = nodes[Int(position)]
        guard let key = node.key else { return assertionFailure("removed twice") }
        index[key] = nil
        if node.isMain {
            main.remove(position, cost: node.cost, &links)
        } else {
            probation.remove(position, cost: node.cost, &links)
        }
        if let owner = node.owner {
            owned[owner]?.remove(position, cost: node.cost, &ownerLinks)
            if owned[owner]?.count == 0 { owned[owner] = nil }
        }
        nodes[Int(position)] = Node(
            key: nil, value: nil, owner: nil, cost: 0, deadline: .zero, uses: 0, isMain: false)
        links[Int(position)].next = free
        free = position
    }

    /// Keyed with chance by the process, so that nobody can choose keys that fall together.
    @inlinable
    func fingerprint(_ key: Key?) -> Int {
        var hasher = Hasher()
        hasher.combine(key)
        return hasher.finalize()
    }
}
