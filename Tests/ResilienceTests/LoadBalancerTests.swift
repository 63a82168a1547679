import Resilience
import Testing

@Suite struct `Load balancer` {
    /// Some entries with the calls that each of them has, and a clock that moves with every pick.
    private struct Bench {
        var balancer: LoadBalancer
        var random: SeededRandom
        var inFlight: [Int]
        var now = MonotonicTime.seconds(1)
        let entries: [BalancedEntry]

        init(_ policy: LoadBalancer.Policy, _ entries: [BalancedEntry], seed: UInt64 = 1) {
            self.entries = entries
            random = SeededRandom(seed: seed)
            let names = entries.indices.map { UInt64($0) &* 0x1_0001 }
            balancer = LoadBalancer(policy, entries, names: names)
            inFlight = [Int](repeating: 0, count: entries.count)
        }

        mutating func pick(where isEligible: (Int) -> Bool = { _ in true }) -> Int? {
            let key = random.next()
            return balancer.pick(key: key, at: now, random: &random, where: isEligible, inFlight: { inFlight[$0] })
        }

        /// How often each is picked, of `count` calls one after the other that all take a millisecond.
        mutating func shares(of count: Int, where isEligible: (Int) -> Bool = { _ in true }) -> [Int] {
            var counts = [Int](repeating: 0, count: entries.count)
            for _ in 0..<count {
                guard let index = pick(where: isEligible) else { continue }
                counts[index] += 1
                now += .milliseconds(1)
                balancer.record(nanoseconds: 1_000_000, of: index, at: now)
            }
            return counts
        }

        /// How often each is picked, of `count` calls of which `width` are always under way and which end in any order.
        mutating func crowdedShares(of count: Int, width: Int) -> [Int] {
            var counts = [Int](repeating: 0, count: entries.count)
            var running: [Int] = []
            for _ in 0..<count {
                if running.count == width {
                    let ended = running.remove(at: random.next(below: width))
                    inFlight[ended] -= 1
                    balancer.record(nanoseconds: 1_000_000, of: ended, at: now)
                }
                guard let index = pick() else { continue }
                counts[index] += 1
                inFlight[index] += 1
                running.append(index)
                now += .milliseconds(1)
            }
            return counts
        }
    }

    private static func expect(
        _ counts: [Int], near weights: [Int], _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let (count, total) = (Double(counts.reduce(0, +)), Double(weights.reduce(0, +)))
        for (got, weight) in zip(counts, weights) {
            let expected = count * Double(weight) / total
            #expect(abs(Double(got) - expected) <= expected * 0.1, what, sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: LoadBalancer.Policy.allCases, [[1, 1, 1], [3, 2, 1], [5, 1], [100, 300], [2, 2, 2, 3, 3]])
    func `keeps shares within ten percent of the weights over 10,000 calls`(
        policy: LoadBalancer.Policy, weights: [Int]
    ) {
        for seed in 1...2 as ClosedRange<UInt64> {
            var bench = Bench(policy, weights.map { BalancedEntry(weight: $0) }, seed: seed)
            let counts = bench.shares(of: 10_000)
            Self.expect(counts, near: weights, "\(counts), seed \(seed)")
        }
    }

    @Test(arguments: LoadBalancer.Policy.allCases, [[1, 1, 1], [3, 2, 1], [100, 300], [2, 2, 2, 3, 3]])
    func `keeps shares near the weights when many calls are under way`(policy: LoadBalancer.Policy, weights: [Int]) {
        for seed in 1...2 as ClosedRange<UInt64> {
            var bench = Bench(policy, weights.map { BalancedEntry(weight: $0) }, seed: seed)
            let counts = bench.crowdedShares(of: 10_000, width: 40)
            Self.expect(counts, near: weights, "\(counts), seed \(seed)")
        }
    }

    @Test(arguments: LoadBalancer.Policy.allCases)
    func `never picks one that is not eligible, and always one if there is one`(policy: LoadBalancer.Policy) {
        var chance = SeededRandom(seed: 3)
        for round in 0..<200 {
            let count = chance.next(below: 7) + 1
            let entries = (0..<count).map { _ in
                BalancedEntry(
                    weight: chance.next(below: 1_000) + 1, isBackup: chance.next(below: 4) == 0,
                    isRemote: chance.next(below: 3) == 0)
            }
            var bench = Bench(policy, entries, seed: UInt64(round))
            for _ in 0..<100 {
                for index in 0..<count { bench.inFlight[index] = chance.next(below: 10) }
                let mask = chance.next(below: 1 << count)
                let pick = bench.pick { mask & (1 << $0) != 0 }
                let hasPrimary = (0..<count).contains { mask & (1 << $0) != 0 && !entries[$0].isBackup }
                // Expectations are slow, and these are many.
                let isRight = pick.map { mask & (1 << $0) != 0 && !(entries[$0].isBackup && hasPrimary) } ?? (mask == 0)
                if !isRight { Issue.record("of \(entries) \(mask), \(pick ?? -1) was picked") }
            }
        }
    }

    @Test(arguments: LoadBalancer.Policy.allCases)
    func `uses backups only when no other is eligible, by their weights`(policy: LoadBalancer.Policy) {
        let entries = [
            BalancedEntry(weight: 1), BalancedEntry(weight: 2, isBackup: true), BalancedEntry(isBackup: true),
            BalancedEntry(weight: 1),
        ]
        var bench = Bench(policy, entries)
        let all = bench.shares(of: 1_000)
        #expect(all[1] == 0 && all[2] == 0)
        #expect(bench.shares(of: 1_000, where: { $0 != 0 }) == [0, 0, 0, 1_000])
        let backups = bench.shares(of: 10_000, where: { $0 == 1 || $0 == 2 })
        Self.expect([backups[1], backups[2]], near: [2, 1], "\(backups)")
    }

    @Test(arguments: LoadBalancer.Policy.allCases)
    func `stays in its zone while half of it is left, then spills over to all`(policy: LoadBalancer.Policy) {
        let entries = [false, false, true, false, true].map { BalancedEntry(weight: 2, isRemote: $0) }
        var bench = Bench(policy, entries)
        let all = bench.shares(of: 10_000)
        Self.expect([all[0], all[1], all[3]], near: [1, 1, 1], "\(all)")
        #expect(all[2] == 0 && all[4] == 0)
        let two = bench.shares(of: 10_000, where: { $0 != 1 })
        Self.expect([two[0], two[3]], near: [1, 1], "\(two)")
        #expect(two[2] == 0 && two[4] == 0)
        let one = bench.shares(of: 10_000, where: { $0 != 1 && $0 != 3 })
        Self.expect([one[0], one[2], one[4]], near: [1, 1, 1], "\(one)")
        let none = bench.shares(of: 10_000, where: { $0 == 2 || $0 == 4 })
        Self.expect([none[2], none[4]], near: [1, 1], "\(none)")
        // Back again, the own zone has all of it.
        let back = bench.shares(of: 10_000)
        Self.expect([back[0], back[1], back[3]], near: [1, 1, 1], "\(back)")
    }

    @Test(arguments: LoadBalancer.Policy.allCases)
    func `prefers primaries elsewhere to backups nearby, and backups nearby to others`(policy: LoadBalancer.Policy) {
        let entries = [
            BalancedEntry(), BalancedEntry(isRemote: true), BalancedEntry(isBackup: true),
            BalancedEntry(isBackup: true, isRemote: true),
        ]
        var bench = Bench(policy, entries)
        var away: Set<Int> = []
        for expected in [0, 1, 2, 3] {
            for _ in 0..<50 { #expect(bench.pick(where: { !away.contains($0) }) == expected) }
            away.insert(expected)
        }
        #expect(bench.pick(where: { !away.contains($0) }) == nil)
    }

    @Test(arguments: LoadBalancer.Policy.allCases)
    func `finds somebody although others change who is eligible meanwhile`(policy: LoadBalancer.Policy) {
        for isRemote in [false, true] {
            let entries = [BalancedEntry(), BalancedEntry(weight: 3), BalancedEntry(isRemote: isRemote)]
            for seed in 0..<200 as Range<UInt64> {
                var bench = Bench(policy, entries, seed: seed)
                // All are eligible when they are looked at first, and nobody later.
                var asked: Set<Int> = []
                #expect(bench.pick(where: { asked.insert($0).inserted }) != nil)
            }
        }
    }

    @Test(arguments: LoadBalancer.Policy.allCases)
    func `knows no zones where all are elsewhere, and picks nobody of nobody`(policy: LoadBalancer.Policy) {
        var bench = Bench(policy, [1, 1].map { BalancedEntry(weight: $0, isRemote: true) })
        Self.expect(bench.shares(of: 10_000), near: [1, 1], "all are remote")
        bench = Bench(policy, [])
        #expect(bench.pick() == nil)
    }
}
