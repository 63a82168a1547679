import Resilience

/// A circuit breaker written to be obviously right: it keeps everything that ever happened and looks at all of it each
/// time.
///
/// Only chance is taken from outside: when it opens it accepts any end of the open time within the bounds and keeps the
/// one it is given.
struct BreakerModel {
    struct Permit: Hashable {
        var number: Int
        var generation: UInt32
        var isProbe: Bool
    }

    private struct Try {
        var bucket: Int64
        var outcome: CircuitBreaker.Outcome
    }

    let configuration: CircuitBreaker.Configuration
    private(set) var phase = CircuitBreaker.Phase.closed
    private(set) var generation: UInt32 = 0
    private(set) var openings = 0
    /// Probes that are out, by the number of their permit.
    private(set) var probes: Set<Int> = []
    /// The bounds of the open time, when it has just opened.
    private(set) var openBounds: ClosedRange<MonotonicTime>?

    private var since = MonotonicTime.zero
    private var until = MonotonicTime.zero
    private var tries: [Try] = []
    private var checks: [Bool] = []
    private var probeSuccesses = 0
    private var repeatableCalls: [MonotonicTime] = []

    init(_ configuration: CircuitBreaker.Configuration) {
        self.configuration = configuration
    }

    /// Takes over the end of the open time that chance has chosen.
    mutating func openUntil(_ time: MonotonicTime) {
        until = time
        openBounds = nil
    }

    enum Answer: Equatable {
        case admit, probe, reject
    }

    mutating func admit(
        at now: MonotonicTime, isRepeatable: Bool, number: Int
    ) -> (Answer, CircuitBreaker.Transition?) {
        var transition = reopenIfFruitless(at: now)
        if transition == nil, phase == .open, now >= until { transition = change(.halfOpen, .openTimeOver, at: now) }
        switch phase {
        case .closed, .disabled: return (.admit, transition)
        case .open, .forcedOpen: return (.reject, transition)
        case .halfOpen:
            guard isRepeatable else { return (.reject, transition) }
            repeatableCalls.append(now)
            guard probes.count < configuration.halfOpenRequests else { return (.reject, transition) }
            probes.insert(number)
            return (.probe, transition)
        }
    }

    mutating func record(
        _ outcome: CircuitBreaker.Outcome, _ permit: Permit, at now: MonotonicTime
    ) -> CircuitBreaker.Transition? {
        if let transition = reopenIfFruitless(at: now) { return transition }
        guard permit.generation == generation else { return nil }
        switch phase {
        case .open, .forcedOpen, .disabled:
            return nil
        case .closed:
            tries.append(Try(bucket: bucket(now), outcome: outcome))
            return outcome == .neutral ? nil : judge(at: now, streaksCount: true)
        case .halfOpen:
            guard probes.remove(permit.number) != nil else { return nil }
            switch outcome {
            case .neutral, .slowSuccess: return nil
            case .failure, .connectFailure: return open(.probeFailed, at: now)
            case .success:
                probeSuccesses += 1
                guard probeSuccesses >= configuration.halfOpenSuccesses else { return nil }
                return change(.closed, .probesSucceeded, at: now)
            }
        }
    }

    mutating func addSuccesses(_ count: Int, at now: MonotonicTime) -> CircuitBreaker.Transition? {
        guard phase == .closed, count > 0 else { return nil }
        for _ in 0..<count { tries.append(Try(bucket: bucket(now), outcome: .success)) }
        return judge(at: now, streaksCount: true)
    }

    mutating func check(passed: Bool, at now: MonotonicTime) -> CircuitBreaker.Transition? {
        if let transition = reopenIfFruitless(at: now) { return transition }
        checks.append(passed)
        switch phase {
        case .closed, .forcedOpen, .disabled:
            return nil
        case .open:
            guard passed else { return nil }
            if now >= until { return change(.halfOpen, .openTimeOver, at: now) }
            let needed = configuration.healthChecksToHalfOpen
            let last = checks.suffix(needed)
            guard last.count == needed, last.allSatisfy({ $0 }) else { return nil }
            return change(.halfOpen, .healthChecksPassed, at: now)
        case .halfOpen:
            let lastCall = repeatableCalls.max() ?? since
            guard probes.isEmpty, now >= lastCall + configuration.halfOpenIdle else { return nil }
            guard passed else { return open(.healthCheckFailed, at: now) }
            probeSuccesses += 1
            guard probeSuccesses >= configuration.halfOpenSuccesses else { return nil }
            return change(.closed, .healthChecksPassed, at: now)
        }
    }

    mutating func force(_ target: CircuitBreaker.Phase, at now: MonotonicTime) -> CircuitBreaker.Transition? {
        guard phase != target else { return nil }
        return change(target, .operatorRequest, at: now)
    }

    mutating func reset(at now: MonotonicTime) -> CircuitBreaker.Transition? {
        let transition = change(.closed, .operatorRequest, at: now)
        openings = 0
        return transition.from == .closed ? nil : transition
    }

    private func bucket(_ time: MonotonicTime) -> Int64 {
        time.nanoseconds / (configuration.window.saturatedNanoseconds / 10)
    }

    private mutating func judge(at now: MonotonicTime, streaksCount: Bool) -> CircuitBreaker.Transition? {
        let verdicts = tries.filter { $0.outcome != .neutral }
        var failures = 0
        for entry in verdicts.reversed() {
            guard entry.outcome == .failure || entry.outcome == .connectFailure else { break }
            failures += 1
        }
        var connectFailures = 0
        for entry in verdicts.reversed() {
            guard entry.outcome == .connectFailure else { break }
            connectFailures += 1
        }
        if connectFailures >= configuration.consecutiveConnectFailures { return open(.connectFailures, at: now) }
        if failures >= configuration.consecutiveFailures { return open(.consecutiveFailures, at: now) }

        let recent: [Try]
        if let count = configuration.windowTries {
            recent = verdicts.suffix(count)
        } else {
            let oldest = bucket(now) - 9
            recent = verdicts.filter { $0.bucket >= oldest }
        }
        guard recent.count >= configuration.minimumRequests else { return nil }
        let failed = recent.count { $0.outcome == .failure || $0.outcome == .connectFailure }
        let slow = recent.count { $0.outcome == .slowSuccess }
        if Double(failed) / Double(recent.count) >= configuration.failureRate { return open(.failureRate, at: now) }
        if Double(slow) / Double(recent.count) >= configuration.slowRate { return open(.slowRate, at: now) }
        return nil
    }

    private mutating func reopenIfFruitless(at now: MonotonicTime) -> CircuitBreaker.Transition? {
        guard phase == .halfOpen, now >= since + configuration.halfOpenTimeout else { return nil }
        return open(.noVerdict, at: now)
    }

    private mutating func open(_ reason: CircuitBreaker.Reason, at now: MonotonicTime) -> CircuitBreaker.Transition {
        if phase == .closed {
            var forgotten = since + configuration.recoveryInterval
            while forgotten <= now, openings > 0 {
                openings -= 1
                forgotten += configuration.recoveryInterval
            }
        }
        var longest = configuration.openDuration
        for _ in 0..<openings { longest = min(longest * 2, configuration.maximumOpenDuration) }
        // An opening that would not lengthen the time any more is not counted.
        var before = configuration.openDuration
        for _ in 0..<max(openings - 1, 0) { before = min(before * 2, configuration.maximumOpenDuration) }
        if openings == 0 || before < configuration.maximumOpenDuration { openings += 1 }
        openBounds = (now + longest / 2)...(now + longest)
        return change(.open, reason, at: now)
    }

    private mutating func change(
        _ next: CircuitBreaker.Phase, _ reason: CircuitBreaker.Reason, at now: MonotonicTime
    ) -> CircuitBreaker.Transition {
        let transition = CircuitBreaker.Transition(from: phase, to: next, reason: reason)
        phase = next
        generation &+= 1
        since = now
        tries = []
        checks = []
        probes = []
        probeSuccesses = 0
        repeatableCalls = []
        return transition
    }
}
