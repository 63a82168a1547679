import Resilience
import Testing

@Suite struct `Deadline value` {
    @Test func `is reached at its time and not before`() {
        let deadline = Deadline(.seconds(5), after: .seconds(10))
        #expect(!deadline.isReached(at: .seconds(14.999)))
        #expect(deadline.isReached(at: .seconds(15)))
    }

    @Test func `tells what is left, never less than nothing`() {
        let deadline = Deadline(at: .seconds(15))
        #expect(deadline.remaining(at: .seconds(12)) == .seconds(3))
        #expect(deadline.remaining(at: .seconds(20)) == .zero)
    }

    @Test func `allows only what ends before it`() {
        let deadline = Deadline(at: .seconds(15))
        #expect(deadline.allows(.seconds(2), from: .seconds(12)))
        #expect(!deadline.allows(.seconds(3), from: .seconds(12)))
    }

    @Test func `limits a part to the whole`() {
        let deadline = Deadline(at: .seconds(15))
        #expect(deadline.limited(to: .seconds(1), from: .seconds(12)) == Deadline(at: .seconds(13)))
        #expect(deadline.limited(to: .seconds(30), from: .seconds(12)) == deadline)
        #expect(Deadline.never.limited(to: .seconds(30), from: .zero) == Deadline(at: .seconds(30)))
        #expect(!Deadline.never.isReached(at: .seconds(1e9)))
    }
}
