public import Wire

/// Why a client could not be asked, or did not answer.
public enum ClientRequestError: Error, Sendable {
    /// The client has not declared that it can do this. Unless the handler knows what to do without, a modern client gets
    /// error -32021, a legacy one a result that says so. The value is the capabilities that it would need.
    case notSupported(JSONValue)
    /// There is no way to the client: it has left, takes no event streams, or has no session.
    case unreachable
    /// It did not answer in time.
    case timedOut
    /// It answered with an error: its code and its text.
    case refused(code: Int64, message: String)
    /// Its answer is not what was asked for: what is wrong.
    case invalidAnswer(String)
}

extension ClientRequestError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notSupported: "the client does not support what this needs"
        case .unreachable: "the client cannot be asked anything"
        case .timedOut: "the client did not answer in time"
        case .refused(let code, _): "the client refused with error \(code)"
        case .invalidAnswer(let what): "the client's answer is invalid: \(what)"
        }
    }
}
