import Testing

@testable import Resilience

@Suite struct `Ghost queue` {
    @Test func `forgets the oldest`() {
        var ghosts = GhostQueue()
        for fingerprint in 0..<100 { ghosts.insert(fingerprint) }
        ghosts.trim(to: 30)
        #expect((0..<100).allSatisfy { ghosts.contains($0) == ($0 >= 70) })
        ghosts.remove(80)
        #expect(!ghosts.contains(80) && ghosts.contains(79))
        ghosts.trim(to: 0)
        #expect(!(0..<100).contains { ghosts.contains($0) })
    }

    /// The model is a list; what comes again counts where it came last, and its older place is still one of the queue.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func `agrees with a list`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var ghosts = GhostQueue()
        var places: [Int?] = []
        for _ in 0..<2_000 {
            let fingerprint = Int(random.next() % 60)
            switch random.next() % 10 {
            case 0..<7:
                for index in places.indices where places[index] == fingerprint { places[index] = nil }
                places.append(fingerprint)
                ghosts.insert(fingerprint)
            case 7:
                for index in places.indices where places[index] == fingerprint { places[index] = nil }
                ghosts.remove(fingerprint)
            default:
                // A queue that grows drops the places that do not count, so that it may hold a little more of the rest.
                let limit = 20 + Int(random.next() % 20)
                places.removeFirst(max(places.count - limit, 0))
                ghosts.trim(to: limit)
                #expect(ghosts.count <= limit)
            }
            let kept = Set(places.compactMap { $0 })
            #expect(kept.allSatisfy { ghosts.contains($0) })
        }
    }
}
