import Resilience
import Testing

@Suite struct `Smooth weighted round robin` {
    private typealias Entry = BalancedEntry

    @Test func `spreads turns as nginx does`() {
        var balancer = SmoothWeightedRoundRobin([5, 1, 1].map { Entry(weight: $0) })
        let picks = (0..<14).map { _ in balancer.pick { _ in true } }
        // The sequence of the algorithm's description: a a b a c a a.
        #expect(picks == [0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0])
    }

    @Test(arguments: [[1], [1, 1, 1], [2, 1], [5, 3, 2], [100, 50, 1], [1_000, 999, 1, 7], [4, 2, 6]])
    func `gives exactly its weight to each in every period`(weights: [Int]) {
        var balancer = SmoothWeightedRoundRobin(weights.map { Entry(weight: $0) })
        for _ in 0..<3 {
            var counts = [Int](repeating: 0, count: weights.count)
            for _ in 0..<weights.reduce(0, +) {
                if let pick = balancer.pick(where: { _ in true }) { counts[pick] += 1 }
            }
            #expect(counts == weights)
        }
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `keeps shares within ten percent of the weights over 10,000 picks`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let weights = (0..<Int(random.next() % 8) + 2).map { _ in Int(random.next() % 100) + 1 }
        var balancer = SmoothWeightedRoundRobin(weights.map { Entry(weight: $0) })
        var counts = [Int](repeating: 0, count: weights.count)
        for _ in 0..<10_000 {
            if let pick = balancer.pick(where: { _ in true }) { counts[pick] += 1 }
        }
        let total = Double(weights.reduce(0, +))
        for (count, weight) in zip(counts, weights) {
            let expected = 10_000 * Double(weight) / total
            #expect(abs(Double(count) - expected) <= max(expected * 0.1, 1))
        }
    }

    @Test func `never picks one that is not eligible`() {
        var random = SeededRandom(seed: 1)
        var balancer = SmoothWeightedRoundRobin(
            (0..<6).map { Entry(weight: $0 * 10 + 1, isBackup: $0 >= 4) })
        for _ in 0..<20_000 {
            let mask = Int(random.next() % 64)
            let pick = balancer.pick { mask & (1 << $0) != 0 }
            if mask == 0 {
                #expect(pick == nil)
            } else if let pick {
                #expect(mask & (1 << pick) != 0)
                #expect(pick < 4 || mask & 0b1111 == 0)
            } else {
                Issue.record("nobody was picked although \(mask) may be")
            }
        }
    }

    @Test func `keeps the shares of those that are left while one is away`() {
        var balancer = SmoothWeightedRoundRobin([3, 2, 1].map { Entry(weight: $0) })
        for _ in 0..<7 { _ = balancer.pick { _ in true } }
        var counts = [0, 0, 0]
        for _ in 0..<4_000 {
            if let pick = balancer.pick(where: { $0 != 1 }) { counts[pick] += 1 }
        }
        #expect(counts[1] == 0)
        #expect(abs(counts[0] - 3_000) <= 3)
        // Back again, it does not get what it missed in one go.
        var longestRun = 0
        var run = 0
        for _ in 0..<600 {
            run = balancer.pick { _ in true } == 1 ? run + 1 : 0
            longestRun = max(longestRun, run)
        }
        #expect(longestRun <= 2)
    }

    @Test func `uses backups only when no other is eligible, by their weights`() {
        var balancer = SmoothWeightedRoundRobin([
            Entry(weight: 1), Entry(weight: 2, isBackup: true), Entry(weight: 1, isBackup: true),
        ])
        for _ in 0..<10 { #expect(balancer.pick { _ in true } == 0) }
        let picks = (0..<6).map { _ in balancer.pick { $0 != 0 } }
        #expect(picks.count { $0 == 1 } == 4)
        #expect(picks.count { $0 == 2 } == 2)
        #expect(balancer.pick { _ in true } == 0)
    }

    @Test func `asks about each entry at most once`() {
        var balancer = SmoothWeightedRoundRobin((0..<10).map { Entry(weight: $0 + 1, isBackup: $0 % 2 == 0) })
        var asked = [Int](repeating: 0, count: 10)
        #expect(
            balancer.pick {
                asked[$0] += 1
                return false
            } == nil)
        #expect(asked == [Int](repeating: 1, count: 10))
    }

    @Test func `moves weights into their range and takes an empty list`() {
        #expect(Entry(weight: 0).weight == 1)
        #expect(Entry(weight: -7).weight == 1)
        #expect(Entry(weight: .max).weight == 1_000)
        var balancer = SmoothWeightedRoundRobin([])
        #expect(balancer.pick { _ in true } == nil)
    }
}
