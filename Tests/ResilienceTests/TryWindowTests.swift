import Testing

@testable import Resilience

@Suite struct `Try window` {
    @Test func `counts the last tries only`() {
        var window = TryWindow(capacity: 4)
        #expect(window.add(.init(total: 1, failures: 1, slow: 0)) == .init(total: 1, failures: 1, slow: 0))
        #expect(window.add(.init(total: 2, failures: 0, slow: 1)) == .init(total: 3, failures: 1, slow: 1))
        #expect(window.add(.init(total: 1, failures: 0, slow: 0)) == .init(total: 4, failures: 1, slow: 1))
        #expect(window.add(.init(total: 1, failures: 0, slow: 0)) == .init(total: 4, failures: 0, slow: 1))
    }

    @Test func `takes more at once than it holds`() {
        var window = TryWindow(capacity: 3)
        _ = window.add(.init(total: 1, failures: 1, slow: 0))
        #expect(window.add(.init(total: 1_000_000_000, failures: 0, slow: 0)) == .init(total: 3, failures: 0, slow: 0))
        window.removeAll()
        #expect(window.add(.init(total: 1, failures: 0, slow: 1)) == .init(total: 1, failures: 0, slow: 1))
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `agrees with a list of all tries`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let capacity = Int(random.next() % 50) + 1
        var window = TryWindow(capacity: capacity)
        var tries: [Int] = []
        for _ in 0..<1_000 {
            let kind = Int(random.next() % 3)
            tries.append(kind)
            let counts = window.add(.init(total: 1, failures: kind == 1 ? 1 : 0, slow: kind == 2 ? 1 : 0))
            let last = tries.suffix(capacity)
            #expect(counts.total == last.count)
            #expect(counts.failures == last.count { $0 == 1 })
            #expect(counts.slow == last.count { $0 == 2 })
        }
    }
}
