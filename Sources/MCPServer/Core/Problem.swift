/// Kinds of failure that a server counts: the values of the label `error_type`.
public enum Problem: UInt8, CaseIterable, Sendable {
    /// The body is not JSON.
    case parseError
    /// The body is JSON but not a message that may be sent here.
    case invalidRequest
    /// No such method, or not in this revision.
    case methodNotFound
    /// Parameters are missing or wrong; also an unknown tool.
    case invalidParams
    /// The tool refused its arguments, or said that it failed.
    case toolError
    /// No such resource.
    case resourceNotFound
    /// The caller has cancelled the request, or has left.
    case cancelled
    /// A handler threw.
    case handlerFailed
    /// Mirrored headers do not say what the body says.
    case headerMismatch
    /// The client cannot do what the call needs.
    case missingCapability
    /// A revision that is not served.
    case unsupportedVersion
    /// The session is unknown or over, or none was named.
    case session
    /// Refused before its body was read: host, origin, path, method, media types.
    case refused
    /// The body is larger than the limit.
    case tooLarge
    /// The bytes were not HTTP.
    case malformedHTTP
    /// There were more connections or sessions than the server takes.
    case overloaded
    /// The client has sent too many requests.
    case rateLimited

    /// The value of the label.
    public var label: StaticString {
        switch self {
        case .parseError: "parse_error"
        case .invalidRequest: "invalid_request"
        case .methodNotFound: "method_not_found"
        case .invalidParams: "invalid_params"
        case .toolError: "tool_error"
        case .resourceNotFound: "resource_not_found"
        case .cancelled: "cancelled"
        case .handlerFailed: "handler_failed"
        case .headerMismatch: "header_mismatch"
        case .missingCapability: "missing_capability"
        case .unsupportedVersion: "unsupported_version"
        case .session: "session"
        case .refused: "refused"
        case .tooLarge: "too_large"
        case .malformedHTTP: "malformed_http"
        case .overloaded: "overloaded"
        case .rateLimited: "rate_limited"
        }
    }
}
