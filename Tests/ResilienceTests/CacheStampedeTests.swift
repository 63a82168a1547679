import Resilience
import Testing

/// The values of the cache together, as whoever serves from it uses them: 500 readers of one key.
@Suite struct `Cache stampede` {
    private static let spans = StaleSpans(whileRevalidating: .seconds(10), onError: .seconds(60))
    private static let fetchTime = Duration.milliseconds(100)

    /// Every reader reads every 500 ms, so one comes every millisecond, from a cold cache on.
    private struct Readers {
        var cache = ResponseCache<String, Int, CacheLife>(bounds: ResponseCacheBounds())
        var flights = SingleFlight<String, Int>()
        var random = SeededRandom(seed: 1)
        var isBackendWell = true
        /// The fetch under way, and when it ends.
        var fetch: (flight: SingleFlight<String, Int>.Flight, end: MonotonicTime)?
        var fetchCount = 0
        /// How many waited for a fetch, and how many got nothing.
        var waitCount = 0
        var failureCount = 0
        private var waiting: Set<Int> = []

        mutating func run(from start: Int64, to end: Int64) {
            for millisecond in start..<end {
                let now = MonotonicTime.milliseconds(millisecond)
                if let fetch, fetch.end <= now { finish(fetch.flight, at: now) }
                read(Int(millisecond), at: now)
            }
        }

        private mutating func read(_ reader: Int, at now: MonotonicTime) {
            guard let life = cache.value(for: "k", at: now) else { return join(reader, isServed: false, at: now) }
            switch life.freshness(at: now) {
            case .fresh:
                if life.wantsEarlyRefresh(at: now, random: &random) { join(reader, isServed: true, at: now) }
            case .staleWhileRevalidating:
                join(reader, isServed: true, at: now)
            case .staleOnError, .dead:
                join(reader, isServed: false, at: now)
            }
        }

        private mutating func join(_ reader: Int, isServed: Bool, at now: MonotonicTime) {
            // Who has been served only fetches if nobody does.
            guard !isServed || flights.flightCount == 0 else { return }
            if !isServed {
                waitCount += 1
                waiting.insert(reader)
            }
            if case .lead(let flight) = flights.join("k", reader, until: now + .seconds(1)) { begin(flight, at: now) }
        }

        private mutating func begin(_ flight: SingleFlight<String, Int>.Flight, at now: MonotonicTime) {
            fetchCount += 1
            fetch = (flight, now + fetchTime)
        }

        private mutating func finish(_ flight: SingleFlight<String, Int>.Flight, at now: MonotonicTime) {
            fetch = nil
            guard isBackendWell else {
                let isStaleThere = cache.value(for: "k", at: now) != nil
                failureCount += isStaleThere ? 0 : waiting.count
                waiting = []
                // All who wait are answered: with what is stale, or with the error.
                _ = flights.succeed(flight)
                return
            }
            let life = CacheLife(
                received: now, timeToLive: .seconds(2), fetchTime: fetchTime, spans: spans, random: &random)
            cache.insert(life, for: "k", costBytes: 1_000, until: life.end, at: now)
            _ = flights.succeed(flight)
            waiting = []
        }
    }

    @Test func `lets one fetch when all come to a cold cache`() {
        var readers = Readers()
        readers.run(from: 0, to: 500)
        #expect(readers.fetchCount == 1 && readers.waitCount == 100)
    }

    @Test func `refreshes once per expiry, and lets nobody wait`() {
        var readers = Readers()
        readers.run(from: 0, to: 500)
        readers.run(from: 500, to: 20_000)
        // Each life has 1.8…2 s, less what an early refresh takes from it.
        #expect((10...14).contains(readers.fetchCount), "\(readers.fetchCount)")
        #expect(readers.waitCount == 100)
    }

    @Test func `serves what is stale while the backend fails, and not for longer than it may`() {
        var readers = Readers()
        readers.run(from: 0, to: 500)
        readers.isBackendWell = false
        readers.run(from: 500, to: 60_000)
        #expect(readers.failureCount == 0)
        readers.run(from: 60_000, to: 70_000)
        #expect(readers.failureCount > 5_000)
        readers.isBackendWell = true
        readers.run(from: 70_000, to: 70_500)
        #expect(readers.cache.value(for: "k", at: .milliseconds(70_500)) != nil)
    }
}
