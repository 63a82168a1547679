package import Resilience

/// The circuit breaker of one tool at one backend: a leaf value that all shards share.
///
/// Kept like the breaker of a backend, but no health check speaks for it and no operator moves it: any call of the tool may be
/// a probe when the open time is over, and it asks nobody else what it is worth. On the path of a call it costs an atomic
/// read or two while it is closed.
package struct ToolBreaker: Sendable {
    private let status: BackendStatus

    /// A closed breaker, shared by `shardCount` shards.
    init(_ configuration: CircuitBreaker.Configuration, shardCount: Int, seed: UInt64, at now: MonotonicTime) {
        status = BackendStatus(configuration, shardCount: shardCount, seed: seed, at: now)
    }

    /// The state that it is in.
    package var phase: CircuitBreaker.Phase { status.breakerWord.phase }

    /// How often it entered each state, in the order of `CircuitBreaker.Phase.allCases`.
    package var transitionCounts: [Int] { status.transitionCounts }

    /// What it has in its window.
    package func counts(at now: MonotonicTime) -> SlidingWindow.Counts { status.counts(at: now) }

    /// Whether it is not known to say no; half open it depends on the call.
    package func mayAdmit(at now: MonotonicTime) -> Bool { status.mayBeAskedInSession(at: now) }

    /// Until when it is known to say no; `nil` if it is not.
    func refusal(at now: MonotonicTime) -> MonotonicTime? { status.refusal(at: now) }

    /// The right to send a call of the tool there now, or when to ask again.
    func admit(isRepeatable: Bool, at now: MonotonicTime) -> Result<ToolPermit, BackendStatus.RetryTime> {
        status.admit(isRepeatable: isRepeatable, at: now).map {
            ToolPermit(generation: $0.generation, isProbe: $0.isProbe)
        }
    }

    /// Gives a permit back with the outcome of the try, which took so long.
    func record(
        _ outcome: CircuitBreaker.Outcome, nanoseconds: Int64, permit: ToolPermit, shard: Int, at now: MonotonicTime
    ) {
        status.record(
            outcome, nanoseconds: nanoseconds,
            permit: BackendStatus.Permit(generation: permit.generation, isProbe: permit.isProbe), shard: shard, at: now)
    }

    /// Whether `source` is one of at least three who have met an internal error lately.
    func corroborates(_ source: UInt64, at now: MonotonicTime) -> Bool { status.corroborates(source, at: now) }

    /// Takes note of the successes that the shards have counted: once a second, so that they count when they happened.
    func settle(at now: MonotonicTime) { _ = status.counts(at: now) }

    /// It goes by `configuration` from now on.
    func adopt(_ configuration: CircuitBreaker.Configuration, at now: MonotonicTime) {
        status.adopt(configuration, at: now)
    }

    /// The transitions since the last call, for the log; at most 64 are kept.
    func takeTransitions() -> [BackendStatus.TimedTransition] { status.takeTransitions() }
}

/// The part of a permit that is of the tool's own breaker.
package struct ToolPermit: Sendable {
    package let generation: UInt32
    package let isProbe: Bool
}

extension CircuitBreaker.Outcome {
    /// What the breaker of the backend is told of a try that the breaker of its tool is told of: what the tool does
    /// slowly or badly says nothing of the rest.
    var asLeftToTool: CircuitBreaker.Outcome {
        switch self {
        case .failure: .neutral
        case .slowSuccess: .success
        case .success, .connectFailure, .neutral: self
        }
    }
}
