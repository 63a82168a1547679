package import Resilience

/// The cache of the process as a value: what is kept, who fetches what, who waits for it, and what has become void.
///
/// ```
/// look ─▶ serve ─────────────────────────────────────▶ (a refresh: a flight beside the answer)
///      ├▶ lead ─▶ land (an answer has come) ──▶ those who wait look again
///      │       └▶ fail (none has come) ───────▶ one of them leads, or all are served what is stale
///      ├▶ wait ─▶ … until told, or `leave`
///      └▶ pass
/// ```
///
/// Whether an answer is for everybody is known only when it is there. So the first flight to a call is one for everybody;
/// if its answer turns out to be for one caller, a mark says so, and from then on each caller has flights of their own.
///
/// Time is an argument; chance follows from the seed. A look takes constant time and allocates nothing when there is an
/// answer.
package struct AnswerBoard: Sendable {
    /// For how long it is remembered that answers to a call are for their callers alone.
    static let privateSpan = Duration.seconds(60)
    /// For how long it is remembered that answers to a call are not kept, and the same where the next one may be.
    static let notKeptSpan = Duration.seconds(10)
    static let passingSpan = Duration.seconds(1)
    /// For how long a failure excuses serving what is stale without another attempt.
    static let excuseSpan = Duration.seconds(1)
    /// Refreshes that are under way at a time.
    static let refreshLimit = 1_000

    /// What has happened since the beginning.
    package struct Counts: Hashable, Sendable {
        /// Calls by what they were told; `passes` are those that went by the cache.
        package var hits = 0
        package var stales = 0
        package var misses = 0
        package var waits = 0
        package var passes = 0
        /// Answers that were kept, and refreshes that were begun.
        package var insertions = 0
        package var refreshes = 0
        /// Topics that became void.
        package var invalidations = 0

        /// Adds those of another cache.
        mutating func add(_ other: Counts) {
            hits += other.hits
            stales += other.stales
            misses += other.misses
            waits += other.waits
            passes += other.passes
            insertions += other.insertions
            refreshes += other.refreshes
            invalidations += other.invalidations
        }
    }

    private var entries: ResponseCache<CacheKey, CallerKey, CacheEntry>
    private var flights = SingleFlight<CacheKey, FlightWaiter>()
    private var invalidations: [InvalidationRecord<CacheTopic>]
    private var refreshes: Set<FlightWaiter> = []
    private var random: SeededRandom
    private var lastWaiter: UInt64 = 0
    private let spans: StaleSpans
    /// What has happened.
    package private(set) var counts = Counts()

    /// An empty cache for `poolCount` pools.
    package init(bounds: ResponseCacheBounds, spans: StaleSpans, poolCount: Int, seed: UInt64) {
        entries = ResponseCache(bounds: bounds)
        invalidations = [InvalidationRecord](repeating: InvalidationRecord(), count: max(poolCount, 1))
        random = SeededRandom(seed: seed)
        self.spans = spans
    }

    /// Goes by other bounds, and lets up to `steps` answers go that are too many; whether none is any more.
    mutating func resize(to bounds: ResponseCacheBounds, steps: Int, at now: MonotonicTime) -> Bool {
        entries.resize(to: bounds, steps: steps, at: now)
    }

    /// Bytes that are held.
    package var costBytes: Int { entries.costBytes }
    /// Answers and marks that are held.
    package var count: Int { entries.count }
    /// What had to go.
    package var evictionCounts: ResponseCacheCounts { entries.counts }
    /// Flights that are under way.
    package var flightCount: Int { flights.flightCount }

    // MARK: Looking

    /// What a call on `shard` is to do that can wait until `deadline`.
    package mutating func look(
        _ question: CacheQuestion, shard: Int, until deadline: MonotonicTime, at now: MonotonicTime
    ) -> CacheLook {
        var target = question.prospect == .forCaller ? question.own : question.common ?? question.own
        if let common = question.common {
            switch entry(common, question, at: now) {
            case .answer(let kept)?:
                if let look = serve(kept, common, question, shard, at: now) { return look }
                return join(common, question, shard, until: deadline, at: now)
            case .isNotKept? where question.prospect != .forCaller:
                counts.passes += 1
                return .pass
            case .isPrivate?, .isNotKept?:
                target = question.own
            case nil:
                break
            }
        }
        if let own = question.own {
            switch entry(own, question, at: now) {
            case .answer(let kept)?:
                if let look = serve(kept, own, question, shard, at: now) { return look }
                target = own
            case .isNotKept?, .isPrivate?:
                counts.passes += 1
                return .pass
            case nil:
                break
            }
        }
        guard let target else {
            counts.passes += 1
            return .pass
        }
        return join(target, question, shard, until: deadline, at: now)
    }

    /// What may be served now that fetching has failed; `nil` if nothing may.
    package mutating func stale(_ question: CacheQuestion, at now: MonotonicTime) -> ServedAnswer? {
        for key in [question.common, question.own] {
            guard let key, case .answer(let kept)? = entry(key, question, at: now),
                kept.life.freshness(at: now) != .dead
            else { continue }
            return served(kept, at: now)
        }
        return nil
    }

    private mutating func entry(_ key: CacheKey, _ question: CacheQuestion, at now: MonotonicTime) -> CacheEntry? {
        guard let entry = entries.value(for: key, at: now) else { return nil }
        if case .answer(let kept) = entry, !isCurrent(kept.askedAt, question) {
            entries.removeValue(for: key)
            return nil
        }
        return entry
    }

    private mutating func serve(
        _ kept: KeptAnswer, _ key: CacheKey, _ question: CacheQuestion, _ shard: Int, at now: MonotonicTime
    ) -> CacheLook? {
        let isDue: Bool
        switch kept.life.freshness(at: now) {
        case .fresh: isDue = kept.life.wantsEarlyRefresh(at: now, random: &random)
        case .staleWhileRevalidating: isDue = now >= kept.excusedUntil
        case .staleOnError where now < kept.excusedUntil: isDue = false
        case .staleOnError, .dead: return nil
        }
        return .serve(served(kept, at: now), refresh: isDue ? refresh(key, question, shard, at: now) : nil)
    }

    private mutating func served(_ kept: KeptAnswer, at now: MonotonicTime) -> ServedAnswer {
        let isFresh = kept.life.freshness(at: now) == .fresh
        if isFresh { counts.hits += 1 } else { counts.stales += 1 }
        return ServedAnswer(
            answer: kept.answer, outcome: isFresh ? .hit : .stale, age: kept.life.age(at: now),
            remaining: kept.life.remaining(at: now))
    }

    private func isCurrent(_ askedAt: UInt64, _ question: CacheQuestion) -> Bool {
        guard invalidations.indices.contains(question.pool) else { return false }
        let record = invalidations[question.pool]
        guard record.isCurrent(askedAt, for: question.topic) else { return false }
        // Other gateways tell of groups.
        guard case .resource(let uri) = question.topic else { return true }
        return record.isCurrent(askedAt, for: .resourceGroup(GenerationField.group(of: uri)))
    }

    // MARK: Flights

    private mutating func join(
        _ key: CacheKey, _ question: CacheQuestion, _ shard: Int, until deadline: MonotonicTime, at now: MonotonicTime
    ) -> CacheLook {
        guard question.prospect != .notKept else {
            counts.passes += 1
            return .pass
        }
        let waiter = nextWaiter(shard)
        switch flights.join(key, waiter, until: deadline) {
        case .lead(let flight):
            counts.misses += 1
            return .lead(ticket(flight, waiter, question, at: now))
        case .wait:
            counts.waits += 1
            return .wait(waiter)
        case .flyAlone:
            counts.passes += 1
            return .pass
        }
    }

    /// A flight beside the answer that is being served, unless there is one.
    private mutating func refresh(
        _ key: CacheKey, _ question: CacheQuestion, _ shard: Int, at now: MonotonicTime
    ) -> FlightTicket? {
        guard question.prospect != .notKept, !flights.isFlying(to: key), refreshes.count < AnswerBoard.refreshLimit
        else { return nil }
        let waiter = nextWaiter(shard)
        guard case .lead(let flight) = flights.join(key, waiter, until: now) else { return nil }
        counts.refreshes += 1
        refreshes.insert(waiter)
        return ticket(flight, waiter, question, at: now)
    }

    private mutating func nextWaiter(_ shard: Int) -> FlightWaiter {
        lastWaiter &+= 1
        return FlightWaiter(shard: shard, number: lastWaiter)
    }

    private func ticket(
        _ flight: SingleFlight<CacheKey, FlightWaiter>.Flight, _ leader: FlightWaiter, _ question: CacheQuestion,
        at now: MonotonicTime
    ) -> FlightTicket {
        let askedAt = invalidations.indices.contains(question.pool) ? invalidations[question.pool].now : 0
        return FlightTicket(
            flight: flight, question: question, leader: leader, askedAt: askedAt, startedAt: now)
    }

    /// What has come of an answer.
    package struct Landing: Sendable {
        /// What is kept; `nil` if nothing is.
        package var kept: SharableAnswer?
        /// Those who are to look again.
        package var waiters: [FlightWaiter]
    }

    /// An answer has come to the call of `ticket`. Keeps it if the verdict says so.
    package mutating func land(
        _ ticket: FlightTicket, _ answer: CachedAnswer?, _ verdict: CacheVerdict, at now: MonotonicTime
    ) -> Landing {
        refreshes.remove(ticket.leader)
        let question = ticket.question
        var kept: SharableAnswer?
        switch verdict {
        case .keep(let timeToLive, let isForEveryone):
            if isCurrent(ticket.askedAt, question) {
                kept = keep(answer, timeToLive, isForEveryone: isForEveryone, ticket, at: now)
            }
        case .refuse(let reason):
            let span = reason.isPassing ? AnswerBoard.passingSpan : AnswerBoard.notKeptSpan
            let isPrivate = reason == .noIdentity
            mark(
                ticket.flight.key, isPrivate ? .isPrivate : .isNotKept,
                until: now + (isPrivate ? AnswerBoard.privateSpan : span), at: now)
        }
        return Landing(kept: kept, waiters: flights.succeed(ticket.flight))
    }

    /// Another gateway has kept an answer for the call of `ticket`, which is good for `life`. Keeps it, and returns those who
    /// are to look again; `nil` if it is void or finds no room: then the flight goes on.
    package mutating func adopt(
        _ ticket: FlightTicket, _ answer: CachedAnswer, _ life: CacheLife, isForEveryone: Bool, at now: MonotonicTime
    ) -> [FlightWaiter]? {
        guard isCurrent(ticket.askedAt, ticket.question),
            insert(answer, life, isForEveryone: isForEveryone, ticket, at: now) != nil
        else { return nil }
        refreshes.remove(ticket.leader)
        return flights.succeed(ticket.flight)
    }

    private mutating func keep(
        _ answer: CachedAnswer?, _ timeToLive: Duration, isForEveryone: Bool, _ ticket: FlightTicket,
        at now: MonotonicTime
    ) -> SharableAnswer? {
        let life = CacheLife(
            received: now, timeToLive: timeToLive, fetchTime: now - ticket.startedAt, spans: spans, random: &random)
        guard let answer, let kept = insert(answer, life, isForEveryone: isForEveryone, ticket, at: now) else {
            mark(ticket.flight.key, .isNotKept, until: now + AnswerBoard.notKeptSpan, at: now)
            return nil
        }
        return SharableAnswer(answer: kept, isForEveryone: isForEveryone)
    }

    private mutating func insert(
        _ answer: CachedAnswer, _ life: CacheLife, isForEveryone: Bool, _ ticket: FlightTicket, at now: MonotonicTime
    ) -> KeptAnswer? {
        let question = ticket.question
        let kept = KeptAnswer(answer: answer, life: life, askedAt: ticket.askedAt)
        guard let key = isForEveryone ? question.common : question.own,
            entries.insert(
                .answer(kept), for: key, costBytes: answer.costBytes,
                owner: isForEveryone ? nil : question.identity, until: life.end, at: now)
        else { return nil }
        counts.insertions += 1
        if key != ticket.flight.key, ticket.flight.key == question.common {
            mark(ticket.flight.key, .isPrivate, until: now + AnswerBoard.privateSpan, at: now)
        }
        return kept
    }

    private mutating func mark(
        _ key: CacheKey, _ mark: CacheEntry, until deadline: MonotonicTime, at now: MonotonicTime
    ) {
        entries.insert(mark, for: key, costBytes: CacheEntry.markerCost, until: deadline, at: now)
    }

    /// What is to be done after a flight that has brought nothing.
    package enum Failure: Sendable {
        /// These look again: what is stale is good enough for a while.
        case lookAgain([FlightWaiter])
        /// This one leads from now on.
        case lead(FlightWaiter, FlightTicket)
        /// Nobody waits.
        case nobody
    }

    /// No answer has come to the call of `ticket`.
    package mutating func fail(_ ticket: FlightTicket, at now: MonotonicTime) -> Failure {
        refreshes.remove(ticket.leader)
        let question = ticket.question
        let key = ticket.flight.key
        if case .answer(var kept)? = entry(key, question, at: now), kept.life.freshness(at: now) != .dead {
            kept.excusedUntil = now + AnswerBoard.excuseSpan
            entries.insert(
                .answer(kept), for: key, costBytes: kept.answer.costBytes,
                owner: key == question.own ? question.identity : nil, until: kept.life.end, at: now)
            return .lookAgain(flights.succeed(ticket.flight))
        }
        switch flights.fail(ticket.flight, at: now) {
        case .lead(let waiter, let flight): return .lead(waiter, self.ticket(flight, waiter, question, at: now))
        case .nobody: return .nobody
        }
    }

    /// `waiter` does not want the answer any more. Whether somebody else still does; if not, its flight is over.
    package mutating func leave(_ waiter: FlightWaiter) -> Bool {
        let cancelled = flights.leave(waiter)
        if cancelled != nil { refreshes.remove(waiter) }
        return cancelled == nil
    }

    // MARK: Invalidation

    /// What depends on `topics` in the pool at `pool` is not served any more.
    package mutating func invalidate(_ topics: [CacheTopic], pool: Int) {
        guard invalidations.indices.contains(pool) else { return }
        counts.invalidations += topics.count
        for topic in topics { invalidations[pool].invalidate(topic) }
    }

    /// Nothing of the pool at `pool` is served any more; of none if that is `nil`, and then the memory is given back.
    package mutating func clear(pool: Int? = nil) {
        guard let pool else {
            for index in invalidations.indices { invalidations[index].invalidateAll() }
            return entries.removeAll()
        }
        if invalidations.indices.contains(pool) { invalidations[pool].invalidateAll() }
    }
}
