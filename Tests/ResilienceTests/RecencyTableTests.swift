import Testing

@testable import Resilience

@Suite struct `Recency table` {
    @Test func `gives up keys in the order of their last use`() {
        var table = RecencyTable<String, Int>()
        for (index, key) in ["a", "b", "c"].enumerated() { #expect(table.set(key, to: index) == nil) }
        #expect(table.use("a") == 0)
        #expect(table.set("b", to: 7) == 1)
        #expect(table.removeOldest()?.key == "c")
        #expect(table.remove("a") == 0)
        #expect(table.use("a") == nil)
        #expect(table.removeOldest()?.value == 7)
        #expect(table.removeOldest() == nil)
        #expect(table.count == 0)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `agrees with a list`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var table = RecencyTable<Int, UInt64>()
        /// From the oldest to the newest.
        var list: [(key: Int, value: UInt64)] = []
        for _ in 0..<3_000 {
            let key = Int(random.next() % 40)
            let known = list.firstIndex { $0.key == key }
            switch random.next() % 8 {
            case 0..<4:
                let value = random.next()
                let before = known.map { list.remove(at: $0).value }
                #expect(table.set(key, to: value) == before)
                list.append((key, value))
            case 4..<6:
                let entry = known.map { list.remove(at: $0) }
                #expect(table.use(key) == entry?.value)
                if let entry { list.append(entry) }
            case 6:
                #expect(table.remove(key) == known.map { list.remove(at: $0).value })
            default:
                let oldest = list.isEmpty ? nil : list.removeFirst()
                let removed = table.removeOldest()
                #expect(removed?.key == oldest?.key)
                #expect(removed?.value == oldest?.value)
            }
            #expect(table.count == list.count)
        }
    }
}
