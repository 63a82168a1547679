import NIOCore
import NIOEmbedded
import Testing

@testable import Gateway

@Suite struct `Loop beat` {
    @Test func `tells how long a loop takes to get to something, and has taken so far`() {
        let loop = EmbeddedEventLoop()
        let start = loop.now
        var beat = LoopBeat()
        // It gets to what it is asked 340 ms later.
        loop.advanceTime(by: .milliseconds(340))
        #expect(beat.beat(loop, at: start) == .zero)
        #expect(beat.beat(loop, at: start + .milliseconds(100)) == .milliseconds(100))
        #expect(beat.beat(loop, at: start + .milliseconds(300)) == .milliseconds(300))
        loop.run()
        #expect(beat.beat(loop, at: start + .milliseconds(400)) == .milliseconds(340))
        // While the next answer is still to come, the last one holds.
        #expect(beat.beat(loop, at: start + .milliseconds(500)) == .milliseconds(340))
        loop.run()
        #expect(beat.beat(loop, at: start + .milliseconds(600)) == .zero)
    }
}
