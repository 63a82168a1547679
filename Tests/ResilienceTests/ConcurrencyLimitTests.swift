import Resilience
import Testing

@Suite struct `Concurrency limit` {
    private func window(_ milliseconds: Double, count: Int = 100, inFlight: Int = 1_000_000) -> ConcurrencyLimit.Window
    {
        var window = ConcurrencyLimit.Window()
        for _ in 0..<count { window.add(nanoseconds: Int64(milliseconds * 1e6)) }
        window.reach(inFlight: inFlight)
        return window
    }

    @Test func `grows by its square root while calls take as long as usual`() {
        var limit = ConcurrencyLimit(initial: 100)
        #expect(limit.close(window(10)) == 102)
        for _ in 0..<1_000 { limit.close(window(10)) }
        #expect(limit.limit == 2_000)
        #expect(limit.usualTime == .milliseconds(10))
    }

    @Test func `shrinks by a tenth when calls take much longer`() {
        var limit = ConcurrencyLimit(initial: 400)
        for _ in 0..<10 { limit.close(window(10, inFlight: 0)) }
        #expect(limit.limit == 400)
        // 0.8 × 400 + 0.2 × (200 + 20)
        #expect(limit.close(window(100)) == 364)
        for _ in 0..<200 { limit.close(window(100)) }
        #expect(limit.limit >= 8)
    }

    @Test func `stays as it is while less than half is used`() {
        var limit = ConcurrencyLimit(initial: 100)
        for _ in 0..<100 { limit.close(window(10, inFlight: 49)) }
        #expect(limit.limit == 100)
        #expect(limit.close(window(10, inFlight: 50)) == 102)
        #expect(limit.close(window(1_000, inFlight: 1)) == 102)
        #expect(limit.close(window(1_000, inFlight: 60)) < 100)
    }

    @Test func `moves with the size of the pool, in its range`() {
        var limit = ConcurrencyLimit(initial: 100)
        limit.close(window(10, inFlight: 0))
        limit.scale(by: 1.5)
        #expect(limit.limit == 150 && limit.usualTime == .milliseconds(10))
        limit.scale(by: 0.01)
        #expect(limit.limit == 8)
        limit.scale(by: 1_000)
        #expect(limit.limit == 2_000)
        for factor in [0, -1, .nan, .infinity] { limit.scale(by: factor) }
        #expect(limit.limit == 2_000)
    }

    @Test func `learns nothing from few calls`() {
        var limit = ConcurrencyLimit(initial: 100)
        limit.close(window(10, count: 9))
        #expect(limit.limit == 100 && limit.usualTime == nil)
    }

    @Test func `the usual time comes down soon after it was too long`() {
        var limit = ConcurrencyLimit(initial: 100)
        for _ in 0..<10 { limit.close(window(1_000)) }
        var windows = 0
        while windows < 1_000, limit.usualTime ?? .zero > .milliseconds(20) {
            limit.close(window(10))
            windows += 1
        }
        // 0.95^n = 1/50
        #expect((60...80).contains(windows), "\(windows)")
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `agrees with the formula and stays in range`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var limit = ConcurrencyLimit(initial: 20)
        var (exact, long, number) = (20.0, 0.0, 0)
        for step in 0..<500 {
            var shards = [ConcurrencyLimit.Window](repeating: .init(), count: 3)
            var times: [Int64] = []
            for _ in 0..<random.next(below: 60) {
                times.append(random.nextNanoseconds(below: [1_000, 1_000_000, 100_000_000][step / 50 % 3]))
                shards[random.next(below: 3)].add(nanoseconds: times[times.count - 1])
            }
            let used = random.next(below: Int(exact * 2))
            shards[1].reach(inFlight: used)
            var all = ConcurrencyLimit.Window()
            for shard in shards { all.merge(shard) }
            limit.close(all)
            if times.count >= 10 {
                number += 1
                let short = max(Double(times.reduce(0, +)) / Double(times.count), 1)
                long =
                    number <= 10 ? (long * Double(number - 1) + short) / Double(number) : long + (short - long) / 300.5
                if long > short * 2 { long *= 0.95 }
                let g = max(0.5, min(1, 1.5 * long / short))
                let next = max(8, min(2_000, 0.8 * exact + 0.2 * (exact * g + exact.squareRoot())))
                if Double(used) >= exact / 2 { exact = next }
            }
            #expect(abs(Double(limit.limit) - exact) <= 1.001)
        }
    }

    @Test func `survives any window`() {
        var random = SeededRandom(seed: 1)
        for range in [8...2_000, -5...(-3), 1...Int.max] {
            var limit = ConcurrencyLimit(initial: .max, range: range)
            for _ in 0..<1_000 {
                var window = ConcurrencyLimit.Window()
                window.count = Int(truncatingIfNeeded: random.next())
                window.nanoseconds = Int64(truncatingIfNeeded: random.next())
                window.mostInFlight = Int(truncatingIfNeeded: random.next())
                #expect(limit.close(window) >= 1)
            }
        }
    }

    /// A server that does 20 calls at a time, 10 ms each, is offered six times what it can do: what waits inside it stays
    /// short, and it always has something to do.
    @Test func `finds what a server can do and keeps the wait short`() {
        var limit = ConcurrencyLimit(initial: 64)
        var inside: [(begun: Int, left: Int)] = []  // in steps of 1 ms
        var window = ConcurrencyLimit.Window()
        var (done, longest) = (0, 0)
        for step in 0..<30_000 {
            let isOverloaded = step >= 5_000
            for _ in 0..<(isOverloaded ? 12 : 1) where inside.count < limit.limit { inside.append((step, 10)) }
            window.reach(inFlight: inside.count)
            for index in inside.indices.prefix(20) {
                inside[index].left -= 1
                guard inside[index].left == 0 else { continue }
                window.add(nanoseconds: Int64(step - inside[index].begun + 1) * 1_000_000)
                if step >= 10_000 { longest = max(longest, step - inside[index].begun + 1) }
                if step >= 10_000 { done += 1 }
            }
            inside.removeAll { $0.left == 0 }
            if step % 100 == 99 {
                limit.close(window)
                window = ConcurrencyLimit.Window()
            }
        }
        #expect(Double(done) >= 0.95 * 2 * 20_000, "\(done)")
        #expect(longest <= 100, "\(longest) ms")
    }
}
