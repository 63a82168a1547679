import NIOCore
import Resilience
import Wire

extension Shard {
    /// When a second attempt of `call`, whose first one begins now, is to be made; `nil` if never.
    ///
    /// Only calls that may run twice have one, and none that has to go where its session is.
    func timeOfHedge(for call: Call, in pool: Pool, at now: NIODeadline) -> NIODeadline? {
        guard let delay = pool.hedgeDelay, call.attemptCount == 1, call.session == nil, !call.isListening,
            call.expectedAnswerCount > 0, call.isRepeatable(in: pool.plan)
        else { return nil }
        return now + delay
    }

    /// The second attempt, with somebody else; `nil` if there is nobody, or no room in the budget of retries.
    static func beginHedge(_ call: Call, _ shard: isolated Shard) -> HedgeAttempt? {
        let now = shard.executor.eventLoop.now
        let pool = shard.pools[call.poolIndex]
        guard call.attemptCount < pool.plan.retries.maximumAttempts, pool.prospect(for: call, at: now) == .another,
            pool.plan.retries.withdraw(at: MonotonicTime(now))
        else { return nil }
        var place = Place()
        guard pool.plan.admission.enter(&place, identity: shard.identity(of: call, in: pool)) == .entered else {
            return nil
        }
        guard case .backend(let backend, let permit) = pool.pick(for: call, at: now) else {
            pool.plan.admission.leave(&place, at: MonotonicTime(now))
            return nil
        }
        place.isAtBackend = true
        shard.counters.hedges += 1
        call.attemptCount += 1
        call.markTried(backend.index)
        pool.began(call, with: backend)
        let idle = backend.lease(at: now, discarded: &shard.discarded)
        let connection = idle ?? BackendConnection(to: backend, of: shard, at: now)
        return HedgeAttempt(backend, permit, place, over: connection, isConnected: idle != nil, at: now)
    }

    /// Which attempt ends, and how.
    package struct HedgeEnd {
        var call: Call
        var hedge: HedgeAttempt
        var outcome: AttemptOutcome
        /// `Retry-After` of the backend, in seconds.
        var retryAfterSeconds = 0
    }

    /// Takes note of a second attempt that has come to nothing.
    static func hedgeEnded(_ end: HedgeEnd, _ shard: isolated Shard) {
        let call = end.call
        let (backend, permit, connection) = (call.backend, call.permit, call.connection)
        let place = call.place
        let (startedAt, timeWithBackends) = (call.attemptStartedAt, call.timeWithBackends)
        call.take(end.hedge)
        let now = shard.executor.eventLoop.now
        if end.outcome.consequence.passesOver {
            end.hedge.backend.passOver(forSeconds: end.retryAfterSeconds, at: now)
        }
        shard.giveBack(call, end.outcome, at: now)
        // The first attempt goes on; its time passes beside that of the second one.
        (call.backend, call.permit, call.connection) = (backend, permit, connection)
        call.place = place
        (call.attemptStartedAt, call.timeWithBackends) = (startedAt, timeWithBackends)
    }

    /// The second attempt takes the place of the first one, which ends with this outcome.
    static func takeOver(_ end: HedgeEnd, _ shard: isolated Shard) {
        let (call, hedge) = (end.call, end.hedge)
        let now = shard.executor.eventLoop.now
        shard.giveBack(call, end.outcome, at: now)
        if end.outcome == .superseded { shard.counters.wonHedges += 1 }
        // What has passed since both had the call counts once.
        call.timeWithBackends = call.timeWithBackends - (now - hedge.startedAt)
        call.take(hedge)
    }
}

extension Call {
    fileprivate func take(_ hedge: HedgeAttempt) {
        backend = hedge.backend
        permit = hedge.permit
        place = hedge.place
        connection = hedge.connection
        attemptStartedAt = hedge.startedAt
    }
}
