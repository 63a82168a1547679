/// Which answers have been overtaken by an invalidation, told by when they were asked for.
///
/// Time is counted in invalidations: `now` is the number of all of them so far. Whoever begins to fetch something notes
/// it; what was fetched may be kept and served as long as nothing that it depends on was invalidated since. So an answer
/// that was under way during an invalidation is not kept, and nothing has to be looked for when one comes.
///
/// At most `topicLimit` topics are remembered; if there are more, everything counts as invalidated once, which costs
/// fetches and never serves what is old.
public struct InvalidationRecord<Topic: Hashable & Sendable>: Sendable {
    /// How many topics are remembered.
    public let topicLimit: Int
    /// The number of invalidations so far.
    public private(set) var now: UInt64 = 0

    @usableFromInline
    var invalidated: [Topic: UInt64] = [:]
    /// When everything was invalidated last.
    @usableFromInline
    var everything: UInt64 = 0

    /// Nothing was invalidated yet.
    public init(topicLimit: Int = 4_096) {
        self.topicLimit = max(topicLimit, 1)
    }

    /// What depends on `topic` is not to be used any more.
    public mutating func invalidate(_ topic: Topic) {
        guard invalidated.count < topicLimit || invalidated[topic] != nil else { return invalidateAll() }
        now &+= 1
        invalidated[topic] = now
    }

    /// Nothing is to be used any more.
    public mutating func invalidateAll() {
        now &+= 1
        everything = now
        invalidated.removeAll(keepingCapacity: true)
    }

    /// Whether an answer that was asked for at `time` and depends on `topic` may still be kept and served.
    @inlinable
    public func isCurrent(_ time: UInt64, for topic: Topic) -> Bool {
        time >= everything && time >= invalidated[topic] ?? 0
    }
}
