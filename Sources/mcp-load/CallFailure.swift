/// Why a call did not get the answer that it should have got.
enum CallFailure: Hashable, Sendable {
    /// No connection could be made.
    case connect
    /// The connection ended before the answer was complete.
    case connectionLost
    /// The answer did not come in time.
    case timeout
    /// The status is not the one that the request should have got. `code` is that of the JSON-RPC error in the body.
    case status(Int, code: Int?)
    /// A JSON-RPC error with this code; 0 when it has none.
    case rpcError(Int)
    /// A tool's result with `isError`.
    case toolError
    /// The answer is not HTTP/1.1.
    case malformedHTTP
    /// The answer is neither JSON nor an event stream.
    case contentType
    /// The body is not one JSON-RPC answer, or the event stream is broken.
    case malformedAnswer
    /// The answer carries another id than the call.
    case wrongID
    /// The event stream ended without an answer.
    case noAnswer
    /// The event stream held more than one answer.
    case repeatedAnswer
    /// The answer lacks the expected text.
    case unexpectedContent

    /// Whether an answer came that must never come, as opposed to none or a refusal.
    var isWrongAnswer: Bool {
        switch self {
        case .connect, .connectionLost, .timeout, .status, .rpcError, .toolError: false
        case .malformedHTTP, .contentType, .malformedAnswer, .wrongID, .noAnswer, .repeatedAnswer, .unexpectedContent:
            true
        }
    }

    /// The name in reports.
    var label: String {
        switch self {
        case .connect: "connect"
        case .connectionLost: "connection_lost"
        case .timeout: "timeout"
        case .status(let status, nil): "http_\(status)"
        case .status(let status, let code?): "http_\(status)_rpc_\(code)"
        case .rpcError(let code): "rpc_\(code)"
        case .toolError: "tool_error"
        case .malformedHTTP: "malformed_http"
        case .contentType: "content_type"
        case .malformedAnswer: "malformed_answer"
        case .wrongID: "wrong_id"
        case .noAnswer: "no_answer"
        case .repeatedAnswer: "repeated_answer"
        case .unexpectedContent: "unexpected_content"
        }
    }
}
