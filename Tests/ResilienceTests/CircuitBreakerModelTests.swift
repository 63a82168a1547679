import Resilience
import Testing

/// Random orders of events against the slow model, from seeds: a failure names the seed and the step.
@Suite struct `Circuit breaker and its model` {
    /// What is done in one step, and how often.
    private enum Event: CaseIterable {
        case call, repeatableCall, finish, finishBadly, finishStale, checkPassed, checkFailed, successes,
            longPause, shortPause, operatorRequest
    }

    private struct Mismatch: Error, CustomStringConvertible {
        var description: String
    }

    /// 10^5 orders, in parts that can run beside each other.
    @Test(arguments: 0..<10)
    func `agree on short orders of events`(part: Int) throws {
        for seed in part * 10_000..<(part + 1) * 10_000 {
            try run(seed: UInt64(seed), stepCount: 6 + seed % 20)
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `agree on long orders of events`(seed: UInt64) throws {
        try run(seed: seed &+ 1_000_000, stepCount: 1_000)
    }

    private func run(seed: UInt64, stepCount: Int) throws {
        var random = SeededRandom(seed: seed)
        let configuration = `Circuit breaker and its model`.configuration(&random)
        var now = MonotonicTime(nanoseconds: Int64(random.next() >> 24))
        var breaker = CircuitBreaker(configuration, at: now)
        // The model's time begins with the breaker's.
        var model = BreakerModel(configuration)
        _ = model.reset(at: now)
        _ = breaker.reset(at: now)
        var out: [BreakerModel.Permit] = []
        var stale: [BreakerModel.Permit] = []
        var next = 0

        for step in 0..<stepCount {
            let event = Event.allCases[Int(random.next() % UInt64(Event.allCases.count))]
            var actual: CircuitBreaker.Transition?
            var expected: CircuitBreaker.Transition?
            switch event {
            case .call, .repeatableCall:
                let isRepeatable = event == .repeatableCall
                next += 1
                let (answer, transition) = model.admit(at: now, isRepeatable: isRepeatable, number: next)
                expected = transition
                switch breaker.admit(at: now, isRepeatable: isRepeatable, random: &random) {
                case .admit(let generation):
                    try require(answer == .admit, seed, step, "admitted, not \(answer)")
                    out.append(.init(number: next, generation: generation, isProbe: false))
                case .admitAsProbe(let generation, let transition):
                    actual = transition
                    try require(answer == .probe, seed, step, "admitted as probe, not \(answer)")
                    out.append(.init(number: next, generation: generation, isProbe: true))
                case .reject(let retryAt, let transition):
                    actual = transition
                    try require(answer == .reject, seed, step, "rejected, not \(answer)")
                    try require(retryAt > now, seed, step, "retry in the past")
                }
            case .finish, .finishBadly:
                guard !out.isEmpty else { continue }
                let permit = out.remove(at: Int(random.next() % UInt64(out.count)))
                if stale.count < 20 { stale.append(permit) }
                let outcomes: [CircuitBreaker.Outcome] =
                    event == .finishBadly
                    ? [.failure, .connectFailure] : [.success, .success, .success, .slowSuccess, .neutral, .failure]
                let outcome = outcomes[Int(random.next() % UInt64(outcomes.count))]
                expected = model.record(outcome, permit, at: now)
                actual = record(outcome, permit, &breaker, at: now, &random)
            case .finishStale:
                // A permit of an older generation, given back a second time at that: must change nothing.
                guard let permit = stale.first(where: { $0.generation != breaker.generation }) else { continue }
                expected = model.record(.failure, permit, at: now)
                actual = record(.failure, permit, &breaker, at: now, &random)
            case .checkPassed, .checkFailed:
                let passed = event == .checkPassed
                expected = model.check(passed: passed, at: now)
                actual =
                    passed
                    ? breaker.healthCheckPassed(at: now, random: &random)
                    : breaker.healthCheckFailed(at: now, random: &random)
            case .successes:
                let count = Int(random.next() % 4)
                expected = model.addSuccesses(count, at: now)
                actual = breaker.addSuccesses(count, generation: breaker.generation, at: now, random: &random)
            case .shortPause:
                now = now.advanced(byNanoseconds: random.nextNanoseconds(below: 800_000_000))
            case .longPause:
                now = now.advanced(byNanoseconds: random.nextNanoseconds(below: 7_000_000_000))
            case .operatorRequest:
                switch random.next() % 24 {
                case 0:
                    expected = model.force(.forcedOpen, at: now)
                    actual = breaker.forceOpen()
                case 1:
                    expected = model.force(.disabled, at: now)
                    actual = breaker.disable()
                case 2...6:
                    expected = model.reset(at: now)
                    actual = breaker.reset(at: now)
                default: continue
                }
            }
            try require(actual == expected, seed, step, "\(event): \(describe(actual)), not \(describe(expected))")
            try compare(breaker, &model, seed, step, event)
            let live = out.count { $0.isProbe && $0.generation == breaker.generation }
            try require(
                breaker.probesInFlight == (breaker.phase == .halfOpen ? live : 0), seed, step, "a permit was lost")
        }
    }

    private func compare(
        _ breaker: CircuitBreaker, _ model: inout BreakerModel, _ seed: UInt64, _ step: Int, _ event: Event
    ) throws {
        if let bounds = model.openBounds, let until = breaker.opensUntil {
            try require(bounds.contains(until), seed, step, "open time out of bounds")
            model.openUntil(until)
        }
        try require(breaker.phase == model.phase, seed, step, "\(event): \(breaker.phase), not \(model.phase)")
        try require(breaker.generation == model.generation, seed, step, "\(event): another generation")
        try require(
            breaker.openings == model.openings, seed, step, "\(breaker.openings), not \(model.openings) openings")
        try require(breaker.probesInFlight == model.probes.count, seed, step, "\(event): other probes")
        try require(breaker.probesInFlight <= model.configuration.halfOpenRequests, seed, step, "too many probes")
        try require(breaker.word == BreakerWord(phase: model.phase, generation: model.generation), seed, step, "word")
    }

    private func record(
        _ outcome: CircuitBreaker.Outcome, _ permit: BreakerModel.Permit, _ breaker: inout CircuitBreaker,
        at now: MonotonicTime, _ random: inout SeededRandom
    ) -> CircuitBreaker.Transition? {
        breaker.record(
            outcome, generation: permit.generation, wasProbe: permit.isProbe, at: now, random: &random)
    }

    /// Small numbers, so that every change happens often.
    private static func configuration(_ random: inout SeededRandom) -> CircuitBreaker.Configuration {
        func pick<Value>(_ values: [Value]) -> Value { values[Int(random.next() % UInt64(values.count))] }
        return CircuitBreaker.Configuration(
            failureRate: pick([0.25, 0.5, 1]), slowRate: pick([0.25, 0.8]), minimumRequests: pick([1, 3, 6]),
            consecutiveFailures: pick([1, 2, 5]), consecutiveConnectFailures: pick([1, 3]),
            window: pick([.seconds(1), .seconds(10)]), windowTries: pick([nil, nil, 1, 5]),
            openDuration: pick([.milliseconds(500), .seconds(2)]),
            maximumOpenDuration: pick([.seconds(3), .seconds(60)]),
            recoveryInterval: pick([.seconds(1), .seconds(5)]), halfOpenRequests: pick([1, 3]),
            halfOpenSuccesses: pick([1, 3]), halfOpenTimeout: pick([.seconds(3), .seconds(10)]),
            halfOpenIdle: pick([.milliseconds(500), .seconds(2)]), healthChecksToHalfOpen: pick([1, 2]))
    }

    private func describe(_ transition: CircuitBreaker.Transition?) -> String {
        transition.map { "\($0.from) -> \($0.to) (\($0.reason))" } ?? "no change"
    }

    private func require(
        _ holds: Bool, _ seed: UInt64, _ step: Int, _ message: @autoclosure () -> String
    ) throws {
        if !holds { throw Mismatch(description: "seed \(seed), step \(step): \(message())") }
    }
}
