/// Every error that is the gateway's own, and the one table of what each looks like to whom.
///
/// Codes other than those that JSON-RPC and MCP define are -(31000 + HTTP status), outside of all reserved ranges. Texts
/// are fixed: nothing of a backend, an address or a secret ever gets into one. Raw values count from 0 without a gap, so
/// that counters can be indexed by them.
public enum GatewayFailure: UInt8, CaseIterable, Error, Sendable {
    /// HTTP that is not what it must be.
    case badRequest
    /// A body that is not strict JSON.
    case parseError
    /// JSON that is not a JSON-RPC message, or not one that may come here.
    case invalidRequest
    /// A modern request whose envelope is missing, incomplete or of the wrong types.
    case invalidParams
    /// Header and body contradict each other.
    case headerMismatch
    /// A protocol version that is not served. -32022 is the modern era's own code; a legacy client gets -32600.
    case unsupportedVersion
    /// A method that the era does not have. A legacy client takes 404 for the end of its session, so it gets 200.
    case methodNotFound
    /// No credentials, or bad ones.
    case unauthorized
    /// Denied by a rule.
    case forbidden
    /// `Origin` is not one of those that may call.
    case originNotAllowed
    /// Nothing is served at this path.
    case notFound
    /// The session is over, or never was this caller's: the client starts a new one.
    case sessionNotFound
    /// An HTTP method that is not served.
    case methodNotAllowed
    /// `Accept` excludes every form of answer.
    case notAcceptable
    /// A POST whose body has no length.
    case lengthRequired
    /// A body beyond the limit.
    case payloadTooLarge
    /// A request target beyond the limit.
    case uriTooLong
    /// A body that does not say that it is JSON.
    case unsupportedMediaType
    /// `Expect` with something else than `100-continue`.
    case expectationFailed
    /// `Host` names somebody else.
    case misdirectedRequest
    /// A caller is over its limit.
    case rateLimited
    /// Header fields beyond the limits.
    case headersTooLarge
    /// A transfer coding other than chunked.
    case notImplemented
    /// A major version of HTTP other than 1.
    case httpVersionNotSupported
    /// A backend answered with something that is not an answer to the call.
    case badAnswer
    /// The connection to a backend ended before its answer did; the call may have been executed.
    case backendLost
    /// No backend may be asked.
    case unavailable
    /// Shed for load.
    case overloaded
    /// This process takes no new calls.
    case draining
    /// A backend was too slow; the call may have been executed.
    case timeout
    /// A feature that the other side's revision has no form for.
    case notBridgeable

    /// The HTTP status of the answer.
    public func httpStatus(_ era: MCPEra) -> Int {
        switch self {
        case .methodNotFound: era == .modern ? 404 : 200
        case .badRequest, .parseError, .invalidRequest, .invalidParams, .headerMismatch, .unsupportedVersion: 400
        case .unauthorized: 401
        case .forbidden, .originNotAllowed: 403
        case .notFound, .sessionNotFound: 404
        case .methodNotAllowed: 405
        case .notAcceptable: 406
        case .lengthRequired: 411
        case .payloadTooLarge: 413
        case .uriTooLong: 414
        case .unsupportedMediaType: 415
        case .expectationFailed: 417
        case .misdirectedRequest: 421
        case .rateLimited: 429
        case .headersTooLarge: 431
        case .notImplemented: 501
        case .httpVersionNotSupported: 505
        case .badAnswer, .backendLost: 502
        case .unavailable, .overloaded, .draining: 503
        case .timeout: 504
        case .notBridgeable: 200
        }
    }

    /// The code of the JSON-RPC error.
    public func jsonRPCCode(_ era: MCPEra) -> Int {
        switch self {
        case .unsupportedVersion: era == .modern ? -32022 : -32600
        case .badRequest, .invalidRequest: -32600
        case .parseError: -32700
        case .invalidParams: -32602
        case .headerMismatch: -32020
        case .methodNotFound: -32601
        case .notBridgeable: -31006
        case .unauthorized, .forbidden, .originNotAllowed, .notFound, .sessionNotFound, .methodNotAllowed,
            .notAcceptable, .lengthRequired, .payloadTooLarge, .uriTooLong, .unsupportedMediaType, .expectationFailed,
            .misdirectedRequest, .rateLimited, .headersTooLarge, .notImplemented, .httpVersionNotSupported, .badAnswer,
            .backendLost, .unavailable, .overloaded, .draining, .timeout:
            -31000 - httpStatus(era)
        }
    }

    /// The `message` of the JSON-RPC error: a literal that needs no escapes in JSON.
    public var message: StaticString {
        switch self {
        case .badRequest: "The request is malformed"
        case .parseError: "The body is not valid JSON"
        case .invalidRequest: "The body is not a valid JSON-RPC request"
        case .invalidParams: "params._meta is incomplete or malformed"
        case .headerMismatch: "A header is missing or differs from the body"
        case .unsupportedVersion: "Unsupported protocol version"
        case .methodNotFound: "Method not found"
        case .unauthorized: "Credentials are missing or not valid"
        case .forbidden: "Not allowed"
        case .originNotAllowed: "The origin is not allowed"
        case .notFound: "Not found"
        case .sessionNotFound: "Session not found"
        case .methodNotAllowed: "The HTTP method is not allowed"
        case .notAcceptable: "Accept must allow application/json or text/event-stream"
        case .lengthRequired: "The request has no body length"
        case .payloadTooLarge: "The request is too large"
        case .uriTooLong: "The target is too long"
        case .unsupportedMediaType: "The content type must be application/json, without a content coding"
        case .expectationFailed: "The expectation cannot be met"
        case .misdirectedRequest: "This host is not served here"
        case .rateLimited: "Too many requests"
        case .headersTooLarge: "The header fields are too large"
        case .notImplemented: "The transfer coding is not supported"
        case .httpVersionNotSupported: "The HTTP version is not supported"
        case .badAnswer: "The backend's answer cannot be used"
        case .backendLost: "The backend did not complete its answer"
        case .unavailable: "No backend is available"
        case .overloaded: "Overloaded"
        case .draining: "Shutting down"
        case .timeout: "The backend did not answer in time"
        case .notBridgeable: "This cannot be carried over to the peer's protocol revision"
        }
    }

    /// The value of the metric label `error_type`.
    public var label: StaticString {
        switch self {
        case .badRequest: "bad_request"
        case .parseError: "parse_error"
        case .invalidRequest: "invalid_request"
        case .invalidParams: "invalid_params"
        case .headerMismatch: "header_mismatch"
        case .unsupportedVersion: "unsupported_version"
        case .methodNotFound: "method_not_found"
        case .unauthorized: "unauthorized"
        case .forbidden: "forbidden"
        case .originNotAllowed: "origin_not_allowed"
        case .notFound: "not_found"
        case .sessionNotFound: "session_not_found"
        case .methodNotAllowed: "method_not_allowed"
        case .notAcceptable: "not_acceptable"
        case .lengthRequired: "length_required"
        case .payloadTooLarge: "payload_too_large"
        case .uriTooLong: "uri_too_long"
        case .unsupportedMediaType: "unsupported_media_type"
        case .expectationFailed: "expectation_failed"
        case .misdirectedRequest: "misdirected_request"
        case .rateLimited: "rate_limited"
        case .headersTooLarge: "headers_too_large"
        case .notImplemented: "not_implemented"
        case .httpVersionNotSupported: "http_version_not_supported"
        case .badAnswer: "bad_answer"
        case .backendLost: "backend_lost"
        case .unavailable: "unavailable"
        case .overloaded: "overloaded"
        case .draining: "draining"
        case .timeout: "timeout"
        case .notBridgeable: "not_bridgeable"
        }
    }
}
