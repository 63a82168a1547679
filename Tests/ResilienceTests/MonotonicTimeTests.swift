import Resilience
import Testing

@Suite struct `Monotonic time` {
    @Test func `adds and subtracts durations`() {
        let time = MonotonicTime(nanoseconds: 1_000)
        #expect(time + .microseconds(2) == MonotonicTime(nanoseconds: 3_000))
        #expect(time - Duration.nanoseconds(1_500) == MonotonicTime(nanoseconds: -500))
        #expect(time + .nanoseconds(-1) == MonotonicTime(nanoseconds: 999))
        #expect(MonotonicTime.seconds(2.5) - MonotonicTime.milliseconds(500) == Duration.seconds(2))
        #expect(MonotonicTime.milliseconds(1) - MonotonicTime.seconds(1) == Duration.milliseconds(-999))
        var moved = time
        moved += .seconds(1)
        #expect(moved.nanoseconds == 1_000_001_000)
        #expect(time < moved)
    }

    @Test func `saturates at both ends`() {
        #expect(MonotonicTime.distantFuture + .nanoseconds(1) == .distantFuture)
        #expect(MonotonicTime(nanoseconds: .min) - Duration.nanoseconds(1) == MonotonicTime(nanoseconds: .min))
        #expect(MonotonicTime.zero + .seconds(Int64.max) == .distantFuture)
        #expect(MonotonicTime.zero + .seconds(Int64.min) == MonotonicTime(nanoseconds: .min))
        #expect(
            MonotonicTime.distantFuture - MonotonicTime(nanoseconds: .min) == Duration.nanoseconds(Int64.max))
        #expect(
            MonotonicTime(nanoseconds: .min) - MonotonicTime.distantFuture == Duration.nanoseconds(Int64.min))
        #expect(MonotonicTime(nanoseconds: 5) - Duration.seconds(Int64.min) == .distantFuture)
    }

    /// Around the limit of the fast path, 2^73 attoseconds, and at the signs.
    @Test(arguments: [
        0, 1, -1, 511, 512, 9_444_732_965, 9_444_732_965_739, 9_444_732_965_740, -9_444_732_965_740, Int64.max - 1,
        Int64.max, Int64.min, Int64.min + 1, 123_456_789_123_456_789,
    ])
    func `turns durations into the nanoseconds they were made of`(nanoseconds: Int64) {
        #expect(Duration.nanoseconds(nanoseconds).saturatedNanoseconds == nanoseconds)
    }

    @Test func `rounds parts of a nanosecond towards zero`() {
        #expect(Duration(secondsComponent: 0, attosecondsComponent: 1_999_999_999).saturatedNanoseconds == 1)
        #expect(Duration(secondsComponent: 0, attosecondsComponent: -1_999_999_999).saturatedNanoseconds == -1)
    }
}
