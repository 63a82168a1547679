import Resilience
import Testing

@Suite struct `Outlier detector` {
    /// Backends that fail with these shares and take so many milliseconds, each with so many calls a second by chance.
    private struct Bench {
        var detector: OutlierDetector
        var random: SeededRandom
        var second = 0
        var failureShares: [Double]
        var milliseconds: [Double]
        var down: Set<Int> = []
        var calls = 100

        init(
            _ configuration: OutlierDetector.Configuration = .init(), failing: [Double], taking: [Double]? = nil,
            seed: UInt64 = 1
        ) {
            detector = OutlierDetector(configuration, count: failing.count, at: .zero)
            random = SeededRandom(seed: seed)
            failureShares = failing
            milliseconds = taking ?? failing.map { _ in 5 }
        }

        /// What happens in the next second.
        mutating func step() -> [OutlierDetector.Change] {
            second += 1
            let samples = failureShares.indices.map { index in
                guard !down.contains(index), !detector.isEjected(index) else {
                    return OutlierDetector.Sample(isDown: down.contains(index))
                }
                // Nearly binomial, and faster than a draw for each call.
                let normal = (0..<12).reduce(-6) { sum, _ in sum + random.nextUnit() }
                let mean = Double(calls) * failureShares[index]
                let spread = (mean * (1 - failureShares[index])).squareRoot()
                let failures = min(max(Int((mean + spread * normal).rounded()), 0), calls)
                let time = milliseconds[index] * 1e6 * Double(calls - failures) * (0.8 + 0.4 * random.nextUnit())
                return OutlierDetector.Sample(calls: calls, failures: failures, nanoseconds: Int64(time))
            }
            return detector.judge(samples, at: .seconds(Double(second)))
        }

        mutating func run(seconds: Int) -> [(second: Int, change: OutlierDetector.Change)] {
            (0..<seconds).flatMap { _ in step().map { (second, $0) } }
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `ejects one of three that fails more often than the others`(seed: UInt64) {
        var bench = Bench(failing: [0.01, 0.3, 0.01], seed: seed)
        guard case (let second, .ejected(1, .failureShare, let until))? = bench.run(seconds: 3).first else {
            Issue.record("nobody was ejected")
            return
        }
        #expect(until == .seconds(Double(second + 30)))
    }

    @Test(arguments: [0, 0.01, 0.1, 0.5, 0.9, 1], [2, 3, 5, 10])
    func `ejects nobody of equals`(share: Double, count: Int) {
        for seed in 1...2 as ClosedRange<UInt64> {
            var bench = Bench(failing: [Double](repeating: share, count: count), seed: seed)
            let changes = bench.run(seconds: 100)
            #expect(changes.isEmpty, "\(changes)")
        }
    }

    @Test func `judges nobody by few calls`() {
        var bench = Bench(failing: [0, 1, 0])
        bench.calls = 4
        #expect(bench.run(seconds: 30).isEmpty)
        bench = Bench(failing: [0, 1])
        #expect(bench.run(seconds: 30).isEmpty)
    }

    @Test func `ejects one that takes several times as long for some intervals in a row`() {
        var bench = Bench(failing: [0, 0, 0], taking: [5, 5, 405])
        let changes = bench.run(seconds: 10)
        #expect(changes.count == 1 && changes[0].second == 5)
        #expect(changes[0].change == .ejected(index: 2, reason: .latency, until: .seconds(35)))
        // Several times as long, but not much longer; or once only.
        bench = Bench(failing: [0, 0, 0], taking: [1, 1, 20])
        #expect(bench.run(seconds: 50).isEmpty)
        bench = Bench(failing: [0, 0, 0])
        for round in 0..<50 {
            bench.milliseconds[0] = round % 5 == 0 ? 5 : 405
            #expect(bench.step().isEmpty)
        }
    }

    @Test func `ejects by failures in a row if it is to`() {
        var detector = OutlierDetector(.init(consecutiveFailures: 5), count: 2, at: .zero)
        let bad = OutlierDetector.Sample(calls: 5, failures: 5, failureStreak: 5)
        let good = OutlierDetector.Sample(calls: 5)
        #expect(
            detector.judge([bad, good], at: .seconds(1)) == [
                .ejected(index: 0, reason: .consecutiveFailures, until: .seconds(31))
            ])
        // Somebody must be left.
        #expect(detector.judge([good, bad], at: .seconds(2)) == [.spared(index: 1, reason: .consecutiveFailures)])
        #expect(detector.judge([], at: .seconds(31)) == [.returned(index: 0)])
    }

    @Test func `ejects for longer each time, up to a limit, and forgets`() {
        var detector = OutlierDetector(.init(consecutiveFailures: 1), count: 2, at: .zero)
        let bad = OutlierDetector.Sample(calls: 5, failures: 5, failureStreak: 5)
        var now = MonotonicTime.seconds(1)
        for expected in [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300] {
            let until = now + .seconds(expected)
            #expect(
                detector.judge([bad], at: now) == [
                    .ejected(index: 0, reason: .consecutiveFailures, until: until)
                ])
            now = until
            #expect(detector.judge([], at: now) == [.returned(index: 0)])
        }
        now += .seconds(9 * 30)
        #expect(
            detector.judge([bad], at: now) == [
                .ejected(index: 0, reason: .consecutiveFailures, until: now + .seconds(90))
            ])
    }

    @Test func `keeps what is known of those who stay`() {
        var detector = OutlierDetector(.init(consecutiveFailures: 1), count: 3, at: .zero)
        let bad = OutlierDetector.Sample(calls: 1, failures: 1, failureStreak: 1)
        _ = detector.judge([.init(), bad], at: .seconds(1))
        let next = OutlierDetector(.init(), keeping: detector, positions: [nil, 7, 1, 0], at: .seconds(2))
        #expect((0..<5).map { next.isEjected($0) } == [false, false, true, false, false])
    }

    /// Whatever happens, no more are ejected than may be, and each ejection ends once.
    @Test(arguments: 0..<30 as Range<UInt64>)
    func `keeps its bounds in any order of events`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let count = random.next(below: 8)
        let configuration = OutlierDetector.Configuration(
            consecutiveFailures: random.next(below: 2) == 0 ? nil : 3, minimumBackends: 2 + random.next(below: 2),
            minimumCalls: 20, slowIntervals: 2, baseEjectionTime: .seconds(5), maximumEjectionTime: .seconds(12))
        var bench = Bench(configuration, failing: [Double](repeating: 0, count: count), seed: seed &+ 99)
        var ends: [Int: MonotonicTime] = [:]
        for _ in 0..<300 {
            for index in 0..<count where random.next(below: 10) == 0 {
                bench.failureShares[index] = [0, 0.2, 1][random.next(below: 3)]
                bench.milliseconds[index] = [5, 500][random.next(below: 2)]
                if random.next(below: 4) == 0 { bench.down.insert(index) } else { bench.down.remove(index) }
            }
            let changes = bench.step()
            let now = MonotonicTime.seconds(Double(bench.second))
            let due = Set(ends.filter { $0.value <= now }.keys)
            var returned: Set<Int> = []
            var hasEjected = false
            for change in changes {
                switch change {
                case .ejected(let index, _, let until):
                    hasEjected = true
                    #expect(ends[index] == nil && !bench.down.contains(index))
                    #expect(until - now >= .seconds(5) && until - now <= .seconds(12))
                    ends[index] = until
                case .returned(let index):
                    ends[index] = nil
                    returned.insert(index)
                case .spared(let index, _): #expect(ends[index] == nil)
                }
            }
            #expect(returned == due)
            let ejected = ends.keys.count { !bench.down.contains($0) }
            // Some may have come up again that were ejected.
            if hasEjected { #expect(ejected <= max(count / 2, 1) && count - bench.down.count > ejected) }
            for index in 0..<count { #expect(bench.detector.isEjected(index) == (ends[index] != nil)) }
        }
    }
}
