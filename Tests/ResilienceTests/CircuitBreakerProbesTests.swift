import Resilience
import Testing

/// A breaker for which no health check speaks: any call is a probe.
@Suite struct `a circuit breaker that probes with any call` {
    private var random = SeededRandom(seed: 1)

    private func at(_ seconds: Double) -> MonotonicTime { .zero + .seconds(seconds) }

    /// One that has opened at 0, for 1 to 2 s.
    private mutating func opened(_ configuration: CircuitBreaker.Configuration? = nil) -> CircuitBreaker {
        var configuration = configuration ?? CircuitBreaker.Configuration()
        configuration.probes = .anyCalls
        var breaker = CircuitBreaker(configuration, at: .zero)
        for _ in 0..<5 {
            _ = breaker.record(.failure, generation: 0, wasProbe: false, at: .zero, random: &random)
        }
        #expect(breaker.phase == .open)
        return breaker
    }

    private mutating func admits(_ breaker: inout CircuitBreaker, _ isRepeatable: Bool, at time: Double) -> Bool {
        switch breaker.admit(at: at(time), isRepeatable: isRepeatable, random: &random) {
        case .admit, .admitAsProbe: true
        case .reject: false
        }
    }

    private mutating func end(_ breaker: inout CircuitBreaker, _ outcome: CircuitBreaker.Outcome, at time: Double) {
        _ = breaker.record(outcome, generation: breaker.generation, wasProbe: true, at: at(time), random: &random)
    }

    @Test mutating func `lets one call through that may not be repeated when the open time is over`() {
        var breaker = opened()
        #expect(admits(&breaker, false, at: 0.5) == false)
        #expect(admits(&breaker, false, at: 2) == true)
        #expect(breaker.phase == .halfOpen && breaker.probesInFlight == 1)
        #expect(admits(&breaker, false, at: 2) == false, "one at a time")
        #expect(admits(&breaker, true, at: 2) == true, "those that may be repeated up to their number")
        #expect(admits(&breaker, false, at: 2) == false)
    }

    @Test mutating func `closes after three that succeed, one after another, however rare they are`() {
        var breaker = opened()
        for time in [2.0, 1_000, 5_000] {
            #expect(breaker.phase != .closed)
            #expect(admits(&breaker, false, at: time) == true)
            end(&breaker, .success, at: time + 1)
        }
        #expect(breaker.phase == .closed)
    }

    @Test mutating func `opens again when one fails`() {
        var breaker = opened()
        #expect(admits(&breaker, false, at: 2) == true)
        end(&breaker, .failure, at: 3)
        #expect(breaker.phase == .open && breaker.openings == 2)
        #expect(admits(&breaker, true, at: 3.9) == false)
    }

    @Test mutating func `waits for a probe as long as it may take, and no longer`() {
        var breaker = opened(CircuitBreaker.Configuration(halfOpenTimeout: .seconds(61)))
        #expect(admits(&breaker, false, at: 2) == true)
        #expect(admits(&breaker, false, at: 62.9) == false)
        #expect(breaker.phase == .halfOpen)
        #expect(admits(&breaker, false, at: 63) == false)
        #expect(breaker.phase == .open, "no verdict")
    }

    @Test mutating func `gives the place back of one that says nothing`() {
        var breaker = opened()
        #expect(admits(&breaker, false, at: 2) == true)
        end(&breaker, .neutral, at: 3)
        #expect(breaker.phase == .halfOpen && breaker.probesInFlight == 0)
        #expect(admits(&breaker, false, at: 100) == true, "nobody has kept it waiting")
    }

    @Test mutating func `takes one that is slow for no verdict`() {
        var breaker = opened()
        #expect(admits(&breaker, false, at: 2) == true)
        end(&breaker, .slowSuccess, at: 8)
        #expect(breaker.phase == .halfOpen)
        #expect(admits(&breaker, false, at: 12) == false, "ten seconds without one")
        #expect(breaker.phase == .open)
    }
}
