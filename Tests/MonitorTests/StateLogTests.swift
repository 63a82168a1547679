import Testing

@testable import mcp_monitor

struct StateLogTests {
    @Test func `tells the first state and each change`() {
        var log = StateLog()
        #expect(log.record(.ok, at: .seconds(1)) == .changed(from: nil))
        #expect(log.record(.ok, at: .seconds(2)) == nil)
        #expect(log.record(.timeout, at: .seconds(3)) == .changed(from: .ok))
        #expect(log.record(.timeout, at: .seconds(4)) == nil)
        #expect(log.record(.ok, at: .seconds(5)) == .changed(from: .timeout))
        #expect(log.record(.degraded, at: .seconds(6)) == .changed(from: .ok))
        #expect(log.record(.timeout, at: .seconds(7)) == .changed(from: .degraded))
    }

    @Test func `tells once a minute at most that the trouble is another one`() {
        var log = StateLog()
        _ = log.record(.timeout, at: .seconds(0))
        for second in 1..<60 {
            #expect(log.record(second.isMultiple(of: 2) ? .timeout : .httpError, at: .seconds(Double(second))) == nil)
        }
        #expect(log.record(.timeout, at: .seconds(60)) == nil)
        #expect(log.record(.httpError, at: .seconds(61)) == .changed(from: .timeout))
        #expect(log.record(.timeout, at: .seconds(62)) == nil)
        #expect(log.record(.ok, at: .seconds(63)) == .changed(from: .httpError))
    }

    @Test func `reminds every ten minutes, counting from the beginning of the trouble`() {
        var log = StateLog()
        _ = log.record(.ok, at: .seconds(0))
        _ = log.record(.timeout, at: .seconds(100))
        _ = log.record(.httpError, at: .seconds(200))
        #expect(log.record(.httpError, at: .seconds(799)) == nil)
        #expect(log.record(.httpError, at: .seconds(800)) == .reminder(lasting: .seconds(700), probes: 4))
        #expect(log.record(.httpError, at: .seconds(801)) == nil)
        #expect(log.record(.httpError, at: .seconds(1_400)) == .reminder(lasting: .seconds(1_300), probes: 6))
    }

    @Test func `does not remind of what is well`() {
        var log = StateLog()
        _ = log.record(.ok, at: .seconds(0))
        #expect(log.record(.ok, at: .seconds(10_000)) == nil)
        _ = log.record(.degraded, at: .seconds(10_001))
        #expect(log.record(.degraded, at: .seconds(10_601)) == .reminder(lasting: .seconds(600), probes: 2))
    }
}
