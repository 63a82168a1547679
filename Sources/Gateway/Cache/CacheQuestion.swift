package import Resilience

/// What the cache is asked for one call.
///
/// An object, because it is large and handed on often: equal calls share one (`QuestionMemory`).
package final class CacheQuestion: Hashable, Sendable {
    /// The position of the pool.
    package let pool: Int
    /// What the answer depends on.
    package let topic: CacheTopic
    /// What the configuration says of such answers.
    package let rule: CacheRule
    /// The name of an answer for everybody; `nil` if there can be none.
    package let common: CacheKey?
    /// The name of an answer for this caller alone; `nil` if there can be none, as for a caller without a credential.
    package let own: CacheKey?
    /// What is known beforehand of the answer that a backend would give.
    package let prospect: Prospect
    /// Who calls: whose share of the cache an answer for them alone takes.
    package let identity: CallerKey?

    /// A question; one of the keys must be there.
    package init(
        pool: Int, topic: CacheTopic, rule: CacheRule, common: CacheKey?, own: CacheKey?,
        prospect: Prospect = .open, identity: CallerKey?
    ) {
        self.pool = pool
        self.topic = topic
        self.rule = rule
        self.common = common
        self.own = own
        self.prospect = prospect
        self.identity = identity
    }

    package static func == (left: CacheQuestion, right: CacheQuestion) -> Bool {
        left.pool == right.pool && left.topic == right.topic && left.rule == right.rule && left.common == right.common
            && left.own == right.own && left.prospect == right.prospect && left.identity == right.identity
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(pool)
        hasher.combine(common)
        hasher.combine(own)
    }

    /// What is known of an answer before it is there.
    package enum Prospect: Hashable, Sendable {
        /// It may be for everybody or for its caller alone, as far as there are keys for both.
        case open
        /// It is for its caller alone, whoever else's answers may serve it.
        case forCaller
        /// It cannot be kept: only what others have fetched serves this call.
        case notKept
    }
}

/// An answer in the cache, with what decides how long it is served.
package struct KeptAnswer: Sendable {
    /// The answer.
    package var answer: CachedAnswer
    /// How long it is good for.
    package var life: CacheLife
    /// When it was asked for, in invalidations of its pool.
    package var askedAt: UInt64
    /// Until when it is served without another attempt to fetch a new one, the last one having failed.
    package var excusedUntil: MonotonicTime = .zero

    /// An answer that was asked for at `askedAt`.
    package init(answer: CachedAnswer, life: CacheLife, askedAt: UInt64) {
        self.answer = answer
        self.life = life
        self.askedAt = askedAt
    }
}

/// An answer that has just been kept, and that other gateways may have as well.
package struct SharableAnswer: Sendable {
    /// The answer.
    package var answer: KeptAnswer
    /// Whether it is for everybody; else for whoever asked.
    package var isForEveryone: Bool
}

/// What is kept under one key.
package enum CacheEntry: Sendable {
    /// An answer.
    case answer(KeptAnswer)
    /// Answers to this call have been for their callers alone: each caller's own key is to be looked at.
    case isPrivate
    /// Answers to this call have not been kept: it is of no use to wait for somebody else's.
    case isNotKept

    /// What an entry without an answer takes in memory, in bytes.
    static let markerCost = 192
}

/// Somebody who waits for the answer to somebody else's call: where, and who there.
package struct FlightWaiter: Hashable, Sendable {
    /// The position of the shard.
    package var shard: Int
    /// Different for each in the process.
    package var number: UInt64
}

/// The right, and the duty, to fetch an answer for all who wait for it.
package final class FlightTicket: Sendable {
    /// The flight.
    let flight: SingleFlight<CacheKey, FlightWaiter>.Flight
    /// What is asked for; where identities differ, for whom is seen from the answer.
    package let question: CacheQuestion
    /// Who fetches.
    package let leader: FlightWaiter
    /// When it began, in invalidations of the pool.
    let askedAt: UInt64
    /// When it began.
    package let startedAt: MonotonicTime

    /// A ticket for `flight`.
    init(
        flight: SingleFlight<CacheKey, FlightWaiter>.Flight, question: CacheQuestion, leader: FlightWaiter,
        askedAt: UInt64, startedAt: MonotonicTime
    ) {
        self.flight = flight
        self.question = question
        self.leader = leader
        self.askedAt = askedAt
        self.startedAt = startedAt
    }

    /// The same for another caller's question, which means the same.
    func asking(_ question: CacheQuestion) -> FlightTicket {
        FlightTicket(flight: flight, question: question, leader: leader, askedAt: askedAt, startedAt: startedAt)
    }
}
