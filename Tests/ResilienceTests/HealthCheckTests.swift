import Resilience
import Testing

@Suite struct `Health check` {
    @Test func `is up after one success at the start`() {
        var check = HealthCheck(fall: 2, rise: 2)
        #expect(check.isUp == nil)
        #expect(check.record(passed: true) == true)
    }

    @Test func `is up after one success even if a failure came first`() {
        var check = HealthCheck(fall: 2, rise: 2)
        #expect(check.record(passed: false) == nil)
        #expect(check.record(passed: true) == true)
        #expect(check.record(passed: false) == true)
        #expect(check.record(passed: false) == false)
    }

    @Test func `is down after as many failures as fall says`() {
        var check = HealthCheck(fall: 3, rise: 2)
        #expect(check.record(passed: false) == nil)
        #expect(check.record(passed: false) == nil)
        #expect(check.record(passed: false) == false)
    }

    @Test func `is up again after as many successes in a row as rise says`() {
        var check = HealthCheck(fall: 1, rise: 3)
        #expect(check.record(passed: false) == false)
        #expect(check.record(passed: true) == false)
        #expect(check.record(passed: true) == false)
        #expect(check.record(passed: false) == false)
        #expect(check.record(passed: true) == false)
        #expect(check.record(passed: true) == false)
        #expect(check.record(passed: true) == true)
    }

    @Test func `goes on from what others have found out`() {
        var check = HealthCheck(fall: 2, rise: 2, isUp: false)
        #expect(check.isUp == false)
        #expect(check.record(passed: true) == false)
        #expect(check.record(passed: true) == true)
        var other = HealthCheck(fall: 2, rise: 2, isUp: true)
        #expect(other.record(passed: false) == true)
        #expect(other.record(passed: false) == false)
    }

    @Test func `counts failures in a row only`() {
        var check = HealthCheck(fall: 2, rise: 1)
        _ = check.record(passed: true)
        for _ in 0..<10 {
            #expect(check.record(passed: false) == true)
            #expect(check.record(passed: true) == true)
        }
    }

    @Test func `takes thresholds below one as one`() {
        var check = HealthCheck(fall: 0, rise: -3)
        #expect(check.record(passed: false) == false)
        #expect(check.record(passed: true) == true)
    }

    /// The model looks at the whole history: the verdict is that of the last streak that was long enough.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `agrees with a look at the whole history`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let fall = Int(random.next() % 4) + 1
        let rise = Int(random.next() % 4) + 1
        var check = HealthCheck(fall: fall, rise: rise)
        var history: [Bool] = []
        var expected: Bool?
        for _ in 0..<500 {
            history.append(random.next() % 2 == 0)
            if history.count >= fall, history.suffix(fall).allSatisfy({ !$0 }) { expected = false }
            if history.count >= rise, history.suffix(rise).allSatisfy({ $0 }) { expected = true }
            if expected == nil, history.last == true { expected = true }
            #expect(check.record(passed: history[history.count - 1]) == expected)
        }
    }

    @Test func `spreads checks by ten percent either way`() {
        var random = SeededRandom(seed: 5)
        let check = HealthCheck()
        let intervals = (0..<10_000).map { _ in check.nextInterval(.seconds(1), random: &random) }
        #expect(intervals.allSatisfy { $0 >= .milliseconds(900) && $0 <= .milliseconds(1_100) })
        #expect(intervals.contains { $0 < .milliseconds(905) })
        #expect(intervals.contains { $0 > .milliseconds(1_095) })
        #expect(check.nextInterval(.zero, random: &random) == .zero)
        #expect(check.nextInterval(.seconds(Int64.max), random: &random) > .zero)
    }
}
