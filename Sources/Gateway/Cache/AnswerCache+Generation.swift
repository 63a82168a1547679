package import Resilience
import Synchronization

/// What is known of the changes of other gateways, and who is told when there is something to raise for them.
struct SharedGenerations {
    var ledger: GenerationLedger
    var doorbell: Doorbell
}

extension AnswerCache {
    /// From now on changes are told to other gateways, and theirs make void what is kept here: whoever does that is told by
    /// `doorbell` when there is something to raise. Before anything is heard of changes.
    package func shareGenerations(_ doorbell: Doorbell) {
        generations.withLock {
            $0 = SharedGenerations(ledger: GenerationLedger(poolCount: poolCount), doorbell: doorbell)
        }
    }

    /// The generation that `topic` has in the pool at `pool` on all gateways that share a Redis; equal as long as nothing
    /// has changed on which answers depend. For their names in Redis, both where one is looked for and where one is kept:
    /// the same for both, asked for before the answer is.
    ///
    /// `nil` while it is not known: there is no Redis, it is away for more than a second, or a change has still to be
    /// raised. Then nothing is to be looked for or kept there.
    ///
    /// Ask *after* the ticket of the flight has been given, never before. A change is noted with the generations first and
    /// then in the cache of the process. So whoever has a ticket from after the change gets no generation from before it,
    /// and cannot find an answer in Redis that is older than the ticket says.
    package func generation(of topic: CacheTopic, pool: Int, at now: MonotonicTime) -> UInt64? {
        generations.withLock { $0?.ledger.generation(of: topic, pool: pool, at: now) }
    }

    /// Whether all generations are known: answers are looked for and kept in Redis.
    package func sharesAnswers(at now: MonotonicTime) -> Bool {
        generations.withLock { $0?.ledger.isSettled(at: now) ?? false }
    }

    /// Changes that other gateways have still to be told of.
    package var openGenerationCount: Int { generations.withLock { $0?.ledger.openCount ?? 0 } }

    /// What is to be raised in Redis of the pool at `pool` now; see `GenerationLedger`.
    package func beginRaising(pool: Int) -> [GenerationLedger.Raise] {
        generations.withLock { $0?.ledger.beginRaising(pool: pool) ?? [] }
    }

    /// What that has come to; `nil` if nobody knows.
    package func endRaising(pool: Int, _ raised: GenerationLedger.Raised?) {
        makeVoid(generations.withLock { $0?.ledger.endRaising(pool: pool, raised) }, pool: pool)
    }

    /// The pool at `pool` stands so in Redis.
    package func read(_ reading: GenerationLedger.Reading, pool: Int) {
        makeVoid(generations.withLock { $0?.ledger.read(reading, pool: pool) }, pool: pool)
    }

    /// What is known of Redis was so still at a moment after `time`.
    package func confirmGenerations(since time: MonotonicTime) {
        generations.withLock { $0?.ledger.confirm(since: time) }
    }

    /// Notes what other gateways are to be told of.
    func share(_ note: (inout GenerationLedger) -> Void) {
        let doorbell = generations.withLock { generations -> Doorbell? in
            guard var changed = generations else { return nil }
            // Not held twice, which would copy it.
            generations = nil
            note(&changed.ledger)
            generations = changed
            return changed.doorbell
        }
        doorbell?.ring()
    }

    /// Others have changed it, and know of it.
    private func makeVoid(_ void: GenerationLedger.Voided?, pool: Int) {
        switch void {
        case nil: break
        case .topics(let topics)?:
            guard !topics.isEmpty else { return }
            count(.gateway)
            board.withLock { $0.invalidate(topics, pool: pool) }
            if topics.contains(.tools) { noteToolChange(pool: pool) }
        case .everything?:
            count(.gateway)
            board.withLock { $0.clear(pool: pool) }
            noteToolChange(pool: pool)
        }
    }
}
