import Resilience
import Testing

@Suite struct `Invalidation record` {
    @Test func `lets nothing be kept that was asked for before an invalidation`() {
        var record = InvalidationRecord<String>()
        let asked = record.now
        #expect(record.isCurrent(asked, for: "tools"))
        record.invalidate("tools")
        #expect(!record.isCurrent(asked, for: "tools"))
        #expect(record.isCurrent(record.now, for: "tools"))
    }

    @Test func `leaves other topics alone`() {
        var record = InvalidationRecord<String>()
        let asked = record.now
        record.invalidate("prompts")
        #expect(record.isCurrent(asked, for: "tools"))
        #expect(!record.isCurrent(asked, for: "prompts"))
    }

    @Test func `invalidates everything when told`() {
        var record = InvalidationRecord<Int>()
        record.invalidate(1)
        let asked = record.now
        record.invalidateAll()
        #expect(!record.isCurrent(asked, for: 1) && !record.isCurrent(asked, for: 2))
        #expect(record.isCurrent(record.now, for: 1) && record.isCurrent(record.now, for: 2))
    }

    @Test func `invalidates everything when there are too many topics`() {
        var record = InvalidationRecord<Int>(topicLimit: 3)
        for topic in 0..<3 { record.invalidate(topic) }
        let asked = record.now
        record.invalidate(2)
        #expect(record.isCurrent(asked, for: 0) && !record.isCurrent(asked, for: 2))
        record.invalidate(3)
        #expect(!record.isCurrent(asked, for: 0) && !record.isCurrent(asked, for: 9))
    }

    /// The model keeps every invalidation. With a bound, more may count as invalidated, never less.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func `agrees with a list of all invalidations`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var unbounded = InvalidationRecord<Int>()
        var bounded = InvalidationRecord<Int>(topicLimit: 5)
        var times: [(unbounded: UInt64, bounded: UInt64)] = []
        /// The topics invalidated, `nil` for all, and how many askings came before.
        var events: [(topic: Int?, askings: Int)] = []
        for _ in 0..<500 {
            if random.next() % 3 == 0 { times.append((unbounded.now, bounded.now)) }
            if random.next() % 4 == 0 {
                let topic = random.next() % 20 == 0 ? nil : Int(random.next() % 10)
                events.append((topic, times.count))
                if let topic {
                    unbounded.invalidate(topic)
                    bounded.invalidate(topic)
                } else {
                    unbounded.invalidateAll()
                    bounded.invalidateAll()
                }
            }
            guard !times.isEmpty else { continue }
            let asking = Int(random.next() % UInt64(times.count))
            let topic = Int(random.next() % 10)
            let isOvertaken = events.contains { $0.askings > asking && ($0.topic == nil || $0.topic == topic) }
            #expect(unbounded.isCurrent(times[asking].unbounded, for: topic) == !isOvertaken)
            if isOvertaken { #expect(!bounded.isCurrent(times[asking].bounded, for: topic)) }
        }
    }
}
