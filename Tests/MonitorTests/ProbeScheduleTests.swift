import Testing

@testable import mcp_monitor

struct ProbeScheduleTests {
    @Test func `waits for the interval, a tenth more or less`() {
        var schedule = ProbeSchedule(interval: .seconds(30), seed: 7)
        let waits = (0..<1_000).map { _ in schedule.wait(after: .seconds(2)) }
        #expect(waits.allSatisfy { $0 >= .seconds(25) && $0 <= .seconds(31) })
        #expect(waits.contains { $0 < .milliseconds(25_600) })
        #expect(waits.contains { $0 > .milliseconds(30_400) })
    }

    @Test func `leaves a slow server time`() {
        var schedule = ProbeSchedule(interval: .seconds(10), seed: 7)
        #expect(schedule.wait(after: .seconds(60)) == .seconds(1))
    }

    @Test func `begins soon and not everywhere at once`() {
        let waits = (0..<100).map { seed in
            var schedule = ProbeSchedule(interval: .seconds(30), seed: UInt64(seed))
            return schedule.firstWait()
        }
        #expect(waits.allSatisfy { $0 < .seconds(1) })
        #expect(Set(waits).count > 90)
        var quick = ProbeSchedule(interval: .milliseconds(100), seed: 3)
        #expect(quick.firstWait() < .milliseconds(50))
    }
}
