import Testing
import Transport

@Suite struct WallClockTests {
    @Test func `tells the same time in seconds and milliseconds`() {
        let before = WallClock.seconds()
        let milliseconds = WallClock.milliseconds()
        let after = WallClock.seconds()
        #expect(before > 1_700_000_000)
        #expect((before...after).contains(milliseconds / 1_000))
    }
}
