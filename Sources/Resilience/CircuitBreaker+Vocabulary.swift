extension CircuitBreaker {
    /// The state as others see it: what metrics and logs name.
    @frozen
    public enum Phase: UInt8, CaseIterable, Sendable {
        /// Lets everything through and counts.
        case closed
        /// Lets nothing through, for a while.
        case open
        /// Lets a few repeatable calls through, to find out.
        case halfOpen
        /// Lets nothing through, because the operator said so.
        case forcedOpen
        /// Lets everything through and does not judge, because the operator said so.
        case disabled

        /// The value of the metric label `state`.
        public var label: StaticString {
            switch self {
            case .closed: "closed"
            case .open: "open"
            case .halfOpen: "half_open"
            case .forcedOpen: "forced_open"
            case .disabled: "disabled"
            }
        }
    }

    /// Which calls find out, while half open, whether all is well again.
    @frozen
    public enum Probes: UInt8, Sendable {
        /// Only those that may be repeated, so that no client sees a probe fail; health checks speak where there are none.
        case repeatableCalls
        /// Any, for what no health check can speak for: a call that may not be repeated only while no other probe is under
        /// way. The time without a verdict runs only while one is waited for, since calls may be rare.
        case anyCalls
    }

    /// How a try ended, as far as it says something about the backend.
    @frozen
    public enum Outcome: UInt8, CaseIterable, Sendable {
        /// The server works.
        case success
        /// The server works, but took too long.
        case slowSuccess
        /// The server failed, or its answer cannot be relied on.
        case failure
        /// No connection to the server came about.
        case connectFailure
        /// Says nothing about the server; the permit is given back.
        case neutral
    }

    /// Whether a try may be sent.
    @frozen
    public enum Admission: Hashable, Sendable {
        /// Yes; `generation` goes with the outcome.
        case admit(generation: UInt32)
        /// Yes, as one of the few that find out whether the backend is well; `transition` when that began just now.
        case admitAsProbe(generation: UInt32, transition: Transition?)
        /// No; asking again before `retryAt` is useless. `transition` when the state changed just now.
        case reject(retryAt: MonotonicTime, transition: Transition?)
    }

    /// A change of the state.
    public struct Transition: Hashable, Sendable {
        /// The state before.
        public var from: Phase
        /// The state after.
        public var to: Phase
        /// What caused it.
        public var reason: Reason

        /// A change.
        public init(from: Phase, to: Phase, reason: Reason) {
            self.from = from
            self.to = to
            self.reason = reason
        }
    }

    /// What caused a change of the state.
    @frozen
    public enum Reason: UInt8, CaseIterable, Sendable {
        /// Closed to open: too many of the tries in the window failed.
        case failureRate
        /// Closed to open: too many of the tries in the window were slow.
        case slowRate
        /// Closed to open: too many failures in a row.
        case consecutiveFailures
        /// Closed to open: too many failures to connect in a row.
        case connectFailures
        /// Open to half open: the open time is over.
        case openTimeOver
        /// Open to half open, or half open to closed: the active checks pass.
        case healthChecksPassed
        /// Half open to closed: the probes succeeded.
        case probesSucceeded
        /// Half open to open: a probe failed.
        case probeFailed
        /// Half open to open: an active check failed while the checks stood in for calls.
        case healthCheckFailed
        /// Half open to open: no verdict in time.
        case noVerdict
        /// The operator said so.
        case operatorRequest

        /// The value of the log key `reason`.
        public var label: StaticString {
            switch self {
            case .failureRate: "failure_rate"
            case .slowRate: "slow_rate"
            case .consecutiveFailures: "consecutive_failures"
            case .connectFailures: "connect_failures"
            case .openTimeOver: "open_time_over"
            case .healthChecksPassed: "health_checks_passed"
            case .probesSucceeded: "probes_succeeded"
            case .probeFailed: "probe_failed"
            case .healthCheckFailed: "health_check_failed"
            case .noVerdict: "no_verdict"
            case .operatorRequest: "operator_request"
            }
        }
    }
}
