import Resilience
import Testing

@Suite struct `what several have seen` {
    private func at(_ seconds: Int64) -> MonotonicTime { .zero + .seconds(seconds) }

    @Test func `counts from the third one on`() {
        var corroboration = Corroboration(span: .seconds(10))
        #expect(corroboration.note(1, at: at(0)) == false)
        #expect(corroboration.note(2, at: at(1)) == false)
        #expect(corroboration.note(3, at: at(2)) == true)
        #expect(corroboration.note(4, at: at(3)) == true)
        #expect(corroboration.note(1, at: at(3)) == true)
    }

    @Test func `is not made true by one who sees it again and again`() {
        var corroboration = Corroboration(span: .seconds(10))
        for second in 0..<100 as Range<Int64> { #expect(corroboration.note(1, at: at(second)) == false) }
        for second in 100..<200 as Range<Int64> {
            #expect(corroboration.note(UInt64(second % 2), at: at(second)) == false, "two are not enough either")
        }
    }

    @Test func `is forgotten after the span, to the nanosecond`() {
        var corroboration = Corroboration(span: .seconds(10))
        _ = corroboration.note(1, at: at(0))
        _ = corroboration.note(2, at: at(5))
        #expect(corroboration.note(3, at: at(10)) == false, "the first is as old as the span")
        _ = corroboration.note(1, at: at(14))
        #expect(corroboration.note(2, at: at(14).advanced(byNanoseconds: 999_999_999)) == true)

        var other = Corroboration(span: .seconds(10))
        _ = other.note(1, at: at(0))
        _ = other.note(2, at: at(5))
        #expect(other.note(3, at: at(10).advanced(byNanoseconds: -1)) == true)
    }

    @Test func `keeps the latest of each, whatever the order`() {
        // Against a slow and obvious model: the last time of everybody.
        var random = SeededRandom(seed: 3)
        var corroboration = Corroboration(span: .seconds(4))
        var last: [UInt64: MonotonicTime] = [:]
        var now = MonotonicTime.zero
        var confirmedCount = 0
        for _ in 0..<5_000 {
            now = now.advanced(byNanoseconds: Int64(random.next(below: 3_000_000_000)))
            let source = UInt64(random.next(below: 5))
            last[source] = now
            let expected = last.values.count { now - $0 < .seconds(4) } >= 3
            #expect(corroboration.note(source, at: now) == expected)
            if expected { confirmedCount += 1 }
        }
        #expect((500..<4_500).contains(confirmedCount), "both answers were tried")
    }
}
