import Resilience
import Testing

@Suite struct `Panic rule` {
    @Test func `says panic exactly when fewer than 34 percent of those not down are closed`() {
        for notDown in 1...60 {
            for closed in 0...notDown {
                let expected: PanicRule.Choice = Double(closed) / Double(notDown) < 0.34 ? .allNotDown : .closed
                #expect(PanicRule().choice(closed: closed, notDown: notDown) == expected)
            }
        }
        #expect(PanicRule().choice(closed: 1, notDown: 3) == .allNotDown)
        #expect(PanicRule().choice(closed: 2, notDown: 3) == .closed)
        #expect(PanicRule().choice(closed: 1, notDown: 2) == .closed)
        #expect(PanicRule().choice(closed: 0, notDown: 1) == .allNotDown)
    }

    @Test func `says nobody when all are down, and never traps`() {
        #expect(PanicRule().choice(closed: 0, notDown: 0) == .nobody)
        #expect(PanicRule().choice(closed: .max, notDown: .max) == .closed)
        #expect(PanicRule(percent: 1_000).choice(closed: 1, notDown: 2) == .allNotDown)
        #expect(PanicRule(percent: -1).choice(closed: 0, notDown: 2) == .closed)
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `lets one probe through per second`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var probe = RationedProbe()
        var now = MonotonicTime(nanoseconds: Int64(bitPattern: random.next() >> 8))
        var last: MonotonicTime?
        for _ in 0..<1_000 {
            now = now.advanced(byNanoseconds: random.nextNanoseconds(below: 400_000_000))
            let expected = last.map { now - $0 >= .seconds(1) } ?? true
            #expect(probe.admit(at: now) == expected)
            if expected { last = now }
            #expect(probe.next > now)
        }
    }
}
