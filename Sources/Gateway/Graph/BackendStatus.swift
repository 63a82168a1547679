package import Resilience
import Synchronization

/// What is known of one backend in the whole process: a leaf value that all shards share.
///
/// On the path of a call a shard reads one atomic word and, after a success, adds to a counter of its own; the breaker
/// behind the mutex is asked only when it is not closed, and told of what is not a plain success. Nothing here waits,
/// calls out or logs; transitions are kept for the monitor, which logs them.
package final class BackendStatus: Sendable {
    /// What the active checks say.
    package enum Health: UInt8, Sendable {
        /// Not checked yet: calls may try.
        case unknown
        /// The last checks passed.
        case up
        /// The last checks failed: no calls.
        case down

        /// Whether it is up; `nil` while that is not known.
        var isUp: Bool? {
            switch self {
            case .unknown: nil
            case .up: true
            case .down: false
            }
        }
    }

    /// The right to send one try, to be given back with its outcome.
    package struct Permit: Sendable {
        package let generation: UInt32
        package let isProbe: Bool
        /// The part of the breaker of the tool, if that has one.
        package var tool: ToolPermit?
    }

    /// A change of the breaker's state and when it happened.
    package struct TimedTransition: Sendable {
        package let transition: CircuitBreaker.Transition
        package let time: MonotonicTime
    }

    /// The breaker with what it needs besides, and what waits to be logged.
    private struct Judge {
        var breaker: CircuitBreaker
        var random: SeededRandom
        /// Who has met an internal error lately.
        var internalErrors: Corroboration
        var countedSuccesses: UInt64 = 0
        var transitionCounts = [Int](repeating: 0, count: CircuitBreaker.Phase.allCases.count)
        var unlogged: [TimedTransition] = []
        var lastFailure: BackendFailure?
        /// Tries that failed.
        var failures = 0
        /// Successes that are not in the tallies, and how long they took.
        var otherSuccesses: UInt64 = 0
        var otherNanoseconds: UInt64 = 0
        /// Ejections, in the order of `OutlierDetector.Reason.allCases`.
        var ejectionCounts = [Int](repeating: 0, count: OutlierDetector.Reason.allCases.count)
    }

    private static let maximumUnlogged = 64

    private let word: Atomic<UInt64>
    /// Until when an open breaker refuses everything, in nanoseconds; 0 when it is not open, the last of times when an
    /// operator has opened it.
    private let refusesUntil = Atomic<Int64>(0)
    private let healthByte = Atomic<UInt8>(Health.unknown.rawValue)
    private let isDrainedFlag = Atomic<Bool>(false)
    private let isEjectedFlag = Atomic<Bool>(false)
    private let wasIll = Atomic<Bool>(false)
    private let calls = Atomic<Int>(0)
    private let recoveredNanoseconds = Atomic<Int64>(.min)
    /// Before this, nobody is let through to see whether a backend that is down is there again; in nanoseconds.
    private let nextRation = Atomic<Int64>(.min)
    private let judge: Mutex<Judge>
    /// Successes, by shard, and how many nanoseconds they took.
    private let tallies: ShardTallies

    /// A closed breaker of an unchecked backend, shared by `shardCount` shards.
    package init(_ configuration: CircuitBreaker.Configuration, shardCount: Int, seed: UInt64, at now: MonotonicTime) {
        let breaker = CircuitBreaker(configuration, at: now)
        word = Atomic(breaker.word.rawValue)
        judge = Mutex(
            Judge(
                breaker: breaker, random: SeededRandom(seed: seed),
                internalErrors: Corroboration(span: configuration.window)))
        tallies = ShardTallies(count: shardCount)
    }

    /// What the active checks say.
    package var health: Health {
        get { Health(rawValue: healthByte.load(ordering: .relaxed)) ?? .unknown }
        set { healthByte.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// The breaker's state and generation.
    package var breakerWord: BreakerWord { BreakerWord(rawValue: word.load(ordering: .relaxed)) }

    /// Whether an operator has taken it out: it gets no calls but those of sessions that are open there.
    package var isDrained: Bool { isDrainedFlag.load(ordering: .relaxed) }

    /// Whether it has been taken out for a while because it does worse than the others of its pool.
    package var isEjected: Bool { isEjectedFlag.load(ordering: .relaxed) }

    /// Whether it may be chosen in a panic: it is not down, and no operator has taken it out or opened its breaker.
    package var isThere: Bool { health != .down && isInUse }

    /// Whether operators want it to have calls.
    package var isInUse: Bool { !isDrained && breakerWord.phase != .forcedOpen }

    /// Whether all is well with it: it is there, not ejected, and its breaker closed.
    package var isWell: Bool { health != .down && !isDrained && !isEjected && breakerWord.admitsAll }

    /// Whether it may be chosen and its breaker is not known to say no. Half open it depends on the call.
    package func mayAdmit(at now: MonotonicTime) -> Bool {
        !isDrained && !isEjected && mayBeAskedInSession(at: now)
    }

    /// Whether calls of sessions that are open there may be sent; operators who drain it let those go on.
    package func mayBeAskedInSession(at now: MonotonicTime) -> Bool {
        health != .down && (breakerWord.admitsAll || now.nanoseconds >= refusesUntil.load(ordering: .relaxed))
    }

    /// Until when it is known to refuse calls because of how it is; `nil` if it is not.
    package func refusal(at now: MonotonicTime) -> MonotonicTime? {
        guard health != .down else { return now + .seconds(1) }
        let until = MonotonicTime(nanoseconds: refusesUntil.load(ordering: .relaxed))
        return breakerWord.admitsAll || now >= until ? nil : until
    }

    // MARK: Calls

    /// The right to send a try now, or when to ask again.
    package func admit(
        isRepeatable: @autoclosure () -> Bool, at now: MonotonicTime
    ) -> Result<Permit, RetryTime> {
        guard health != .down else { return .failure(RetryTime(time: now + .seconds(1))) }
        let word = breakerWord
        if word.admitsAll { return .success(Permit(generation: word.generation, isProbe: false)) }
        let isRepeatable = isRepeatable()
        return judge.withLock { judge in
            let admission = judge.breaker.admit(at: now, isRepeatable: isRepeatable, random: &judge.random)
            defer { publish(judge.breaker) }
            switch admission {
            case .admit(let generation):
                return .success(Permit(generation: generation, isProbe: false))
            case .admitAsProbe(let generation, let transition):
                note(transition, at: now, &judge)
                return .success(Permit(generation: generation, isProbe: true))
            case .reject(let retryAt, let transition):
                note(transition, at: now, &judge)
                return .failure(RetryTime(time: retryAt))
            }
        }
    }

    /// The right to send a try in a panic, whatever the breaker says, which counts for nothing while it is not closed; `nil`
    /// if the backend is not there.
    package func admitInPanic() -> Permit? {
        isThere ? Permit(generation: breakerWord.generation, isProbe: false) : nil
    }

    /// The right to send a try to see whether a backend that is down is there again: one a second, of all shards.
    package func admitRationed(at now: MonotonicTime) -> Permit? {
        let next = nextRation.load(ordering: .relaxed)
        guard isInUse, let after = RationedProbe(from: MonotonicTime(nanoseconds: next)).next(after: now),
            nextRation.compareExchange(expected: next, desired: after.next.nanoseconds, ordering: .relaxed).exchanged
        else { return nil }
        return Permit(generation: breakerWord.generation, isProbe: false)
    }

    /// When a refused call may be tried again.
    package struct RetryTime: Error, Sendable {
        package let time: MonotonicTime
    }

    /// Gives a permit back with the outcome of the try, which took so long. `shard` is the caller's number.
    package func record(
        _ outcome: CircuitBreaker.Outcome, nanoseconds: Int64 = 0, permit: Permit, shard: Int, at now: MonotonicTime
    ) {
        // A success from before a transition says nothing about the time after it.
        if case .success = outcome, !permit.isProbe, permit.generation == breakerWord.generation {
            tallies.add(nanoseconds: nanoseconds, shard: shard)
            return
        }
        judge.withLock { judge in
            addSuccesses(at: now, &judge)
            switch outcome {
            case .failure, .connectFailure: judge.failures &+= 1
            case .success, .slowSuccess:
                judge.otherSuccesses &+= 1
                judge.otherNanoseconds &+= UInt64(max(nanoseconds, 0))
            case .neutral: break
            }
            let transition = judge.breaker.record(
                outcome, generation: permit.generation, wasProbe: permit.isProbe, at: now, random: &judge.random)
            note(transition, at: now, &judge)
            publish(judge.breaker)
        }
    }

    /// Takes note that `source` has met an internal error; whether at least three different ones have, within the window of
    /// the breaker.
    func corroborates(_ source: UInt64, at now: MonotonicTime) -> Bool {
        judge.withLock { $0.internalErrors.note(source, at: now) }
    }

    /// What the breaker has in its window, with all that the shards have counted up to now.
    package func counts(at now: MonotonicTime) -> SlidingWindow.Counts {
        judge.withLock { judge in
            addSuccesses(at: now, &judge)
            publish(judge.breaker)
            return judge.breaker.counts(at: now)
        }
    }

    /// Probes that are under way while the breaker is half open.
    package var probesInFlight: Int { judge.withLock { $0.breaker.probesInFlight } }

    // MARK: Room

    /// Calls that are with it, of all shards; streams until their head.
    package var callCount: Int { calls.load(ordering: .relaxed) }

    /// Takes one of `most` places, if there is one.
    func enter(atMost most: Int) -> Bool {
        if calls.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue <= most { return true }
        calls.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        return false
    }

    /// Gives a place back.
    func leave() { calls.wrappingSubtract(1, ordering: .sequentiallyConsistent) }

    // MARK: Siblings

    /// Takes note of whether it is well now; `true` if it is and was not when that was noted last.
    package func noteRecovery(at now: MonotonicTime) -> Bool {
        guard isWell else {
            wasIll.store(true, ordering: .relaxed)
            return false
        }
        guard wasIll.load(ordering: .relaxed), wasIll.exchange(false, ordering: .relaxed) else { return false }
        recoveredNanoseconds.store(now.nanoseconds, ordering: .releasing)
        return true
    }

    /// When it became well again last; long ago if it always was.
    package var recoveredAt: MonotonicTime {
        MonotonicTime(nanoseconds: recoveredNanoseconds.load(ordering: .acquiring))
    }

    /// What it has done since it was made, for whoever compares it with the others of its pool.
    package struct Record: Hashable, Sendable {
        package var successes: UInt64 = 0
        package var failures = 0
        package var failureStreak = 0
        /// How long the successes took together.
        package var nanoseconds: UInt64 = 0
    }

    /// What it has done.
    package var history: Record {
        let (successes, nanoseconds) = tallies.totals
        return judge.withLock {
            Record(
                successes: successes &+ $0.otherSuccesses, failures: $0.failures,
                failureStreak: $0.breaker.failureStreak, nanoseconds: nanoseconds &+ $0.otherNanoseconds)
        }
    }

    /// Takes it out for a while, because of how it did.
    package func eject(_ reason: OutlierDetector.Reason) {
        isEjectedFlag.store(true, ordering: .relaxed)
        judge.withLock { $0.ejectionCounts[Int(reason.rawValue)] &+= 1 }
    }

    /// Lets it have calls again.
    package func endEjection() { isEjectedFlag.store(false, ordering: .relaxed) }

    /// How often it was taken out, in the order of `OutlierDetector.Reason.allCases`.
    package var ejectionCounts: [Int] { judge.withLock { $0.ejectionCounts } }

    // MARK: Generations

    /// Its breaker goes by `configuration` from now on.
    func adopt(_ configuration: CircuitBreaker.Configuration, at now: MonotonicTime) {
        judge.withLock { judge in
            if judge.breaker.configuration.window != configuration.window {
                judge.internalErrors = Corroboration(span: configuration.window)
            }
            judge.breaker.adopt(configuration, at: now)
        }
    }

    /// It is configured again after it had been taken out: nothing holds of what was known of it but the counts.
    func beginAnew(_ configuration: CircuitBreaker.Configuration, at now: MonotonicTime) {
        adopt(configuration, at: now)
        health = .unknown
        endEjection()
        obey(.resume, at: now)
        obey(.reset, at: now)
    }

    // MARK: Operators

    /// Does what an operator wants; whether that changes anything.
    @discardableResult
    package func obey(_ order: BackendOrder, at now: MonotonicTime) -> Bool {
        switch order {
        case .drain: return isDrainedFlag.exchange(true, ordering: .relaxed) == false
        case .resume: return isDrainedFlag.exchange(false, ordering: .relaxed)
        case .open, .close, .reset: break
        }
        return judge.withLock { judge in
            let transition =
                switch order {
                case .open: judge.breaker.forceOpen()
                case .close: judge.breaker.disable()
                default: judge.breaker.reset(at: now)
                }
            note(transition, at: now, &judge)
            publish(judge.breaker)
            return transition != nil
        }
    }

    /// Takes note of what went wrong.
    package func note(_ failure: BackendFailure) {
        judge.withLock { $0.lastFailure = failure }
    }

    /// What went wrong last; `nil` if nothing has.
    package var lastFailure: BackendFailure? {
        judge.withLock { $0.lastFailure }
    }

    // MARK: Checks and time

    /// Takes note of an active check, and of what the shards counted since the last one.
    package func recordCheck(passed: Bool, health newHealth: Health, at now: MonotonicTime) {
        health = newHealth
        judge.withLock { judge in
            addSuccesses(at: now, &judge)
            let transition =
                passed
                ? judge.breaker.healthCheckPassed(at: now, random: &judge.random)
                : judge.breaker.healthCheckFailed(at: now, random: &judge.random)
            note(transition, at: now, &judge)
            publish(judge.breaker)
        }
    }

    /// The transitions since the last call, for the log; at most 64 are kept.
    package func takeTransitions() -> [TimedTransition] {
        judge.withLock { judge in
            defer { judge.unlogged.removeAll() }
            return judge.unlogged
        }
    }

    /// How often the breaker entered each state, in the order of `CircuitBreaker.Phase.allCases`.
    package var transitionCounts: [Int] {
        judge.withLock { $0.transitionCounts }
    }

    private func addSuccesses(at now: MonotonicTime, _ judge: inout Judge) {
        let total = tallies.total
        let fresh = total &- judge.countedSuccesses
        judge.countedSuccesses = total
        guard fresh > 0 else { return }
        let transition = judge.breaker.addSuccesses(
            Int(clamping: fresh), generation: judge.breaker.generation, at: now, random: &judge.random)
        note(transition, at: now, &judge)
    }

    private func note(_ transition: CircuitBreaker.Transition?, at now: MonotonicTime, _ judge: inout Judge) {
        guard let transition else { return }
        judge.transitionCounts[Int(transition.to.rawValue)] &+= 1
        if judge.unlogged.count < BackendStatus.maximumUnlogged {
            judge.unlogged.append(TimedTransition(transition: transition, time: now))
        }
    }

    private func publish(_ breaker: CircuitBreaker) {
        // Whoever reads one that is older than the other asks once too often or once too late, nothing more.
        let until = breaker.phase == .forcedOpen ? .distantFuture : breaker.opensUntil ?? .zero
        refusesUntil.store(until.nanoseconds, ordering: .relaxed)
        word.store(breaker.word.rawValue, ordering: .relaxed)
    }
}
