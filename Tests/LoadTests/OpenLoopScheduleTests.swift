import Testing

@testable import mcp_load

@Suite struct OpenLoopScheduleTests {
    @Test func `calls are due at even distances from the start`() {
        var schedule = OpenLoopSchedule(start: 1_000, rate: 1_000_000)
        #expect(schedule.take(at: 999) == nil)
        #expect(schedule.take(at: 1_000) == 1_000)
        #expect(schedule.take(at: 1_500) == nil)
        #expect(schedule.nextDue == 2_000)
        #expect(schedule.take(at: 9_000) == 2_000)
        #expect(schedule.taken == 2)
    }

    @Test func `a late caller gets the times at which it should have called`() {
        var schedule = OpenLoopSchedule(start: 0, rate: 1_000)
        let times = (0..<5).compactMap { _ in schedule.take(at: 3_000_000) }
        #expect(times == [0, 1_000_000, 2_000_000, 3_000_000])
    }

    @Test func `tells how many calls are behind`() {
        var schedule = OpenLoopSchedule(start: 5_000_000, rate: 1_000)
        #expect(schedule.behind(at: 4_999_999) == 0)
        #expect(schedule.behind(at: 5_000_000) == 1)
        #expect(schedule.behind(at: 14_999_999) == 10)
        _ = schedule.take(at: 14_999_999)
        #expect(schedule.behind(at: 14_999_999) == 9)
    }

    @Test func `roundings do not add up`() {
        var schedule = OpenLoopSchedule(start: 0, rate: 3)
        for _ in 0..<3_000 { _ = schedule.take(at: .max) }
        #expect(schedule.nextDue == 1_000_000_000_000)
    }
}
