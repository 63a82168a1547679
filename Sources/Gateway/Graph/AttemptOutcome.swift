import Resilience
import Transport

/// How one try ended, once and for all that ask: breaker, metrics, retry, log.
package enum AttemptOutcome: UInt8, CaseIterable, Sendable {
    /// An answer that can be relied on, whatever it says.
    case success
    /// No connection came about.
    case connectFailed
    /// A connection that was kept from an earlier call turned out to have ended before a byte was written to it.
    case stale
    /// The connection ended before the answer did.
    case lost
    /// HTTP 500, 502, 504, or 503 without `Retry-After`.
    case serverError
    /// HTTP or JSON-RPC that cannot be used.
    case protocolError
    /// No answer in time.
    case timeout
    /// 429, or 503 with `Retry-After`.
    case refused
    /// 401 or 403: the backend works, but not with the credentials that the gateway has for it.
    case unauthorized
    /// The client left first.
    case clientGone
    /// Another attempt of the same call was answered first.
    case superseded

    /// The value of the metric label `outcome`.
    package var label: StaticString {
        switch self {
        case .success: "success"
        case .connectFailed: "connect"
        case .stale: "stale"
        case .lost: "reset"
        case .serverError: "server_error"
        case .protocolError: "protocol_error"
        case .timeout: "timeout"
        case .refused: "refused"
        case .unauthorized: "unauthorized"
        case .clientGone: "client_gone"
        case .superseded: "superseded"
        }
    }

    /// What the circuit breaker is told.
    func breakerOutcome(isSlow: Bool) -> CircuitBreaker.Outcome {
        switch self {
        case .success, .unauthorized: isSlow ? .slowSuccess : .success
        case .connectFailed: .connectFailure
        case .lost, .serverError, .protocolError, .timeout: .failure
        case .stale, .refused, .clientGone, .superseded: .neutral
        }
    }

    /// Whether the backend certainly did nothing of the call, so that another one may be asked whatever the call is.
    package var isNeverExecuted: Bool {
        switch self {
        case .connectFailed, .stale, .refused: true
        case .success, .lost, .serverError, .protocolError, .timeout, .unauthorized, .clientGone, .superseded: false
        }
    }

    /// Whether another attempt may go better, for calls that may be made twice.
    package var mayBeRepeated: Bool {
        switch self {
        case .connectFailed, .stale, .lost, .serverError, .protocolError, .timeout, .refused: true
        case .success, .unauthorized, .clientGone, .superseded: false
        }
    }
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
