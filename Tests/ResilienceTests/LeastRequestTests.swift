import Resilience
import Testing

@Suite struct `Least request` {
    @Test func `of two it is always the less busy one`() {
        let policy = LeastRequest([BalancedEntry(), BalancedEntry()])
        var random = SeededRandom(seed: 1)
        for _ in 0..<1_000 {
            let counts = [random.next(below: 5), random.next(below: 5)]
            let pick = policy.pick(random: &random, where: { _ in true }, inFlight: { counts[$0] })
            if counts[0] != counts[1] { #expect(pick == (counts[0] < counts[1] ? 0 : 1)) }
        }
    }

    @Test func `counts calls in units of weight`() {
        let policy = LeastRequest([BalancedEntry(weight: 10), BalancedEntry(weight: 1)])
        var random = SeededRandom(seed: 1)
        for _ in 0..<200 {
            #expect(policy.pick(random: &random, where: { _ in true }, inFlight: { [9, 1][$0] }) == 0)
            #expect(policy.pick(random: &random, where: { _ in true }, inFlight: { [20, 1][$0] }) == 1)
        }
    }

    @Test func `nearly nobody waits behind one that is stuck`() {
        let policy = LeastRequest([BalancedEntry](repeating: BalancedEntry(), count: 3))
        var random = SeededRandom(seed: 4)
        var stuck = 0
        var counts = [0, 0, 0]
        for _ in 0..<10_000 {
            // All but the stuck one answer at once.
            guard let pick = policy.pick(random: &random, where: { _ in true }, inFlight: { counts[$0] }) else {
                continue
            }
            if pick == 1 {
                stuck += 1
                counts[1] += 1
            }
        }
        #expect(stuck == 1)
    }

    @Test func `the fullest of many has little more than the others`() {
        // Balls into bins: two choices leave ln ln n / ln 2 more than the average, one choice many times that.
        let policy = LeastRequest([BalancedEntry](repeating: BalancedEntry(), count: 100))
        var random = SeededRandom(seed: 9)
        var counts = [Int](repeating: 0, count: 100)
        for _ in 0..<10_000 {
            if let pick = policy.pick(random: &random, where: { _ in true }, inFlight: { counts[$0] }) {
                counts[pick] += 1
            }
        }
        #expect(counts.reduce(0, +) == 10_000)
        #expect(counts.allSatisfy { $0 <= 104 }, "\(counts.max() ?? 0)")
    }
}
