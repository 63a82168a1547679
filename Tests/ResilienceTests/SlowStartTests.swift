import Resilience
import Testing

@Suite struct `Slow start` {
    @Test func `a share grows evenly from a tenth to the whole`() {
        var start = SlowStart([BalancedEntry(), BalancedEntry()])
        #expect(start.isOver(at: .zero) && start.share(of: 0, at: .zero) == 1)
        start.begin(0, at: .seconds(5))
        let shares = [5, 10, 15, 99].map { start.share(of: 0, at: .seconds($0)) }
        for (share, expected) in zip(shares, [0.1, 0.55, 1, 1]) { #expect(abs(share - expected) < 1e-9) }
        #expect(start.share(of: 1, at: .seconds(5)) == 1)
        #expect(!start.isOver(at: .seconds(14.9)) && start.isOver(at: .seconds(15)))
        // Earlier than it began, which another thread may think, it is as when it began.
        #expect(start.share(of: 0, at: .zero) == 0.1)
        start.begin(7, at: .zero)
        start.begin(-1, at: .zero)
    }

    private static let weights: [[Int]] = [[3, 2, 1], [1, 1], [2, 1, 1, 4, 1]]

    /// How often each is picked of so many calls that come at the same moment, none under way.
    private func shares(
        _ policy: LoadBalancer.Policy, _ entries: [BalancedEntry], began: [Int: MonotonicTime], at now: MonotonicTime,
        where isEligible: (Int) -> Bool = { _ in true }
    ) -> [Int] {
        var random = SeededRandom(seed: 5)
        var balancer = LoadBalancer(policy, entries, names: entries.indices.map { UInt64($0) })
        for index in entries.indices { balancer.record(nanoseconds: 1_000_000, of: index, at: now) }
        for (index, time) in began { balancer.begin(index, at: time) }
        var counts = [Int](repeating: 0, count: entries.count)
        for _ in 0..<20_000 {
            let key = random.next()
            let pick = balancer.pick(key: key, at: now, random: &random, where: isEligible, inFlight: { _ in 0 })
            guard let pick else { continue }
            counts[pick] += 1
        }
        return counts
    }

    private func expect(
        _ counts: [Int], near ideal: [Double], _ what: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let (count, total) = (Double(counts.reduce(0, +)), ideal.reduce(0, +))
        #expect(count == 20_000, "\(what)", sourceLocation: sourceLocation)
        for (got, share) in zip(counts, ideal) {
            let expected = count * share / total
            #expect(abs(Double(got) - expected) <= expected * 0.1, "\(what)", sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: LoadBalancer.Policy.allCases, weights)
    func `shares are within ten percent of the ideal`(policy: LoadBalancer.Policy, weights: [Int]) {
        let entries = weights.map { BalancedEntry(weight: $0) }
        for (seconds, share) in [(0.0, 0.1), (5, 0.55), (9, 0.91)] {
            let one = shares(policy, entries, began: [1: .seconds(100)], at: .seconds(100 + seconds))
            var ideal = weights.map(Double.init)
            ideal[1] *= share
            expect(one, near: ideal, "\(policy), \(weights), \(seconds) s: \(one), not \(ideal)")
            // Another one that is two seconds ahead.
            let two = shares(
                policy, entries, began: [0: .seconds(98), 1: .seconds(100)], at: .seconds(100 + seconds))
            ideal[0] *= min(share + 0.18, 1)
            expect(two, near: ideal, "\(policy), \(weights), two, \(seconds) s: \(two), not \(ideal)")
        }
    }

    @Test(arguments: LoadBalancer.Policy.allCases)
    func `whoever is alone gets all, and all who start together as much as ever`(policy: LoadBalancer.Policy) {
        let entries = [BalancedEntry(), BalancedEntry(), BalancedEntry(isBackup: true)]
        let alone = shares(policy, entries, began: [1: .zero], at: .zero, where: { $0 == 1 })
        #expect(alone == [0, 20_000, 0])
        let together = shares(policy, entries, began: [0: .zero, 1: .zero, 2: .zero], at: .zero)
        expect(together, near: [1, 1, 0], "\(policy): \(together)")
        // Backups do not count while there are others.
        let one = shares(policy, entries, began: [1: .zero], at: .zero)
        expect(one, near: [1, 0.1, 0], "\(policy): \(one)")
        let nobody = shares(policy, entries, began: [1: .zero], at: .zero, where: { _ in false })
        #expect(nobody == [0, 0, 0])
    }
}
