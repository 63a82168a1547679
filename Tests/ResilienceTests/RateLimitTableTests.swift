import Testing

@testable import Resilience

@Suite struct `Rate limit table` {
    @Test func `counts each caller by itself`() {
        var table = RateLimitTable<String>(RateLimit(count: 2, per: .seconds(60)))
        #expect(table.decide("a", at: .zero) == .admitted)
        #expect(table.decide("a", at: .zero) == .admitted)
        #expect(table.decide("a", at: .zero) == .refused(retryAfter: .seconds(30)))
        #expect(table.decide("b", at: .zero) == .admitted)
        #expect(table.decide("a", at: .seconds(30)) == .admitted)
        #expect(table.count == 2)
    }

    @Test func `forgets who has been silent for longest`() {
        var table = RateLimitTable<Int>(RateLimit(count: 1, per: .seconds(60)), capacity: 3)
        for key in 0..<3 { #expect(table.decide(key, at: .zero) == .admitted) }
        // A refused request is a sign of life, too.
        #expect(table.decide(0, at: .zero) != .admitted)
        #expect(table.decide(3, at: .zero) == .admitted)
        #expect(table.count == 3)
        #expect(table.decide(0, at: .zero) != .admitted)
        #expect(table.decide(1, at: .zero) == .admitted)
    }

    @Test func `stays at its bound whoever comes`() {
        var table = RateLimitTable<UInt64>(RateLimit(count: 1, per: .seconds(60)), capacity: 100)
        var random = SeededRandom(seed: 1)
        for _ in 0..<10_000 { _ = table.decide(random.next(), at: .zero) }
        #expect(table.count == 100)
    }
}
