import Testing

@testable import Resilience

@Suite struct `Response cache` {
    private typealias Cache = ResponseCache<Int, Int, Int>

    private static func bounds(_ bytes: Int, entry: Int? = nil, owner: Int = 100) -> ResponseCacheBounds {
        ResponseCacheBounds(bytes: bytes, entryBytes: entry ?? bytes, ownerPercent: owner)
    }

    @Test func `returns what it keeps until the deadline`() {
        var cache = Cache(bounds: Self.bounds(100))
        #expect(cache.value(for: 1, at: .zero) == nil)
        #expect(cache.insert(10, for: 1, costBytes: 5, until: .seconds(2), at: .zero) == true)
        #expect(cache.value(for: 1, at: .seconds(1.999)) == 10)
        #expect(cache.costBytes == 5 && cache.count == 1)
        #expect(cache.value(for: 1, at: .seconds(2)) == nil)
        #expect(cache.costBytes == 0 && cache.isEmpty && cache.counts.expirations == 1)
    }

    @Test func `replaces and removes`() {
        var cache = Cache(bounds: Self.bounds(100))
        cache.insert(10, for: 1, costBytes: 5, until: .distantFuture, at: .zero)
        cache.insert(11, for: 1, costBytes: 7, until: .distantFuture, at: .zero)
        #expect(cache.value(for: 1, at: .zero) == 11)
        #expect(cache.costBytes == 7 && cache.count == 1)
        #expect(cache.removeValue(for: 1) == 11)
        #expect(cache.removeValue(for: 1) == nil)
        #expect(cache.value(for: 1, at: .zero) == nil && cache.costBytes == 0)
        cache.insert(12, for: 2, costBytes: 7, until: .distantFuture, at: .zero)
        cache.removeAll()
        #expect(cache.isEmpty && cache.costBytes == 0 && cache.value(for: 2, at: .zero) == nil)
        #expect(cache.insert(13, for: 3, costBytes: 7, until: .distantFuture, at: .zero) == true)
    }

    @Test func `does not keep what is too large or over, nor what it would have replaced`() {
        var cache = Cache(bounds: Self.bounds(1_000, entry: 50, owner: 3))
        for (cost, owner, deadline) in [(51, nil, 9), (31, 1, 9), (10, nil, 1)] as [(Int, Int?, Double)] {
            cache.insert(1, for: 1, costBytes: 10, until: .distantFuture, at: .seconds(1))
            let isKept = cache.insert(
                2, for: 1, costBytes: cost, owner: owner, until: .seconds(deadline), at: .seconds(1))
            #expect(!isKept)
            #expect(cache.value(for: 1, at: .seconds(1)) == nil && cache.isEmpty)
        }
        #expect(cache.insert(1, for: 1, costBytes: 50, until: .distantFuture, at: .zero) == true)
        #expect(cache.insert(1, for: 2, costBytes: 30, owner: 1, until: .distantFuture, at: .zero) == true)
    }

    @Test func `lets go of what is too much when there is less room, a few at a time`() {
        var cache = Cache(bounds: Self.bounds(1_000))
        for key in 0..<100 { cache.insert(key, for: key, costBytes: 10, until: .distantFuture, at: .zero) }
        for _ in 0..<2 { for key in 0..<20 { _ = cache.value(for: key, at: .zero) } }
        #expect(cache.costBytes == 1_000)
        var steps = 0
        while !cache.resize(to: Self.bounds(500), steps: 7, at: .zero) { steps += 1 }
        #expect(steps > 5 && cache.costBytes <= 500 && cache.costBytes > 400)
        #expect((0..<20).allSatisfy { cache.value(for: $0, at: .zero) == $0 })
        for key in 200..<400 {
            cache.insert(key, for: key, costBytes: 10, until: .distantFuture, at: .zero)
            #expect(cache.costBytes <= 500)
        }
        let isDone = cache.resize(to: Self.bounds(1_000), at: .zero)
        for key in 400..<600 { cache.insert(key, for: key, costBytes: 10, until: .distantFuture, at: .zero) }
        #expect(isDone && cache.costBytes > 900)
    }

    @Test func `takes a cost below one for one`() {
        var cache = Cache(bounds: Self.bounds(100))
        cache.insert(1, for: 1, costBytes: .min, until: .distantFuture, at: .zero)
        cache.insert(2, for: 2, costBytes: 0, until: .distantFuture, at: .zero)
        #expect(cache.costBytes == 2)
        #expect(cache.insert(3, for: 3, costBytes: .max, until: .distantFuture, at: .zero) == false)
    }

    @Test func `lets an owner drive out only what is their own`() {
        var cache = Cache(bounds: Self.bounds(1_000, owner: 10))
        for key in 0..<50 { cache.insert(key, for: key, costBytes: 10, until: .distantFuture, at: .zero) }
        cache.insert(0, for: 1_000, costBytes: 10, owner: 7, until: .distantFuture, at: .zero)
        for key in 100..<1_000 {
            cache.insert(key, for: key, costBytes: 10, owner: 1, until: .distantFuture, at: .zero)
            #expect(cache.costBytes(of: 1) <= 100)
        }
        #expect(cache.costBytes(of: 1) == 100 && cache.costBytes(of: 7) == 10 && cache.costBytes(of: 2) == 0)
        #expect((0..<50).allSatisfy { cache.value(for: $0, at: .zero) == $0 })
        #expect(cache.value(for: 1_000, at: .zero) == 0)
        // The latest are left, and of the older ones what is used.
        #expect((990..<1_000).allSatisfy { cache.value(for: $0, at: .zero) == $0 })
    }

    @Test func `keeps of an owner what is used`() {
        var cache = Cache(bounds: Self.bounds(1_000, owner: 10))
        cache.insert(0, for: 0, costBytes: 10, owner: 1, until: .distantFuture, at: .zero)
        for key in 1..<1_000 {
            #expect(cache.value(for: 0, at: .zero) == 0)
            cache.insert(key, for: key, costBytes: 10, owner: 1, until: .distantFuture, at: .zero)
        }
    }

    @Test func `holds no more entries than it may`() {
        var cache = Cache(bounds: ResponseCacheBounds(bytes: 1_000_000, entryCount: 20))
        for key in 0..<100 {
            cache.insert(key, for: key, costBytes: 1, until: .distantFuture, at: .zero)
            #expect(cache.count <= 20)
        }
        #expect(cache.count == 20 && cache.counts.evictions == 80)
    }

    @Test func `lets what has ended go first`() {
        var cache = Cache(bounds: Self.bounds(100))
        for key in 0..<10 { cache.insert(key, for: key, costBytes: 10, until: .seconds(key == 0 ? 1 : 9), at: .zero) }
        for _ in 0..<3 { _ = cache.value(for: 0, at: .zero) }
        cache.insert(10, for: 10, costBytes: 10, until: .seconds(9), at: .seconds(1))
        #expect((1...10).allSatisfy { cache.value(for: $0, at: .seconds(2)) == $0 })
        #expect(cache.counts == ResponseCacheCounts(evictions: 0, expirations: 1))
    }

    @Test func `takes an entry that is larger than the probation`() {
        var cache = Cache(bounds: Self.bounds(100))
        for key in 0..<5 {
            #expect(cache.insert(key, for: key, costBytes: 80, until: .distantFuture, at: .zero) == true)
            #expect(cache.value(for: key, at: .zero) == key)
        }
        #expect(cache.insert(9, for: 9, costBytes: 90, until: .distantFuture, at: .zero) == true)
        #expect(cache.insert(9, for: 9, costBytes: 91, until: .distantFuture, at: .zero) == false)
    }

    @Test func `takes bounds out of range for the nearest ones`() {
        let bounds = ResponseCacheBounds(bytes: -1, entryBytes: .max, ownerPercent: 1_000, entryCount: 0)
        #expect(bounds.bytes == 10 && bounds.entryBytes == 9 && bounds.ownerBytes == 10 && bounds.entryCount == 10)
        let largest = ResponseCacheBounds(bytes: .max, entryBytes: 0, ownerPercent: 100, entryCount: .max)
        #expect(largest.entryBytes == 1 && largest.ownerBytes == .max && largest.entryCount == Int(Int32.max))
    }

    // MARK: Any order of events

    /// The model remembers everything: what the cache returns must be what was kept last and has not ended.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `keeps its bounds and returns nothing that is not there`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let bounds = ResponseCacheBounds(
            bytes: 500 + Int(random.next() % 1_000), entryBytes: 20 + Int(random.next() % 300),
            ownerPercent: 10 + Int(random.next() % 40), entryCount: 20 + Int(random.next() % 100))
        var cache = Cache(bounds: bounds)
        var model: [Int: (value: Int, deadline: MonotonicTime)] = [:]
        var now = MonotonicTime.zero
        var hits = 0
        for step in 0..<2_000 {
            now += .milliseconds(Int64(random.next() % 20))
            let key = Int(random.next() % 8) * Int(random.next() % 40)
            switch random.next() % 20 {
            case 0:
                let expected = model.removeValue(forKey: key)
                let removed = cache.removeValue(for: key)
                #expect(removed == nil || removed == expected?.value)
            case 1 where random.next() % 50 == 0:
                cache.removeAll()
                model = [:]
            case 2..<9:
                let deadline = now + .milliseconds(Int64(random.next() % 3_000))
                let owner = random.next() % 2 == 0 ? Int(random.next() % 4) : nil
                let cost = Int(random.next() % 60) * Int(random.next() % 6)
                let isKept = cache.insert(step, for: key, costBytes: cost, owner: owner, until: deadline, at: now)
                model[key] = isKept ? (step, deadline) : nil
                #expect(!isKept || cache.value(for: key, at: now) == step)
            default:
                let value = cache.value(for: key, at: now)
                if let value {
                    hits += 1
                    #expect(model[key]?.value == value)
                    #expect((model[key]?.deadline ?? .zero) > now)
                }
            }
            #expect(cache.isConsistent)
        }
        #expect(hits > 100)
    }
}

extension ResponseCache {
    /// Whether the sums, queues and tables say the same, within the bounds.
    fileprivate var isConsistent: Bool {
        var positions: Set<Int32> = []
        var ownerCosts: [Owner: Int] = [:]
        var isConsistent = true
        for (queue, isMain) in [(probation, false), (main, true)] {
            var cost = 0
            var previous = Int32.none
            var position = queue.first
            while position != .none, positions.insert(position).inserted {
                let node = nodes[Int(position)]
                isConsistent =
                    isConsistent && node.isMain == isMain && links[Int(position)].previous == previous
                    && node.key.flatMap { index[$0] } == position
                if let owner = node.owner { ownerCosts[owner, default: 0] += node.cost }
                cost += node.cost
                previous = position
                position = links[Int(position)].next
            }
            isConsistent = isConsistent && position == .none && previous == queue.last && cost == queue.costBytes
        }
        return isConsistent && positions.count == count && positions.count == probation.count + main.count
            && costBytes <= bounds.bytes && main.costBytes <= bounds.mainBytes
            && count <= bounds.entryCount && main.count <= bounds.mainCount
            && owned.mapValues(\.costBytes) == ownerCosts && ownerCosts.values.allSatisfy { $0 <= bounds.ownerBytes }
    }
}
