import Resilience
import Testing

@Suite struct `Consistent hash with bounded load` {
    private func names(_ count: Int) -> [UInt64] {
        var random = SeededRandom(seed: 77)
        return (0..<count).map { _ in random.next() }
    }

    @Test(arguments: [2, 3, 5, 10, 40])
    func `removing one of n moves its keys and no others, at most 1.5 of n`(count: Int) {
        let hash = BoundedLoadHash([BalancedEntry](repeating: BalancedEntry(), count: count), names: names(count))
        for removed in 0..<min(count, 5) {
            var movedCount = 0
            var wrongCount = 0
            for number in 0..<10_000 as Range<UInt64> {
                let before = hash.pick(key: number, where: { _ in true }, inFlight: { _ in 0 })
                let after = hash.pick(key: number, where: { $0 != removed }, inFlight: { _ in 0 })
                if before == removed { movedCount += 1 }
                let isRight = before == removed ? after != nil && after != removed : after == before
                if !isRight { wrongCount += 1 }
            }
            #expect(movedCount > 0)
            #expect(wrongCount == 0)
            #expect(Double(movedCount) <= 1.5 / Double(count) * 10_000)
        }
    }

    @Test func `another place in the file, and others beside it, change nothing for a key`() {
        let names = names(6)
        let all = BoundedLoadHash([BalancedEntry](repeating: BalancedEntry(), count: 6), names: names)
        let turned = BoundedLoadHash(
            [BalancedEntry](repeating: BalancedEntry(), count: 6), names: Array(names.reversed()))
        for key in 0..<1_000 as Range<UInt64> {
            let pick = all.pick(key: key, where: { _ in true }, inFlight: { _ in 0 })
            #expect(turned.pick(key: key, where: { _ in true }, inFlight: { _ in 0 }) == pick.map { 5 - $0 })
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `never exceeds the bound, whatever keys come`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let count = random.next(below: 8) + 1
        let weights = (0..<count).map { _ in random.next(below: 5) + 1 }
        let hash = BoundedLoadHash(weights.map { BalancedEntry(weight: $0) }, names: names(count))
        let keyCount = random.next(below: 4) + 1
        var inFlight = [Int](repeating: 0, count: count)
        var running: [Int] = []
        var passedOver = 0
        for _ in 0..<5_000 {
            let isEnding = random.next(below: 100) < running.count
            if isEnding, !running.isEmpty {
                inFlight[running.remove(at: random.next(below: running.count))] -= 1
                continue
            }
            let key = UInt64(random.next(below: keyCount))
            guard let pick = hash.pick(key: key, where: { _ in true }, inFlight: { inFlight[$0] }) else {
                Issue.record("nobody has room")
                return
            }
            if pick != hash.pick(key: key, where: { _ in true }, inFlight: { _ in 0 }) { passedOver += 1 }
            inFlight[pick] += 1
            running.append(pick)
            let fair = Double(running.count) * Double(weights[pick]) / Double(weights.reduce(0, +))
            if Double(inFlight[pick]) > (1.25 * fair).rounded(.up) { Issue.record("\(inFlight) of \(weights)") }
        }
        // With so few keys the bound is what spreads them.
        #expect(count == 1 || passedOver > 0)
    }

    @Test func `the same key goes to the same one while it has room`() {
        let hash = BoundedLoadHash([BalancedEntry](repeating: BalancedEntry(), count: 4), names: names(4))
        let home = hash.pick(key: 5, where: { _ in true }, inFlight: { _ in 0 })
        #expect(hash.pick(key: 5, where: { _ in true }, inFlight: { _ in 7 }) == home)
        #expect(hash.pick(key: 5, where: { _ in true }, inFlight: { $0 == home ? 8 : 7 }) == home)
        // 1.25 × 32 / 4 = 10: one more than ten is too much.
        #expect(hash.pick(key: 5, where: { _ in true }, inFlight: { $0 == home ? 10 : 7 }) != home)
    }

    @Test func `moves a bound below one to one`() {
        let hash = BoundedLoadHash([BalancedEntry(), BalancedEntry()], names: names(2), bound: 0)
        #expect(hash.pick(key: 1, where: { _ in true }, inFlight: { _ in 3 }) != nil)
    }
}
