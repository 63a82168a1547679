import Foundation
import Testing

@testable import Resilience

/// Hit rates on traces, beside a cache that evicts what was used least lately.
@Suite struct `Response cache on traces` {
    private static let capacity = 300

    private static func emptyCache() -> ResponseCache<Int, Int, Int> {
        ResponseCache(bounds: ResponseCacheBounds(bytes: capacity * 10, entryCount: capacity * 2))
    }

    /// The share of hits when every key that is missed is put in, all entries of one size.
    private static func hitRate(_ trace: [Int]) -> Double {
        var cache = emptyCache()
        return hitRate(trace, &cache)
    }

    @discardableResult
    private static func hitRate(_ trace: [Int], _ cache: inout ResponseCache<Int, Int, Int>) -> Double {
        var hits = 0
        for key in trace {
            if cache.value(for: key, at: .zero) != nil {
                hits += 1
            } else {
                cache.insert(key, for: key, costBytes: 10, until: .distantFuture, at: .zero)
            }
        }
        return Double(hits) / Double(trace.count)
    }

    private static func hitRateOfLRU(_ trace: [Int]) -> Double {
        var cache = LeastRecentlyUsed(capacity: capacity)
        return Double(trace.count { cache.use($0) }) / Double(trace.count)
    }

    @Test(arguments: [0.7, 0.9, 1.1])
    func `hits more often than LRU where few keys are popular`(exponent: Double) {
        let trace = Zipf(keyCount: 6_000, exponent: exponent).trace(length: 40_000, seed: 1)
        let rate = Self.hitRate(trace)
        let other = Self.hitRateOfLRU(trace)
        #expect(rate > other * 1.02, "\(rate), LRU \(other)")
    }

    @Test func `hits in a loop that is larger than itself, where LRU never does`() {
        let trace = (0..<20_000).map { $0 % (Self.capacity * 12 / 10) }
        #expect(Self.hitRateOfLRU(trace) == 0)
        let rate = Self.hitRate(trace)
        #expect(rate > 0.5, "\(rate)")
    }

    @Test func `hits more often than LRU where scans come between`() {
        var random = SeededRandom(seed: 2)
        let popular = Zipf(keyCount: 600, exponent: 0.9).trace(length: 40_000, seed: 2)
        var trace: [Int] = []
        var next = 1_000_000
        for key in popular {
            trace.append(key)
            guard random.next() % 150 == 0 else { continue }
            trace += next..<(next + 300)
            next += 300
        }
        let rate = Self.hitRate(trace)
        let other = Self.hitRateOfLRU(trace)
        #expect(rate > other * 1.1, "\(rate), LRU \(other)")
    }

    @Test func `loses to a scan of 100,000 keys no more than the probation`() {
        var cache = Self.emptyCache()
        Self.hitRate(Zipf(keyCount: 6_000, exponent: 0.9).trace(length: 40_000, seed: 3), &cache)
        let kept = Set(cache.index.keys)
        let onProbation = cache.probation.count
        #expect(onProbation * 10 <= Self.capacity + 10)
        var random = SeededRandom(seed: 3)
        for _ in 0..<100_000 {
            let key = Int(truncatingIfNeeded: random.next() | 1 << 62)
            cache.insert(key, for: key, costBytes: 10, until: .distantFuture, at: .zero)
        }
        let lost = kept.count { cache.index[$0] == nil }
        #expect(lost <= onProbation && lost > 0)
    }

    @Test func `loses to a scan nothing that was used twice`() {
        var cache = Self.emptyCache()
        let popular = 0..<(Self.capacity * 9 / 10)
        for _ in 0..<3 { Self.hitRate(Array(popular), &cache) }
        for key in 1_000_000..<1_100_000 {
            cache.insert(key, for: key, costBytes: 10, until: .distantFuture, at: .zero)
        }
        #expect(Self.hitRate(Array(popular), &cache) == 1)
    }
}

/// Keys from 0, of which number n is drawn 1/(n + 1)^exponent times as often as number 0.
private struct Zipf {
    private var cumulative: [Double] = []

    init(keyCount: Int, exponent: Double) {
        var sum = 0.0
        for rank in 1...keyCount {
            sum += pow(Double(rank), -exponent)
            cumulative.append(sum)
        }
    }

    func trace(length: Int, seed: UInt64) -> [Int] {
        var random = SeededRandom(seed: seed)
        return (0..<length).map { _ in
            let point = random.nextUnit() * (cumulative.last ?? 0)
            var (low, high) = (0, cumulative.count - 1)
            while low < high {
                let middle = (low + high) / 2
                if cumulative[middle] > point { high = middle } else { low = middle + 1 }
            }
            return low
        }
    }
}

/// Evicts what was used least lately: a ring of all uses, of which only the last of a key counts.
private struct LeastRecentlyUsed {
    let capacity: Int
    private var lastUse: [Int: Int] = [:]
    private var uses: [Int] = []
    private var oldest = 0

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Whether `key` was there; it is afterwards.
    mutating func use(_ key: Int) -> Bool {
        let isHit = lastUse[key] != nil
        lastUse[key] = uses.count
        uses.append(key)
        while lastUse.count > capacity {
            if lastUse[uses[oldest]] == oldest { lastUse[uses[oldest]] = nil }
            oldest += 1
        }
        return isHit
    }
}
