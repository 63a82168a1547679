import Resilience
import Testing

@Suite struct `Circuit breaker` {
    private typealias Transition = CircuitBreaker.Transition

    private var random = SeededRandom(seed: 1)

    // MARK: Closed

    @Test mutating func `lets everything through while closed`() {
        var breaker = CircuitBreaker(at: .zero)
        #expect(breaker.admit(at: .seconds(1), isRepeatable: false, random: &random) == .admit(generation: 0))
        #expect(breaker.admit(at: .seconds(1), isRepeatable: true, random: &random) == .admit(generation: 0))
        #expect(breaker.phase == .closed)
        #expect(breaker.word.admitsAll)
    }

    @Test mutating func `opens after five failures in a row`() {
        var breaker = CircuitBreaker(at: .zero)
        for _ in 0..<4 { #expect(fail(&breaker, at: .seconds(1)) == nil) }
        #expect(
            fail(&breaker, at: .seconds(1))
                == Transition(from: .closed, to: .open, reason: .consecutiveFailures))
        #expect(breaker.phase == .open)
        #expect(breaker.generation == 1)
        #expect(!breaker.word.admitsAll)
    }

    @Test mutating func `opens after three failures to connect in a row`() {
        var breaker = CircuitBreaker(at: .zero)
        for _ in 0..<2 { #expect(record(.connectFailure, &breaker, at: .seconds(1)) == nil) }
        #expect(
            record(.connectFailure, &breaker, at: .seconds(1))
                == Transition(from: .closed, to: .open, reason: .connectFailures))
    }

    @Test mutating func `counts failures to connect among the failures in a row`() {
        var breaker = CircuitBreaker(at: .zero)
        let outcomes: [CircuitBreaker.Outcome] = [.connectFailure, .connectFailure, .failure, .connectFailure]
        for outcome in outcomes { #expect(record(outcome, &breaker, at: .seconds(1)) == nil) }
        #expect(
            record(.connectFailure, &breaker, at: .seconds(1))
                == Transition(from: .closed, to: .open, reason: .consecutiveFailures))
    }

    @Test(arguments: [CircuitBreaker.Outcome.success, .slowSuccess])
    mutating func `a success ends the row`(outcome: CircuitBreaker.Outcome) {
        var breaker = CircuitBreaker(CircuitBreaker.Configuration(failureRate: 1), at: .zero)
        for _ in 0..<10 {
            for _ in 0..<4 { #expect(fail(&breaker, at: .seconds(1)) == nil) }
            #expect(record(outcome, &breaker, at: .seconds(1)) == nil)
            for _ in 0..<2 { #expect(record(.connectFailure, &breaker, at: .seconds(1)) == nil) }
            #expect(record(outcome, &breaker, at: .seconds(1)) == nil)
        }
        #expect(breaker.phase == .closed)
    }

    @Test mutating func `a neutral outcome neither counts nor ends the row`() {
        var breaker = CircuitBreaker(at: .zero)
        for _ in 0..<4 { _ = fail(&breaker, at: .seconds(1)) }
        for _ in 0..<100 { #expect(record(.neutral, &breaker, at: .seconds(1)) == nil) }
        #expect(fail(&breaker, at: .seconds(1))?.reason == .consecutiveFailures)
    }

    @Test mutating func `opens at half of the tries failing, but not with fewer than twenty`() {
        var breaker = CircuitBreaker(at: .zero)
        for _ in 0..<9 {
            #expect(fail(&breaker, at: .seconds(1)) == nil)
            #expect(record(.success, &breaker, at: .seconds(1)) == nil)
        }
        #expect(fail(&breaker, at: .seconds(1)) == nil)
        // The twentieth try makes the judgement possible, although it succeeded itself.
        #expect(
            record(.success, &breaker, at: .seconds(1))
                == Transition(from: .closed, to: .open, reason: .failureRate))
    }

    @Test mutating func `stays closed below half`() {
        var breaker = CircuitBreaker(at: .zero)
        for _ in 0..<11 { _ = record(.success, &breaker, at: .seconds(1)) }
        for _ in 0..<1_000 {
            #expect(fail(&breaker, at: .seconds(1)) == nil)
            #expect(record(.success, &breaker, at: .seconds(1)) == nil)
            #expect(record(.success, &breaker, at: .seconds(1)) == nil)
        }
        #expect(breaker.phase == .closed)
    }

    @Test mutating func `forgets failures that are older than the window`() {
        var breaker = CircuitBreaker(at: .zero)
        for _ in 0..<4 {
            for _ in 0..<4 { _ = fail(&breaker, at: .seconds(0.5)) }
            _ = record(.success, &breaker, at: .seconds(0.5))
            if breaker.phase == .open { break }
        }
        #expect(breaker.phase == .open)
        var patient = CircuitBreaker(at: .zero)
        for second in 0..<100 {
            for _ in 0..<4 { _ = fail(&patient, at: .seconds(Double(second) * 11)) }
            _ = record(.success, &patient, at: .seconds(Double(second) * 11))
        }
        #expect(patient.phase == .closed)
    }

    @Test mutating func `opens when four in five are slow`() {
        var breaker = CircuitBreaker(at: .zero)
        for _ in 0..<4 { _ = record(.success, &breaker, at: .seconds(1)) }
        for _ in 0..<15 { #expect(record(.slowSuccess, &breaker, at: .seconds(1)) == nil) }
        #expect(
            record(.slowSuccess, &breaker, at: .seconds(1))
                == Transition(from: .closed, to: .open, reason: .slowRate))
    }

    @Test mutating func `takes successes that were counted elsewhere`() {
        var breaker = CircuitBreaker(at: .zero)
        for _ in 0..<4 { _ = fail(&breaker, at: .seconds(1)) }
        #expect(breaker.addSuccesses(100, generation: 0, at: .seconds(1), random: &random) == nil)
        for _ in 0..<4 { #expect(fail(&breaker, at: .seconds(1)) == nil) }
        #expect(breaker.addSuccesses(0, generation: 0, at: .seconds(1), random: &random) == nil)
        #expect(breaker.addSuccesses(-5, generation: 0, at: .seconds(1), random: &random) == nil)
        #expect(fail(&breaker, at: .seconds(1))?.reason == .consecutiveFailures)
        #expect(breaker.addSuccesses(10, generation: breaker.generation, at: .seconds(1), random: &random) == nil)
        #expect(breaker.phase == .open)
    }

    @Test mutating func `judges by the last tries instead of time when told to`() {
        let configuration = CircuitBreaker.Configuration(minimumRequests: 4, windowTries: 4)
        var breaker = CircuitBreaker(configuration, at: .zero)
        let outcomes: [CircuitBreaker.Outcome] = [.failure, .success, .success, .success, .success, .failure]
        for (hour, outcome) in outcomes.enumerated() {
            #expect(record(outcome, &breaker, at: .seconds(3_600 * Double(hour))) == nil)
        }
        #expect(fail(&breaker, at: .seconds(36_000))?.reason == .failureRate)
    }

    @Test mutating func `health checks change nothing while closed`() {
        var breaker = CircuitBreaker(at: .zero)
        for _ in 0..<100 {
            #expect(breaker.healthCheckFailed(at: .seconds(1), random: &random) == nil)
            #expect(breaker.healthCheckPassed(at: .seconds(1), random: &random) == nil)
        }
        #expect(breaker.generation == 0)
    }

    // MARK: Open

    @Test mutating func `rejects until the open time is over, then probes`() throws {
        var breaker = opened(at: .seconds(10))
        let until = try #require(breaker.opensUntil)
        #expect(until >= .seconds(11) && until <= .seconds(12))
        let justBefore = MonotonicTime(nanoseconds: until.nanoseconds - 1)
        #expect(
            breaker.admit(at: justBefore, isRepeatable: true, random: &random)
                == .reject(retryAt: until, transition: nil))
        #expect(
            breaker.admit(at: until, isRepeatable: true, random: &random)
                == .admitAsProbe(
                    generation: 2, transition: Transition(from: .open, to: .halfOpen, reason: .openTimeOver)))
        #expect(breaker.probesInFlight == 1)
    }

    @Test mutating func `does not probe with a call that may not be repeated`() {
        var breaker = opened(at: .zero)
        #expect(
            breaker.admit(at: .seconds(5), isRepeatable: false, random: &random)
                == .reject(
                    retryAt: .seconds(6), transition: Transition(from: .open, to: .halfOpen, reason: .openTimeOver)))
        #expect(breaker.probesInFlight == 0)
        #expect(
            breaker.admit(at: .seconds(5), isRepeatable: true, random: &random)
                == .admitAsProbe(generation: 2, transition: nil))
    }

    @Test mutating func `ignores what began before it opened`() {
        var breaker = opened(at: .zero)
        for outcome in CircuitBreaker.Outcome.allCases {
            #expect(
                breaker.record(outcome, generation: 0, wasProbe: false, at: .seconds(5), random: &random) == nil)
            #expect(
                breaker.record(outcome, generation: 1, wasProbe: true, at: .seconds(5), random: &random) == nil)
        }
        #expect(breaker.phase == .open)
        #expect(breaker.generation == 1)
    }

    @Test mutating func `two passed checks in a row make it half open before its time`() {
        var breaker = opened(at: .zero)
        #expect(breaker.healthCheckPassed(at: .seconds(0.1), random: &random) == nil)
        #expect(breaker.healthCheckFailed(at: .seconds(0.2), random: &random) == nil)
        #expect(breaker.healthCheckPassed(at: .seconds(0.3), random: &random) == nil)
        #expect(
            breaker.healthCheckPassed(at: .seconds(0.4), random: &random)
                == Transition(from: .open, to: .halfOpen, reason: .healthChecksPassed))
    }

    @Test mutating func `one passed check suffices when the open time is over`() {
        var breaker = opened(at: .zero)
        #expect(breaker.healthCheckFailed(at: .seconds(3), random: &random) == nil)
        #expect(breaker.phase == .open)
        #expect(
            breaker.healthCheckPassed(at: .seconds(3), random: &random)
                == Transition(from: .open, to: .halfOpen, reason: .openTimeOver))
    }

    @Test mutating func `the open time doubles with each opening in a row up to a minute`() throws {
        var breaker = opened(at: .zero)
        var now = MonotonicTime.zero
        for longest in [2, 4, 8, 16, 32, 60, 60, 60] as [Double] {
            let until = try #require(breaker.opensUntil)
            #expect(until - now >= .seconds(longest / 2))
            #expect(until - now <= .seconds(longest))
            now = until
            guard case .admitAsProbe(let generation, _) = breaker.admit(at: now, isRepeatable: true, random: &random)
            else {
                Issue.record("no probe")
                return
            }
            #expect(
                breaker.record(.failure, generation: generation, wasProbe: true, at: now, random: &random)
                    == Transition(from: .halfOpen, to: .open, reason: .probeFailed))
        }
        #expect(breaker.openings == 6)
    }

    @Test mutating func `the open time is spread evenly over its upper half`() throws {
        var shortest = Duration.seconds(9)
        var longest = Duration.zero
        var sum = Duration.zero
        for seed in 0..<1_000 as Range<UInt64> {
            random = SeededRandom(seed: seed)
            let time = try #require(opened(at: .seconds(5)).opensUntil) - MonotonicTime.seconds(5)
            shortest = min(shortest, time)
            longest = max(longest, time)
            sum += time
        }
        #expect(shortest >= .seconds(1) && shortest < .milliseconds(1_010))
        #expect(longest <= .seconds(2) && longest > .milliseconds(1_990))
        #expect(sum / 1_000 > .milliseconds(1_470) && sum / 1_000 < .milliseconds(1_530))
    }

    @Test mutating func `forgets one opening for every thirty seconds closed`() {
        for (seconds, expected) in [(29.0, 4), (30, 3), (59.9, 3), (60, 2), (90, 1), (10_000, 1)] {
            var breaker = CircuitBreaker(at: .zero)
            var now = MonotonicTime.zero
            for _ in 0..<3 {
                for _ in 0..<5 { _ = fail(&breaker, at: now) }
                close(&breaker, at: &now)
            }
            #expect(breaker.openings == 3)
            now += .seconds(seconds)
            for _ in 0..<5 { _ = fail(&breaker, at: now) }
            #expect(breaker.openings == expected, "after \(seconds) s")
        }
    }

    // MARK: Half open

    @Test mutating func `lets at most three probes through at a time`() {
        var breaker = halfOpened(at: .seconds(5))
        for _ in 0..<3 {
            #expect(
                breaker.admit(at: .seconds(5), isRepeatable: true, random: &random)
                    == .admitAsProbe(generation: 2, transition: nil))
        }
        #expect(
            breaker.admit(at: .seconds(5), isRepeatable: true, random: &random)
                == .reject(retryAt: .seconds(6), transition: nil))
        #expect(breaker.probesInFlight == 3)
    }

    @Test(arguments: [CircuitBreaker.Outcome.neutral, .slowSuccess])
    mutating func `an outcome without a verdict gives the place back`(outcome: CircuitBreaker.Outcome) {
        var breaker = halfOpened(at: .seconds(5))
        for _ in 0..<3 { _ = breaker.admit(at: .seconds(5), isRepeatable: true, random: &random) }
        #expect(breaker.record(outcome, generation: 2, wasProbe: true, at: .seconds(6), random: &random) == nil)
        #expect(breaker.probesInFlight == 2)
        #expect(
            breaker.admit(at: .seconds(6), isRepeatable: true, random: &random)
                == .admitAsProbe(generation: 2, transition: nil))
    }

    @Test mutating func `closes after three successes`() {
        var breaker = halfOpened(at: .seconds(5))
        for _ in 0..<2 {
            _ = breaker.admit(at: .seconds(5), isRepeatable: true, random: &random)
            #expect(
                breaker.record(.success, generation: 2, wasProbe: true, at: .seconds(5), random: &random) == nil)
        }
        _ = breaker.admit(at: .seconds(5), isRepeatable: true, random: &random)
        #expect(
            breaker.record(.success, generation: 2, wasProbe: true, at: .seconds(5), random: &random)
                == Transition(from: .halfOpen, to: .closed, reason: .probesSucceeded))
        #expect(breaker.generation == 3)
        #expect(breaker.admit(at: .seconds(5), isRepeatable: false, random: &random) == .admit(generation: 3))
    }

    @Test mutating func `starts from nothing after closing`() {
        var breaker = CircuitBreaker(at: .zero)
        var now = MonotonicTime.seconds(1)
        for _ in 0..<5 { _ = fail(&breaker, at: now) }
        close(&breaker, at: &now)
        for _ in 0..<4 { #expect(fail(&breaker, at: now) == nil) }
        #expect(record(.success, &breaker, at: now) == nil)
        for _ in 0..<4 { #expect(fail(&breaker, at: now) == nil) }
        #expect(fail(&breaker, at: now)?.reason == .consecutiveFailures)
    }

    @Test(arguments: [CircuitBreaker.Outcome.failure, .connectFailure])
    mutating func `one failure opens it again`(outcome: CircuitBreaker.Outcome) {
        var breaker = halfOpened(at: .seconds(5))
        for _ in 0..<3 { _ = breaker.admit(at: .seconds(5), isRepeatable: true, random: &random) }
        for _ in 0..<2 {
            _ = breaker.record(.success, generation: 2, wasProbe: true, at: .seconds(5), random: &random)
        }
        #expect(
            breaker.record(outcome, generation: 2, wasProbe: true, at: .seconds(5), random: &random)
                == Transition(from: .halfOpen, to: .open, reason: .probeFailed))
        #expect(breaker.openings == 2)
        #expect(breaker.probesInFlight == 0)
    }

    @Test mutating func `takes no verdict from what is no probe of this generation`() {
        var breaker = halfOpened(at: .seconds(5))
        _ = breaker.admit(at: .seconds(5), isRepeatable: true, random: &random)
        for outcome in CircuitBreaker.Outcome.allCases {
            for generation in [0, 1, 3, .max] as [UInt32] {
                #expect(
                    breaker.record(outcome, generation: generation, wasProbe: true, at: .seconds(5), random: &random)
                        == nil)
            }
            #expect(
                breaker.record(outcome, generation: 2, wasProbe: false, at: .seconds(5), random: &random) == nil)
        }
        #expect(breaker.addSuccesses(50, generation: 2, at: .seconds(5), random: &random) == nil)
        #expect(breaker.phase == .halfOpen)
        #expect(breaker.probesInFlight == 1)
    }

    @Test mutating func `a permit given back twice counts once`() {
        var breaker = halfOpened(at: .seconds(5))
        _ = breaker.admit(at: .seconds(5), isRepeatable: true, random: &random)
        for _ in 0..<10 {
            #expect(
                breaker.record(.success, generation: 2, wasProbe: true, at: .seconds(5), random: &random) == nil)
        }
        #expect(breaker.phase == .halfOpen)
        #expect(breaker.probesInFlight == 0)
    }

    @Test mutating func `opens again after ten seconds without a verdict, whatever happens then`() {
        let verdict = Transition(from: .halfOpen, to: .open, reason: .noVerdict)
        var asked = halfOpened(at: .seconds(5))
        _ = asked.admit(at: .seconds(5), isRepeatable: true, random: &random)
        guard case .reject(let retryAt, verdict) = asked.admit(at: .seconds(15), isRepeatable: true, random: &random)
        else {
            Issue.record("must be open")
            return
        }
        #expect(retryAt == asked.opensUntil)
        #expect(asked.openings == 2)

        var told = halfOpened(at: .seconds(5))
        _ = told.admit(at: .seconds(5), isRepeatable: true, random: &random)
        #expect(told.record(.success, generation: 2, wasProbe: true, at: .seconds(15), random: &random) == verdict)

        var passed = halfOpened(at: .seconds(5))
        #expect(passed.healthCheckPassed(at: .seconds(15), random: &random) == verdict)

        var failed = halfOpened(at: .seconds(5))
        #expect(failed.healthCheckFailed(at: .seconds(15), random: &random) == verdict)
    }

    @Test mutating func `passed checks close it when there is no repeatable call`() {
        var breaker = halfOpened(at: .seconds(5))
        for time in [5.5, 6.5, 7, 8] {
            #expect(breaker.healthCheckPassed(at: .seconds(time), random: &random) == nil)
            _ = breaker.admit(at: .seconds(time), isRepeatable: false, random: &random)
        }
        #expect(
            breaker.healthCheckPassed(at: .seconds(9), random: &random)
                == Transition(from: .halfOpen, to: .closed, reason: .healthChecksPassed))
    }

    @Test mutating func `checks do not count while repeatable calls come or a probe is under way`() {
        var breaker = halfOpened(at: .seconds(5))
        _ = breaker.admit(at: .seconds(6), isRepeatable: true, random: &random)
        _ = breaker.record(.neutral, generation: 2, wasProbe: true, at: .seconds(6), random: &random)
        for time in [7.0, 7.5, 7.9] {
            #expect(breaker.healthCheckPassed(at: .seconds(time), random: &random) == nil)
        }
        _ = breaker.admit(at: .seconds(8), isRepeatable: true, random: &random)
        for time in [10.5, 11, 12, 13] {
            #expect(breaker.healthCheckPassed(at: .seconds(time), random: &random) == nil)
        }
        #expect(breaker.phase == .halfOpen)
    }

    @Test mutating func `a failed check opens it again while checks stand in for calls`() {
        var breaker = halfOpened(at: .seconds(5))
        #expect(breaker.healthCheckFailed(at: .seconds(6), random: &random) == nil)
        #expect(breaker.healthCheckPassed(at: .seconds(7), random: &random) == nil)
        #expect(
            breaker.healthCheckFailed(at: .seconds(8), random: &random)
                == Transition(from: .halfOpen, to: .open, reason: .healthCheckFailed))
    }

    // MARK: The operator

    @Test mutating func `rejects everything while forced open, whatever the checks say`() {
        var breaker = CircuitBreaker(at: .zero)
        #expect(breaker.forceOpen() == Transition(from: .closed, to: .forcedOpen, reason: .operatorRequest))
        #expect(breaker.forceOpen() == nil)
        for time in [1.0, 100, 10_000] {
            #expect(breaker.healthCheckPassed(at: .seconds(time), random: &random) == nil)
            #expect(breaker.healthCheckFailed(at: .seconds(time), random: &random) == nil)
            #expect(
                breaker.admit(at: .seconds(time), isRepeatable: true, random: &random)
                    == .reject(retryAt: .seconds(time + 60), transition: nil))
            #expect(
                breaker.record(.success, generation: 1, wasProbe: true, at: .seconds(time), random: &random) == nil)
        }
        #expect(breaker.phase == .forcedOpen)
    }

    @Test mutating func `admits everything and judges nothing while disabled`() {
        var breaker = opened(at: .zero)
        #expect(breaker.disable() == Transition(from: .open, to: .disabled, reason: .operatorRequest))
        #expect(breaker.disable() == nil)
        #expect(breaker.word.admitsAll)
        for _ in 0..<100 {
            #expect(breaker.admit(at: .seconds(1), isRepeatable: false, random: &random) == .admit(generation: 2))
            #expect(
                breaker.record(.connectFailure, generation: 2, wasProbe: false, at: .seconds(1), random: &random)
                    == nil)
        }
        #expect(breaker.forceOpen()?.from == .disabled)
    }

    @Test mutating func `a reset closes it from every state and forgets its past`() {
        var forced = opened(at: .zero)
        _ = forced.forceOpen()
        var disabled = opened(at: .zero)
        _ = disabled.disable()
        for var breaker in [opened(at: .zero), halfOpened(at: .seconds(5)), forced, disabled] {
            let before = breaker.phase
            #expect(
                breaker.reset(at: .seconds(6))
                    == Transition(from: before, to: .closed, reason: .operatorRequest))
            #expect(breaker.openings == 0)
            #expect(breaker.phase == .closed)
        }
        var closed = CircuitBreaker(at: .zero)
        for _ in 0..<4 { _ = fail(&closed, at: .seconds(1)) }
        #expect(closed.reset(at: .seconds(1)) == nil)
        #expect(
            closed.record(.failure, generation: 0, wasProbe: false, at: .seconds(1), random: &random) == nil,
            "began before the reset")
        for _ in 0..<4 { #expect(fail(&closed, at: .seconds(1)) == nil) }
        #expect(fail(&closed, at: .seconds(1)) != nil)
    }

    @Test mutating func `works with any configuration, however odd`() {
        let configuration = CircuitBreaker.Configuration(
            failureRate: -.infinity, slowRate: .nan, minimumRequests: -1, consecutiveFailures: .min,
            consecutiveConnectFailures: 0, window: .seconds(-1), windowTries: .max, openDuration: .seconds(-1),
            maximumOpenDuration: .seconds(Int64.min), recoveryInterval: .zero, halfOpenRequests: -4,
            halfOpenSuccesses: .min, halfOpenTimeout: .seconds(-9), halfOpenIdle: .seconds(-9),
            healthChecksToHalfOpen: -1)
        var breaker = CircuitBreaker(configuration, at: .zero)
        #expect(record(.success, &breaker, at: .zero) == nil)
        #expect(fail(&breaker, at: .zero)?.to == .open)
        #expect(breaker.admit(at: .seconds(1), isRepeatable: true, random: &random) != .admit(generation: 1))
        #expect(
            breaker.record(.success, generation: 2, wasProbe: true, at: .seconds(1), random: &random)?.to == .closed
        )
        let endless = CircuitBreaker.Configuration(
            minimumRequests: .max, consecutiveFailures: .max, consecutiveConnectFailures: .max,
            window: .seconds(Int64.max), openDuration: .seconds(Int64.max), maximumOpenDuration: .seconds(Int64.max),
            recoveryInterval: .seconds(Int64.max), halfOpenTimeout: .seconds(Int64.max))
        breaker = CircuitBreaker(endless, at: .distantFuture)
        for _ in 0..<100 { #expect(fail(&breaker, at: .distantFuture) == nil) }
        #expect(breaker.addSuccesses(.max, generation: 0, at: .distantFuture, random: &random) == nil)
    }

    // MARK: Another configuration

    @Test mutating func `goes by another configuration from then on, and stays as it is`() {
        var breaker = CircuitBreaker(at: .zero)
        for _ in 0..<4 { _ = fail(&breaker, at: .seconds(1)) }
        breaker.adopt(CircuitBreaker.Configuration(consecutiveFailures: 8), at: .seconds(1))
        #expect(breaker.configuration.consecutiveFailures == 8)
        for _ in 0..<3 { #expect(fail(&breaker, at: .seconds(1)) == nil) }
        #expect(fail(&breaker, at: .seconds(1))?.to == .open)
        let until = breaker.opensUntil
        breaker.adopt(CircuitBreaker.Configuration(openDuration: .seconds(50)), at: .seconds(1))
        #expect(breaker.phase == .open && breaker.opensUntil == until && breaker.generation == 1)
    }

    @Test mutating func `forgets what was counted in a window of another length`() {
        var breaker = CircuitBreaker(
            CircuitBreaker.Configuration(minimumRequests: 10, consecutiveFailures: 100), at: .zero)
        for _ in 0..<9 { _ = fail(&breaker, at: .seconds(1)) }
        var other = breaker
        other.adopt(
            CircuitBreaker.Configuration(minimumRequests: 10, consecutiveFailures: 100, window: .seconds(60)),
            at: .seconds(1))
        #expect(fail(&breaker, at: .seconds(1))?.to == .open)
        for _ in 0..<9 { #expect(fail(&other, at: .seconds(1)) == nil) }
        #expect(fail(&other, at: .seconds(1))?.to == .open)
    }

    // MARK: Steps

    private mutating func record(
        _ outcome: CircuitBreaker.Outcome, _ breaker: inout CircuitBreaker, at now: MonotonicTime
    ) -> CircuitBreaker.Transition? {
        breaker.record(outcome, generation: breaker.generation, wasProbe: false, at: now, random: &random)
    }

    private mutating func fail(
        _ breaker: inout CircuitBreaker, at now: MonotonicTime
    ) -> CircuitBreaker.Transition? {
        record(.failure, &breaker, at: now)
    }

    private mutating func opened(at now: MonotonicTime) -> CircuitBreaker {
        var breaker = CircuitBreaker(at: now)
        for _ in 0..<5 { _ = fail(&breaker, at: now) }
        return breaker
    }

    /// Half open since `now`, which must be at least two seconds after zero.
    private mutating func halfOpened(at now: MonotonicTime) -> CircuitBreaker {
        var breaker = opened(at: .zero)
        _ = breaker.admit(at: now, isRepeatable: false, random: &random)
        return breaker
    }

    private mutating func close(_ breaker: inout CircuitBreaker, at now: inout MonotonicTime) {
        now = breaker.opensUntil ?? now
        for _ in 0..<3 {
            guard case .admitAsProbe(let generation, _) = breaker.admit(at: now, isRepeatable: true, random: &random)
            else { return }
            _ = breaker.record(.success, generation: generation, wasProbe: true, at: now, random: &random)
        }
    }
}
