import Resilience
import Testing

@Suite struct `Usual times` {
    private func close(_ times: inout UsualTimes, _ calls: [(kind: Int, milliseconds: Int64)]) -> Double? {
        for call in calls { times.record(kind: call.kind, nanoseconds: call.milliseconds * 1_000_000) }
        return times.close()
    }

    @Test func `say nothing without calls`() {
        var times = UsualTimes()
        #expect(times.close() == nil)
        #expect(close(&times, [(1, 5)]) == 1)
        #expect(times.close() == nil)
        #expect(times.count == 0)
    }

    @Test func `compare calls with those of their kind`() {
        var times = UsualTimes()
        for _ in 0..<20 { #expect(close(&times, [(1, 10), (1, 10), (2, 500)]) == 1) }
        // More of the long ones are nothing unusual.
        #expect(close(&times, [(2, 500), (2, 500), (2, 500)]) == 1)
        let ratio = close(&times, [(1, 40), (2, 500)])
        #expect(ratio == 2.5)
    }

    @Test func `take the first window of a kind as usual`() {
        var times = UsualTimes()
        for _ in 0..<5 { _ = close(&times, [(1, 10)]) }
        #expect(close(&times, [(7, 3_000)]) == 1)
    }

    @Test func `get used to something else within a minute or two, faster downwards`() throws {
        var times = UsualTimes()
        for _ in 0..<100 { _ = close(&times, [(1, 10)]) }
        let first = try #require(close(&times, [(1, 20)]))
        #expect(abs(first - 2) < 0.01)
        var last = first
        for _ in 0..<1_200 { last = close(&times, [(1, 20)]) ?? 0 }
        #expect((1..<1.1).contains(last))
        for _ in 0..<1_200 { last = close(&times, [(1, 20_000)]) ?? 0 }
        var windows = 0
        while let ratio = close(&times, [(1, 20)]), ratio < 0.5 { windows += 1 }
        #expect(windows < 200)
    }

    @Test func `survive any number`() {
        var times = UsualTimes()
        for kind in [Int.min, -1, 0, 63, 64, .max] {
            for time in [Int64.min, -1, 0, .max] { times.record(kind: kind, nanoseconds: time) }
        }
        #expect(times.close() == 1)
        times.record(kind: 0, nanoseconds: 0)
        #expect(times.close().map { $0.isFinite } == true)
    }
}
