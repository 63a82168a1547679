package import Resilience

/// What follows from how a try ended: one row of the table in `AttemptOutcome`.
package struct AttemptConsequence: Sendable {
    /// Which calls another backend may be asked for.
    package enum Repetition: Sendable {
        /// Any: the backend certainly did nothing of it (reliability 1.1, never executed).
        case anyCall
        /// Those that may run twice.
        case repeatableCall
        /// None: no other attempt would go better.
        case over
    }

    /// What the time that it took says, for policies that go by time.
    package enum Timing: Sendable {
        /// How fast the backend is.
        case measured
        /// That the backend is at least so slow.
        case atLeast
        /// Nothing: it counts as slow as a time-out, so that nobody is drawn to one that fails fast.
        case asTimeout
        /// Nothing at all.
        case none
    }

    /// The value of the metric label `outcome`.
    package let label: StaticString
    /// What the breaker is told, if it was not slow.
    package let counts: CircuitBreaker.Outcome
    /// Who may be asked next.
    package let then: Repetition
    /// What its time says.
    package let time: Timing
    /// Whether operators want to know of it when they ask what is wrong with a backend.
    package let isTrouble: Bool
    /// Whether the connection cannot serve another call.
    package let closesConnection: Bool
    /// Whether the backend is left alone for as long as it has asked for, while others are there.
    package let passesOver: Bool
    /// Whether it speaks against the whole backend and not only against what was called: the breaker of the backend counts
    /// it also where the tool has a breaker of its own.
    package let isOfConnection: Bool

    @inline(__always)
    init(
        _ label: StaticString, counts: CircuitBreaker.Outcome, then: Repetition, time: Timing, isTrouble: Bool = false,
        closesConnection: Bool = false, passesOver: Bool = false, isOfConnection: Bool = false
    ) {
        self.label = label
        self.counts = counts
        self.then = then
        self.time = time
        self.isTrouble = isTrouble
        self.closesConnection = closesConnection
        self.passesOver = passesOver
        self.isOfConnection = isOfConnection
    }
}
