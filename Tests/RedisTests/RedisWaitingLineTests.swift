import NIOCore
import Resilience
import Testing

@testable import Redis

@Suite struct RedisWaitingLineTests {
    private func pending(_ number: Int) -> RedisPendingCommand {
        RedisPendingCommand(
            command: RedisCommand("PING", isWrite: false), deadline: .uptimeNanoseconds(UInt64(number))
        ) { _ in }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `gives out what it was given, in order, however it grows and turns`(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var line = RedisWaitingLine()
        var model: [NIODeadline] = []
        for number in 0..<2_000 {
            // By turns it fills and empties.
            if random.next(below: 10) < (number / 200 % 2 == 0 ? 7 : 3) {
                // Deadlines need not be in order.
                let new = pending(random.next(below: 1_000_000))
                model.append(new.deadline)
                line.append(new)
            } else {
                let expected = model.isEmpty ? nil : model.removeFirst()
                #expect(line.popFirst()?.deadline == expected)
            }
            #expect(line.count == model.count)
            guard number % 50 == 0 else { continue }
            #expect(line.earliestDeadline == model.min())
            #expect(line.all.map(\.deadline).elementsEqual(model))
        }
    }

    @Test func `keeps nothing of what it has given out`() {
        final class Witness {}
        var line = RedisWaitingLine()
        weak var last: Witness?
        for number in 0..<40 {
            let witness = Witness()
            last = witness
            line.append(
                RedisPendingCommand(
                    command: RedisCommand("PING", isWrite: false), deadline: .uptimeNanoseconds(UInt64(number))
                ) { _ in _ = witness })
        }
        #expect(last != nil)
        while line.popFirst() != nil {}
        #expect(last == nil)
        #expect(line.count == 0)
    }
}
