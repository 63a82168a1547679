import NIOCore
import Resilience
import Wire

extension Shard {
    /// What is to be done to make `call` again after an attempt that ended with `outcome`; `nil` if it stays with that
    /// (reliability: "Retries, hedging").
    ///
    /// It is made again if nothing was executed or if it is repeatable; with somebody else if there is one; within the
    /// attempts of the pool, its budget and the time of the call; after a wait that grows, unless another backend can be
    /// asked for the first time in place of one that did nothing.
    func retry(_ call: Call, after outcome: AttemptOutcome, at now: NIODeadline) -> Dispatch? {
        let pool = pools[call.poolIndex]
        let retries = pool.plan.retries
        guard outcome.isNeverExecuted || (outcome.mayBeRepeated && call.isRepeatable(in: pool.plan)),
            call.attemptCount < retries.maximumAttempts, now < call.deadline(in: pool.plan),
            let time = timeOfRetry(
                of: call, in: pool, isFree: outcome.isNeverExecuted && call.attemptCount == 1, at: now),
            time < call.deadline(in: pool.plan), retries.withdraw(at: MonotonicTime(now))
        else { return nil }
        counters.count(retryAfter: outcome)
        guard time > now else {
            let next = dispatch(call, at: now)
            if case .refuse = next { return nil }
            return next
        }
        call.pausedAt = now
        return .pause(until: time)
    }

    /// When the next attempt may be made; `nil` if nobody will take it. `isFree`: somebody else need not wait.
    private func timeOfRetry(of call: Call, in pool: Pool, isFree: Bool, at now: NIODeadline) -> NIODeadline? {
        let backoff = pool.plan.retries.backoff
        switch call.session == nil ? pool.prospect(for: call, at: now) : prospect(ofSessionOf: call, in: pool, at: now)
        {
        case .another where isFree:
            return now
        case .another:
            break
        case .again:
            call.forgetTries()
        case .later(let time):
            // Whoever would have to wait longer than for any other retry is told so and can decide.
            guard time - now <= TimeAmount(backoff.maximum) else { return nil }
            call.forgetTries()
            return time
        case .nobody:
            return nil
        }
        return now + TimeAmount(backoff.delay(afterFailures: call.attemptCount - 1, random: &random))
    }

    /// The same for a call that only the backend of its session can answer.
    private func prospect(ofSessionOf call: Call, in pool: Pool, at now: NIODeadline) -> Pool.Prospect {
        guard let backend = call.session.flatMap({ pool.backend(withKey: $0.backendKey) }) else { return .nobody }
        if let end = backend.passedOver(at: now) { return .later(end) }
        let mayBeAsked =
            backend.plan.status.mayBeAskedInSession(at: MonotonicTime(now))
            && call.tool?.mayBeSent(to: backend.index, at: MonotonicTime(now)) ?? true
        return mayBeAsked ? .again : .nobody
    }

    /// The wait before an attempt is over: chooses who is asked.
    static func goOnAfterPause(_ call: Call, _ shard: isolated Shard) -> Dispatch {
        let now = shard.executor.eventLoop.now
        call.timeWithBackends = call.timeWithBackends + (now - call.pausedAt)
        let next = shard.dispatch(call, at: now)
        guard case .refuse(var refusal) = next else { return next }
        // What has happened says more than that nobody is left.
        if let failure = call.failure { refusal.failure = failure }
        return .refuse(refusal)
    }
}
