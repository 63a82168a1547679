import Resilience
import Testing

@Suite struct `Single flight` {
    private typealias Flights = SingleFlight<String, Int>

    /// Joins as the first, who leads.
    private func lead(_ key: String, _ waiter: Int, _ flights: inout Flights) throws -> Flights.Flight {
        let role = flights.join(key, waiter, until: .distantFuture)
        guard case .lead(let flight) = role else {
            throw Unexpected(what: "\(role)")
        }
        return flight
    }

    private struct Unexpected: Error {
        var what: String
    }

    @Test func `lets one of a thousand fetch for all`() throws {
        var flights = Flights()
        let flight = try lead("k", 0, &flights)
        for waiter in 1..<1_000 { #expect(flights.join("k", waiter, until: .distantFuture) == .wait) }
        #expect(flights.waiterCount(for: "k") == 999)
        #expect(flights.succeed(flight) == Array(1..<1_000))
        #expect(flights.flightCount == 0)
        #expect(flights.succeed(flight).isEmpty)
        // Whoever comes now is the first again.
        _ = try lead("k", 1, &flights)
    }

    @Test func `keeps keys apart`() throws {
        var flights = Flights()
        let first = try lead("a", 1, &flights)
        let second = try lead("b", 2, &flights)
        #expect(flights.join("a", 3, until: .distantFuture) == .wait)
        #expect(flights.succeed(second).isEmpty)
        #expect(flights.succeed(first) == [3])
    }

    @Test func `wakes one successor after a failure`() throws {
        var flights = Flights()
        var flight = try lead("k", 0, &flights)
        for waiter in 1...3 { #expect(flights.join("k", waiter, until: .distantFuture) == .wait) }
        for successor in 1...3 {
            let old = flight
            guard case .lead(successor, let next) = flights.fail(flight, at: .zero) else {
                throw Unexpected(what: "no successor")
            }
            flight = next
            #expect(flights.waiterCount(for: "k") == 3 - successor)
            // The old flight has ended and says nothing any more.
            #expect(flights.succeed(old).isEmpty && flights.fail(old, at: .zero) == .nobody(outOfTime: []))
        }
        #expect(flights.fail(flight, at: .zero) == .nobody(outOfTime: []) && flights.flightCount == 0)
    }

    @Test func `passes over those whose deadlines have passed`() throws {
        var flights = Flights()
        let flight = try lead("k", 0, &flights)
        for (waiter, second) in [(1, 1), (2, 5), (3, 9)] {
            #expect(flights.join("k", waiter, until: .seconds(Double(second))) == .wait)
        }
        guard case .lead(3, let next) = flights.fail(flight, at: .seconds(5)) else {
            throw Unexpected(what: "another successor")
        }
        #expect(flights.fail(next, at: .seconds(6)) == .nobody(outOfTime: [1, 2]))
        #expect(flights.flightCount == 0 && flights.expire(at: .distantFuture).waiters.isEmpty)
    }

    @Test func `goes on without its leader while others wait`() throws {
        var flights = Flights()
        let flight = try lead("k", 0, &flights)
        #expect(flights.join("k", 1, until: .distantFuture) == .wait)
        #expect(flights.leave(0) == nil)
        #expect(flights.join("k", 2, until: .distantFuture) == .wait)
        #expect(flights.leave(1) == nil)
        #expect(flights.succeed(flight) == [2])
    }

    @Test func `is cancelled when the last one leaves`() throws {
        var flights = Flights()
        let alone = try lead("k", 0, &flights)
        #expect(flights.leave(0) == alone && flights.flightCount == 0)
        let flight = try lead("k", 1, &flights)
        #expect(flight != alone)
        #expect(flights.join("k", 2, until: .distantFuture) == .wait)
        #expect(flights.leave(1) == nil && flights.leave(2) == flight)
        #expect(flights.leave(2) == nil && flights.succeed(flight).isEmpty)
    }

    @Test func `lets a successor follow a leader who left`() throws {
        var flights = Flights()
        let flight = try lead("k", 0, &flights)
        #expect(flights.join("k", 1, until: .distantFuture) == .wait)
        #expect(flights.leave(0) == nil)
        guard case .lead(1, let next) = flights.fail(flight, at: .zero) else {
            throw Unexpected(what: "no successor")
        }
        #expect(flights.leave(1) == next)
    }

    @Test func `takes out those whose deadlines pass`() throws {
        var flights = Flights()
        let flight = try lead("k", 0, &flights)
        #expect(flights.join("k", 1, until: .seconds(1)) == .wait)
        #expect(flights.join("k", 2, until: .seconds(2)) == .wait)
        #expect(flights.leave(0) == nil)
        var (waiters, cancelled) = flights.expire(at: .seconds(1))
        #expect(waiters == [1] && cancelled.isEmpty)
        (waiters, cancelled) = flights.expire(at: .seconds(2))
        #expect(waiters == [2] && cancelled == [flight] && flights.flightCount == 0)
    }

    @Test func `lets fly alone whom it has no room for`() throws {
        var flights = Flights(flightLimit: 1, waiterLimit: 2)
        let flight = try lead("k", 0, &flights)
        #expect(flights.join("other", 1, until: .distantFuture) == .flyAlone)
        #expect(flights.join("k", 2, until: .distantFuture) == .wait)
        #expect(flights.join("k", 3, until: .distantFuture) == .wait)
        #expect(flights.join("k", 4, until: .distantFuture) == .flyAlone)
        #expect(flights.leave(4) == nil && flights.succeed(flight) == [2, 3])
    }

    /// Everyone who joins is told exactly once, or leaves; and no key has two flights at a time.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `forgets nobody, whatever happens`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var flights = SingleFlight<Int, Int>()
        var now = MonotonicTime.zero
        /// Those in a flight, with their keys and deadlines; and who leads, with those flights that have lost their leader.
        var waiting: [Int: (key: Int, deadline: MonotonicTime)] = [:]
        var flying: [Int: (flight: SingleFlight<Int, Int>.Flight, leader: Int?)] = [:]
        func isWanted(_ key: Int) -> Bool { flying[key]?.leader != nil || waiting.values.contains { $0.key == key } }
        for waiter in 0..<3_000 {
            now += .milliseconds(Int64(random.next() % 10))
            let key = Int(random.next() % 5)
            switch random.next() % 10 {
            case 0..<6:
                let deadline = now + .milliseconds(Int64(random.next() % 200) + 1)
                switch flights.join(key, waiter, until: deadline) {
                case .lead(let flight):
                    #expect(flying[key] == nil)
                    flying[key] = (flight, waiter)
                case .wait:
                    #expect(flying[key] != nil)
                    waiting[waiter] = (key, deadline)
                case .flyAlone:
                    Issue.record("there was room")
                }
            case 6:
                guard let entry = flying.removeValue(forKey: key) else { continue }
                let told = flights.succeed(entry.flight)
                #expect(Set(told) == Set(waiting.filter { $0.value.key == key }.keys) && told == told.sorted())
                for waiter in told { waiting[waiter] = nil }
            case 7:
                guard let entry = flying.removeValue(forKey: key) else { continue }
                let able = waiting.filter { $0.value.key == key && now < $0.value.deadline }.keys.min()
                switch flights.fail(entry.flight, at: now) {
                case .lead(let waiter, let flight):
                    #expect(waiter == able)
                    waiting[waiter] = nil
                    flying[key] = (flight, waiter)
                case .nobody(let outOfTime):
                    #expect(able == nil && Set(outOfTime) == Set(waiting.filter { $0.value.key == key }.keys))
                    for waiter in outOfTime { waiting[waiter] = nil }
                }
            case 8:
                let leader = flying[key]?.leader
                guard let leaving = random.next() % 2 == 0 ? leader : waiting.keys.min() else { continue }
                let leftKey = leaving == leader ? key : waiting[leaving]?.key ?? -1
                if leaving == leader { flying[key]?.leader = nil } else { waiting[leaving] = nil }
                let cancelled = flights.leave(leaving)
                #expect((cancelled == nil) == isWanted(leftKey))
                if cancelled != nil { #expect(flying.removeValue(forKey: leftKey)?.flight == cancelled) }
            default:
                let (expired, cancelled) = flights.expire(at: now)
                #expect(Set(expired) == Set(waiting.filter { $0.value.deadline <= now }.keys))
                for waiter in expired { waiting[waiter] = nil }
                for flight in cancelled { #expect(flying.removeValue(forKey: flight.key)?.flight == flight) }
                #expect(flying.keys.allSatisfy { isWanted($0) })
            }
            #expect(flights.flightCount == flying.count)
            #expect(
                (0..<5).allSatisfy { key in
                    flights.waiterCount(for: key) == waiting.values.count { $0.key == key }
                })
        }
    }
}
