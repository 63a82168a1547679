import Resilience
import Testing

@Suite struct `Identity shares` {
    @Test func `lets an identity have so many calls and no more`() {
        var shares = IdentityShares(limit: 2, capacity: 4)
        let answers = [1, 1, 1, 2].map { shares.enter($0) }
        #expect(answers == [.admitted, .admitted, .refused, .admitted])
        shares.leave(1)
        let again = shares.enter(1)
        #expect(again == .admitted)
        #expect(shares.count(of: 1) == 2 && shares.count(of: 2) == 1 && shares.count(of: 3) == 0)
    }

    @Test func `does not count more identities than it has places for`() {
        var shares = IdentityShares(limit: 2, capacity: 3)
        let answers = [0, 1, 2, 3, 2].map { shares.enter($0) }
        #expect(answers == [.admitted, .admitted, .admitted, .uncounted, .admitted])
        shares.leave(0)
        let after = shares.enter(3)
        #expect(after == .admitted && shares.identityCount == 3)
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func `agrees with a dictionary`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let capacity = 1 + random.next(below: 20)
        var shares = IdentityShares(limit: 3, capacity: capacity)
        var model: [UInt64: Int] = [:]
        // Few of them, and many that belong to the same place.
        let identities = (0..<capacity * 2).map { _ in random.next() & 0xFFFF_FFFF_0000_0007 }
        var mismatches = 0
        for _ in 0..<3_000 {
            let identity = identities[random.next(below: identities.count)]
            let count = model[identity, default: 0]
            if random.next(below: 2) == 0 {
                let expected: IdentityShares.Admission =
                    count >= 3 ? .refused : count == 0 && model.count >= capacity ? .uncounted : .admitted
                if shares.enter(identity) != expected { mismatches += 1 }
                if expected == .admitted { model[identity] = count + 1 }
            } else if count > 0 {
                shares.leave(identity)
                model[identity] = count == 1 ? nil : count - 1
            }
            if identities.contains(where: { shares.count(of: $0) != model[$0, default: 0] }) { mismatches += 1 }
            if shares.identityCount != model.count { mismatches += 1 }
        }
        #expect(mismatches == 0)
    }
}
