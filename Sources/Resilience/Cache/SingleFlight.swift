/// Lets one of those who want the same thing at the same time fetch it for all.
///
/// The first one *leads*, the others wait. What becomes of the flight:
///
/// ```
///                 succeed ─▶ all waiters get the result
/// join ─▶ flying ─ fail ───▶ the first waiter whose deadline has not passed leads; the others go on waiting
///                 leave ───▶ a leader who leaves is missed only if nobody waits: then the flight is to be cancelled
/// ```
///
/// Every flight has a number of its own, so that the end of a flight which was given up says nothing of the next one.
/// Constant time, but for `succeed` and `expire`, which look at every waiter once; and for `fail`, which passes over those
/// whose deadlines have passed.
public struct SingleFlight<Key: Hashable & Sendable, Waiter: Hashable & Sendable>: Sendable {
    /// A flight: one attempt to fetch something.
    public struct Flight: Hashable, Sendable {
        /// What is fetched.
        public let key: Key
        let number: UInt64
    }

    /// What whoever wants something is to do.
    public enum Role: Hashable, Sendable {
        /// To fetch it, and to tell how that ended.
        case lead(Flight)
        /// To wait, until told.
        case wait
        /// To fetch it for themselves alone, as there are too many flights or waiters.
        case flyAlone
    }

    /// What to do after a failure.
    public enum Succession: Hashable, Sendable {
        /// `waiter` leads from now on, in a flight of their own, and is to be told.
        case lead(Waiter, Flight)
        /// Nobody is left to fetch for, the deadlines of `outOfTime` having passed: they are in no flight any more.
        case nobody(outOfTime: [Waiter])
    }

    private struct Place {
        var key: Key
        /// Among the waiters; `nil` for the leader.
        var index: Int?
    }

    private let flightLimit: Int
    private let waiterLimit: Int
    private var parties: [Key: Party] = [:]
    private var places: [Waiter: Place] = [:]
    private var lastNumber: UInt64 = 0

    /// At most `flightLimit` flights at a time, and `waiterLimit` waiters who ever join one.
    public init(flightLimit: Int = 10_000, waiterLimit: Int = 10_000) {
        self.flightLimit = max(flightLimit, 1)
        self.waiterLimit = max(waiterLimit, 0)
    }

    /// How many flights there are.
    public var flightCount: Int { parties.count }

    /// Whether there is a flight to `key`.
    public func isFlying(to key: Key) -> Bool { parties[key] != nil }

    /// How many wait for the flight to `key`, its leader not counted.
    public func waiterCount(for key: Key) -> Int { parties[key]?.waiterCount ?? 0 }

    /// `waiter`, who is in no flight, wants `key` until `deadline`.
    public mutating func join(_ key: Key, _ waiter: Waiter, until deadline: MonotonicTime) -> Role {
        guard places[waiter] == nil else {
            assertionFailure("in a flight already")
            return .flyAlone
        }
        guard let joinedCount = parties[key]?.waiters.count else {
            guard parties.count < flightLimit else { return .flyAlone }
            let flight = nextFlight(key)
            parties[key] = Party(flight: flight, leader: waiter)
            places[waiter] = Place(key: key, index: nil)
            return .lead(flight)
        }
        guard joinedCount < waiterLimit else { return .flyAlone }
        places[waiter] = Place(key: key, index: parties[key]?.append(waiter, until: deadline))
        return .wait
    }

    /// The flight has brought the result: returns those who waited for it, in the order in which they came.
    ///
    /// Nobody if the flight has been cancelled or has failed before.
    public mutating func succeed(_ flight: Flight) -> [Waiter] {
        guard let party = parties[flight.key], party.flight == flight else { return [] }
        parties[flight.key] = nil
        if let leader = party.leader { places[leader] = nil }
        return party.waiters.compactMap { entry in
            guard let entry else { return nil }
            places[entry.waiter] = nil
            return entry.waiter
        }
    }

    /// The flight has brought nothing at `now`: says who leads the next one.
    ///
    /// Its leader is in no flight any more.
    public mutating func fail(_ flight: Flight, at now: MonotonicTime) -> Succession {
        guard var party = parties.removeValue(forKey: flight.key) else { return .nobody(outOfTime: []) }
        guard party.flight == flight else {
            parties[flight.key] = party
            return .nobody(outOfTime: [])
        }
        if let leader = party.leader { places[leader] = nil }
        party.leader = nil
        let successor = party.takeFirst(at: now)
        guard let successor else {
            let outOfTime = party.waiters.compactMap { $0?.waiter }
            for waiter in outOfTime { places[waiter] = nil }
            return .nobody(outOfTime: outOfTime)
        }
        party.flight = nextFlight(flight.key)
        party.leader = successor
        places[successor] = Place(key: flight.key, index: nil)
        parties[flight.key] = party
        return .lead(successor, party.flight)
    }

    /// `waiter` does not want it any more. Returns the flight that is to be cancelled, because nobody is left to want it.
    public mutating func leave(_ waiter: Waiter) -> Flight? {
        guard let place = places.removeValue(forKey: waiter) else { return nil }
        guard let index = place.index else {
            parties[place.key]?.leader = nil
            return abandoned(place.key)
        }
        parties[place.key]?.remove(at: index)
        return abandoned(place.key)
    }

    /// Takes out all whose deadlines have passed at `now` without a result, leaders excepted, and the flights that are to be
    /// cancelled because nobody is left to want them.
    public mutating func expire(at now: MonotonicTime) -> (waiters: [Waiter], cancelled: [Flight]) {
        var expired: [Waiter] = []
        for party in parties.values {
            for case let entry? in party.waiters where entry.deadline <= now { expired.append(entry.waiter) }
        }
        return (expired, expired.compactMap { leave($0) })
    }

    private mutating func nextFlight(_ key: Key) -> Flight {
        lastNumber &+= 1
        return Flight(key: key, number: lastNumber)
    }

    /// Ends the flight to `key` if nobody wants it.
    private mutating func abandoned(_ key: Key) -> Flight? {
        guard let party = parties[key], party.leader == nil, party.waiterCount == 0 else { return nil }
        parties[key] = nil
        return party.flight
    }
}
