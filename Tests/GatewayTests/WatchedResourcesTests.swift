import Gateway
import Testing

@Suite struct `watched resources` {
    private func uri(_ number: Int, padding: Int = 0) -> [UInt8] {
        Array("test://\(number)\(String(repeating: "x", count: padding))".utf8)
    }

    @Test func `change their number with the list only`() {
        var watched = WatchedResources()
        #expect(watched.version == 0 && watched.all.isEmpty)
        watched.note(uri(1))
        #expect(watched.version == 1)
        watched.note(uri(1))
        #expect(watched.version == 1 && watched.all == [uri(1)])
    }

    @Test func `are at most a thousand, the one that has waited longest going first`() {
        var watched = WatchedResources()
        for number in 0..<1_000 { watched.note(uri(number)) }
        watched.note(uri(0))
        watched.note(uri(1_000))
        #expect(watched.all.count == 1_000)
        #expect(watched.all.contains(uri(0)) && watched.all.contains(uri(1_000)) && !watched.all.contains(uri(1)))
    }

    @Test func `are bounded in bytes, and leave out what is too long`() {
        var watched = WatchedResources()
        watched.note(uri(1, padding: 2_048))
        #expect(watched.all.isEmpty && watched.version == 0)
        for number in 0..<1_000 { watched.note(uri(number, padding: 1_000)) }
        #expect(watched.all.reduce(0) { $0 + $1.count } <= 262_144)
        #expect(watched.all.count > 250)
    }
}
