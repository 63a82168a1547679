import Resilience
import Transport

/// How one try ended, once and for all that ask: breaker, balancer, metrics, retry, log.
///
/// What follows from each is in one table, `consequence`.
package enum AttemptOutcome: UInt8, CaseIterable, Sendable {
    /// An answer that can be relied on, whatever it says.
    case success
    /// No connection came about.
    case connectFailed
    /// A connection that was kept from an earlier call turned out to have ended before a byte was written to it.
    case stale
    /// The connection ended before the answer did.
    case lost
    /// HTTP 500 or above, but not 503 with `Retry-After`.
    case serverError
    /// HTTP or JSON-RPC that cannot be used.
    case protocolError
    /// No answer in time.
    case timeout
    /// 429 or 503 with `Retry-After`.
    case refused
    /// 401 or 403: the backend works, but not with the credentials that the gateway has for it.
    case unauthorized
    /// The client left first.
    case clientGone
    /// Another attempt of the same call was answered first.
    case superseded
    /// 429 without a time: the caller is told, and the backend is neither praised nor blamed for it.
    case limited
    /// JSON-RPC -32603 with HTTP 200, where the configuration wants it counted: an answer, and perhaps a failure.
    case internalError

    /// All that follows from each outcome (reliability 1.1, 1.2, 1.7). No other place decides any of it.
    @inline(__always)
    package var consequence: AttemptConsequence {
        switch self {
        case .success: AttemptConsequence("success", counts: .success, then: .over, time: .measured)
        case .connectFailed:
            AttemptConsequence(
                "connect", counts: .connectFailure, then: .anyCall, time: .asTimeout, isTrouble: true,
                closesConnection: true, isOfConnection: true)
        case .stale: AttemptConsequence("stale", counts: .neutral, then: .anyCall, time: .none, closesConnection: true)
        case .lost:
            AttemptConsequence(
                "reset", counts: .failure, then: .repeatableCall, time: .asTimeout, isTrouble: true,
                closesConnection: true, isOfConnection: true)
        case .serverError:
            AttemptConsequence(
                "server_error", counts: .failure, then: .repeatableCall, time: .asTimeout, isTrouble: true,
                closesConnection: true)
        case .protocolError:
            AttemptConsequence(
                "protocol_error", counts: .failure, then: .repeatableCall, time: .asTimeout, isTrouble: true,
                closesConnection: true)
        case .timeout:
            AttemptConsequence(
                "timeout", counts: .failure, then: .repeatableCall, time: .asTimeout, isTrouble: true,
                closesConnection: true)
        case .refused:
            AttemptConsequence(
                "refused", counts: .neutral, then: .anyCall, time: .asTimeout, isTrouble: true, closesConnection: true,
                passesOver: true)
        case .unauthorized:
            AttemptConsequence(
                "unauthorized", counts: .success, then: .over, time: .asTimeout, isTrouble: true,
                closesConnection: true)
        case .clientGone:
            AttemptConsequence("client_gone", counts: .neutral, then: .over, time: .atLeast, closesConnection: true)
        case .superseded:
            AttemptConsequence("superseded", counts: .neutral, then: .over, time: .atLeast, closesConnection: true)
        case .limited:
            AttemptConsequence("rate_limited", counts: .neutral, then: .over, time: .asTimeout, isTrouble: true)
        case .internalError:
            // A failure only once others have seen it too: `Corroboration`.
            AttemptConsequence("internal_error", counts: .success, then: .over, time: .none, isTrouble: true)
        }
    }

    /// The value of the metric label `outcome`.
    package var label: StaticString { consequence.label }

    /// What the circuit breaker is told. `isConfirmed`: others have seen an internal error too.
    @inline(__always)
    func breakerOutcome(isSlow: Bool, isConfirmed: Bool = false) -> CircuitBreaker.Outcome {
        if isConfirmed, self == .internalError { return .failure }
        let counts = consequence.counts
        return isSlow && counts == .success ? .slowSuccess : counts
    }

    /// Whether the backend certainly did nothing of the call, so that another one may be asked whatever the call is.
    package var isNeverExecuted: Bool { consequence.then == .anyCall }

    /// Whether another attempt may go better, for calls that may be made twice.
    package var mayBeRepeated: Bool { consequence.then != .over }

    /// Whether operators want to know of it when they ask what is wrong with a backend.
    var isFailure: Bool { consequence.isTrouble }
}

extension AttemptOutcome {
    /// What the end of a connection, or of its making, says of the attempt on it.
    init(_ failure: HTTPClientFailure) {
        switch failure {
        case .connect, .closed(sentBytes: false): self = .connectFailed
        case .closed(sentBytes: true), .misused: self = .lost
        case .malformed, .unexpected: self = .protocolError
        }
    }
}
