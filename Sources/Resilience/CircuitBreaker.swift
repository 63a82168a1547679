/// Keeps calls away from a backend that fails, and finds out when it is well again.
///
///     closed ──too many failures, or too slow──▶ open ──open time over, or health checks pass──▶ halfOpen
///        ▲                                        ▲                                                │ │
///        │                                        └── a probe fails, or no verdict in time ────────┘ │
///        └──────────────────────── enough probes succeed ────────────────────────────────────────────┘
///     forcedOpen and disabled: entered and left by the operator only
///
/// A value: time and chance are arguments, and every method returns the change that it made. Changes happen when
/// something is asked or told, never by themselves; the monitor of the backend tells about its checks every second.
/// Every change begins a new generation. Permits carry the generation in which they were given, and what began before a
/// change does not count after it. While half open, the permits of the generation are the probes: each is given back by
/// exactly one `record`; those that never are end with the generation, at the latest after `halfOpenTimeout`.
public struct CircuitBreaker: Sendable {
    /// What it goes by, in range.
    public private(set) var configuration: Configuration
    /// Counts the changes; wraps around.
    public private(set) var generation: UInt32 = 0
    /// The number of openings that weigh on the next open time, as of the last opening.
    public private(set) var openings = 0

    private var state: State
    private var window: SlidingWindow
    /// Takes the place of `window` when the configuration counts tries instead of time.
    private var tries: TryWindow?
    /// Failures in a row, while closed.
    public private(set) var failureStreak = 0
    private var connectFailureStreak = 0

    private enum State: Sendable {
        case closed(since: MonotonicTime)
        case open(until: MonotonicTime, passedChecks: Int)
        case halfOpen(Probing)
        case forcedOpen
        case disabled
    }

    private struct Probing: Sendable {
        var lastRepeatableCall: MonotonicTime
        var inFlight = 0
        var successes = 0
        /// Since when a verdict is waited for; `nil` while nobody could give one.
        var waitingSince: MonotonicTime?
    }

    /// A closed breaker.
    public init(_ configuration: Configuration = Configuration(), at now: MonotonicTime) {
        let configuration = configuration.clamped
        self.configuration = configuration
        state = .closed(since: now)
        window = SlidingWindow(span: configuration.window, at: now)
        tries = configuration.windowTries.map { TryWindow(capacity: $0) }
    }

    /// Goes by another configuration from now on. The state stays; what was counted in another window is forgotten.
    public mutating func adopt(_ configuration: Configuration, at now: MonotonicTime) {
        let configuration = configuration.clamped
        if configuration.window != self.configuration.window
            || configuration.windowTries != self.configuration.windowTries
        {
            window = SlidingWindow(span: configuration.window, at: now)
            tries = configuration.windowTries.map { TryWindow(capacity: $0) }
        }
        self.configuration = configuration
    }

    /// The state as others see it.
    public var phase: Phase {
        switch state {
        case .closed: .closed
        case .open: .open
        case .halfOpen: .halfOpen
        case .forcedOpen: .forcedOpen
        case .disabled: .disabled
        }
    }

    /// Phase and generation in one word.
    public var word: BreakerWord { BreakerWord(phase: phase, generation: generation) }

    /// What is in the window at `now`: tries that count, and which of them failed or were slow.
    public mutating func counts(at now: MonotonicTime) -> SlidingWindow.Counts {
        tries?.counts ?? window.counts(at: now)
    }

    /// Probes that are under way; 0 unless half open.
    public var probesInFlight: Int {
        guard case .halfOpen(let probing) = state else { return 0 }
        return probing.inFlight
    }

    /// When the open time is over; `nil` unless open.
    public var opensUntil: MonotonicTime? {
        guard case .open(let until, _) = state else { return nil }
        return until
    }

    // MARK: Calls

    /// Whether a try may be sent now. Half open, only calls that may be repeated are, as long as the configuration does not
    /// say otherwise: a failed probe is retried elsewhere.
    public mutating func admit(
        at now: MonotonicTime, isRepeatable: Bool, random: inout SeededRandom
    ) -> Admission {
        switch state {
        case .closed, .disabled:
            return .admit(generation: generation)
        case .forcedOpen:
            return .reject(retryAt: now + configuration.maximumOpenDuration, transition: nil)
        case .open(let until, _):
            guard now >= until else { return .reject(retryAt: until, transition: nil) }
            return admitProbe(at: now, isRepeatable, beginProbing(.openTimeOver, at: now))
        case .halfOpen:
            if let transition = endFruitlessProbing(at: now, &random) {
                return .reject(retryAt: opensUntil ?? now, transition: transition)
            }
            return admitProbe(at: now, isRepeatable, nil)
        }
    }

    private mutating func admitProbe(
        at now: MonotonicTime, _ isRepeatable: Bool, _ transition: Transition?
    ) -> Admission {
        guard case .halfOpen(var probing) = state else { return .reject(retryAt: now, transition: transition) }
        // A place may become free any moment, but callers must not spin for it.
        let rejection = Admission.reject(
            retryAt: min(now + .seconds(1), (probing.waitingSince ?? now) + configuration.halfOpenTimeout),
            transition: transition)
        guard isRepeatable || configuration.probes == .anyCalls else { return rejection }
        probing.lastRepeatableCall = max(probing.lastRepeatableCall, now)
        let isFree = probing.inFlight < (isRepeatable ? configuration.halfOpenRequests : 1)
        if isFree {
            probing.inFlight += 1
            probing.waitingSince = probing.waitingSince ?? now
        }
        state = .halfOpen(probing)
        return isFree ? .admitAsProbe(generation: generation, transition: transition) : rejection
    }

    /// Takes note of how a try ended that was admitted in `generation`, and gives its permit back.
    ///
    /// A slow success of a probe is no verdict: it does not close, because slowness may be what opened, and does not
    /// open, because the server works.
    public mutating func record(
        _ outcome: Outcome, generation: UInt32, wasProbe: Bool, at now: MonotonicTime, random: inout SeededRandom
    ) -> Transition? {
        switch state {
        case .open, .forcedOpen, .disabled:
            return nil
        case .closed:
            guard generation == self.generation else { return nil }
            return count(outcome, at: now, &random)
        case .halfOpen:
            if let transition = endFruitlessProbing(at: now, &random) { return transition }
            guard generation == self.generation, wasProbe, case .halfOpen(var probing) = state, probing.inFlight > 0
            else { return nil }
            probing.inFlight -= 1
            switch outcome {
            case .neutral, .slowSuccess:
                if outcome == .neutral { stopWaiting(&probing, at: now) }
                state = .halfOpen(probing)
                return nil
            case .success:
                return succeed(probing, .probesSucceeded, at: now)
            case .failure, .connectFailure:
                return open(.probeFailed, at: now, &random)
            }
        }
    }

    /// Takes note of `count` successes of this generation at once, counted elsewhere since they were last told.
    public mutating func addSuccesses(
        _ count: Int, generation: UInt32, at now: MonotonicTime, random: inout SeededRandom
    ) -> Transition? {
        guard case .closed = state, generation == self.generation, count > 0 else { return nil }
        failureStreak = 0
        connectFailureStreak = 0
        return judge(SlidingWindow.Counts(total: count, failures: 0, slow: 0), at: now, &random)
    }

    private mutating func count(
        _ outcome: Outcome, at now: MonotonicTime, _ random: inout SeededRandom
    ) -> Transition? {
        var counts = SlidingWindow.Counts(total: 1, failures: 0, slow: 0)
        switch outcome {
        case .neutral:
            return nil
        case .success:
            failureStreak = 0
            connectFailureStreak = 0
        case .slowSuccess:
            failureStreak = 0
            connectFailureStreak = 0
            counts.slow = 1
        case .failure:
            failureStreak &+= 1
            connectFailureStreak = 0
            counts.failures = 1
        case .connectFailure:
            failureStreak &+= 1
            connectFailureStreak &+= 1
            counts.failures = 1
        }
        if connectFailureStreak >= configuration.consecutiveConnectFailures {
            return open(.connectFailures, at: now, &random)
        }
        if failureStreak >= configuration.consecutiveFailures { return open(.consecutiveFailures, at: now, &random) }
        return judge(counts, at: now, &random)
    }

    private mutating func judge(
        _ fresh: SlidingWindow.Counts, at now: MonotonicTime, _ random: inout SeededRandom
    ) -> Transition? {
        let counts = tries?.add(fresh) ?? window.add(fresh, at: now)
        guard counts.failures | counts.slow != 0, counts.total >= configuration.minimumRequests else { return nil }
        let total = Double(counts.total)
        if Double(counts.failures) >= total * configuration.failureRate { return open(.failureRate, at: now, &random) }
        if Double(counts.slow) >= total * configuration.slowRate { return open(.slowRate, at: now, &random) }
        return nil
    }

    // MARK: Health checks

    /// Takes note of an active check that passed.
    public mutating func healthCheckPassed(at now: MonotonicTime, random: inout SeededRandom) -> Transition? {
        switch state {
        case .closed, .forcedOpen, .disabled:
            return nil
        case .open(let until, let passed):
            if now >= until { return beginProbing(.openTimeOver, at: now) }
            if passed + 1 >= configuration.healthChecksToHalfOpen { return beginProbing(.healthChecksPassed, at: now) }
            state = .open(until: until, passedChecks: passed + 1)
            return nil
        case .halfOpen:
            if let transition = endFruitlessProbing(at: now, &random) { return transition }
            guard case .halfOpen(let probing) = state, checksStandIn(for: probing, at: now) else { return nil }
            return succeed(probing, .healthChecksPassed, at: now)
        }
    }

    /// Takes note of an active check that failed.
    public mutating func healthCheckFailed(at now: MonotonicTime, random: inout SeededRandom) -> Transition? {
        switch state {
        case .closed, .forcedOpen, .disabled:
            return nil
        case .open(let until, _):
            state = .open(until: until, passedChecks: 0)
            return nil
        case .halfOpen:
            if let transition = endFruitlessProbing(at: now, &random) { return transition }
            guard case .halfOpen(let probing) = state, checksStandIn(for: probing, at: now) else { return nil }
            return open(.healthCheckFailed, at: now, &random)
        }
    }

    /// Whether the checks speak for calls: there has been no repeatable call for a while and none is under way.
    private func checksStandIn(for probing: Probing, at now: MonotonicTime) -> Bool {
        probing.inFlight == 0 && now >= probing.lastRepeatableCall + configuration.halfOpenIdle
    }

    // MARK: The operator

    /// Lets nothing through from now on, until `reset` or `disable`.
    public mutating func forceOpen() -> Transition? {
        guard phase != .forcedOpen else { return nil }
        return change(to: .forcedOpen, .operatorRequest)
    }

    /// Lets everything through from now on without judging it, until `reset` or `forceOpen`.
    public mutating func disable() -> Transition? {
        guard phase != .disabled else { return nil }
        return change(to: .disabled, .operatorRequest)
    }

    /// Closes whatever the state was, and forgets everything; what began before does not count.
    public mutating func reset(at now: MonotonicTime) -> Transition? {
        openings = 0
        let transition = close(.operatorRequest, at: now)
        return transition.from == .closed ? nil : transition
    }

    // MARK: Changes

    private mutating func succeed(_ probing: Probing, _ reason: Reason, at now: MonotonicTime) -> Transition? {
        var probing = probing
        probing.successes += 1
        if probing.successes >= configuration.halfOpenSuccesses { return close(reason, at: now) }
        stopWaiting(&probing, at: now)
        state = .halfOpen(probing)
        return nil
    }

    private mutating func endFruitlessProbing(
        at now: MonotonicTime, _ random: inout SeededRandom
    ) -> Transition? {
        guard case .halfOpen(let probing) = state, let since = probing.waitingSince,
            now >= since + configuration.halfOpenTimeout
        else { return nil }
        return open(.noVerdict, at: now, &random)
    }

    /// Where any call is a probe, waits from now on for those that are still under way, or for nobody.
    private func stopWaiting(_ probing: inout Probing, at now: MonotonicTime) {
        guard configuration.probes == .anyCalls else { return }
        probing.waitingSince = probing.inFlight > 0 ? now : nil
    }

    /// Opens for `min(maximum, duration * 2^(n-1)) * U(0.5, 1)`, n = openings in a row.
    private mutating func open(_ reason: Reason, at now: MonotonicTime, _ random: inout SeededRandom) -> Transition {
        if case .closed(let since) = state {
            let interval = configuration.recoveryInterval.saturatedNanoseconds
            openings = max(0, openings - Int(clamping: (now - since).saturatedNanoseconds / interval))
        }
        let limit = configuration.maximumOpenDuration.saturatedNanoseconds
        let first = configuration.openDuration.saturatedNanoseconds
        // Openings that cannot lengthen the time any more are not counted: they would only take longer to forget.
        if openings == 0 || doubled(first, times: openings - 1, limit: limit) < limit { openings += 1 }
        let longest = doubled(first, times: openings - 1, limit: limit)
        let half = longest / 2
        let time = half &+ random.nextNanoseconds(below: longest &- half &+ 1)
        return change(to: .open(until: now.advanced(byNanoseconds: time), passedChecks: 0), reason)
    }

    private mutating func beginProbing(_ reason: Reason, at now: MonotonicTime) -> Transition {
        change(
            to: .halfOpen(
                Probing(
                    lastRepeatableCall: now,
                    waitingSince: configuration.probes == .repeatableCalls ? now : nil)), reason)
    }

    private mutating func close(_ reason: Reason, at now: MonotonicTime) -> Transition {
        failureStreak = 0
        connectFailureStreak = 0
        window.removeAll(at: now)
        tries?.removeAll()
        return change(to: .closed(since: now), reason)
    }

    private mutating func change(to next: State, _ reason: Reason) -> Transition {
        let from = phase
        state = next
        generation &+= 1
        return Transition(from: from, to: phase, reason: reason)
    }
}
