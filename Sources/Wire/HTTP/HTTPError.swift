/// Why bytes of a peer are not the HTTP/1.1 that is spoken here (RFC 9112 and RFC 9110, read strictly).
///
/// After any of these but `expectation` the connection cannot be read further: where the next message begins is unknown.
public enum HTTPError: Error, Hashable, Sendable {
    /// The request or status line is malformed.
    case startLine
    /// The target has characters outside of RFC 3986, or a form that a gateway does not serve.
    case target
    /// A major version other than 1.
    case version
    /// The target is longer than the limit.
    case targetTooLong
    /// A field line is malformed: name not a token, control in the value, folding, bare CR or LF.
    case field
    /// The head or one field is longer, or has more fields, than the limits allow.
    case headTooLarge
    /// `Host` is missing, repeated, or not a host with an optional port.
    case host
    /// `Content-Length` and `Transfer-Encoding` do not say, once and unmistakably, where the body ends.
    case framing
    /// A transfer coding other than `chunked`.
    case transferCoding
    /// `Expect` with another value than `100-continue`. Never thrown by the parser, which notes it in the head; it stands
    /// here so that servers have one table of answers.
    case expectation
    /// A chunk's size, extension or line end is malformed.
    case chunk
    /// The body is longer than the limit.
    case bodyTooLarge
    /// Trailer fields beyond the limits, or malformed.
    case trailer

    /// The status with which a server answers before it closes the connection.
    public var status: Int {
        switch self {
        case .startLine, .target, .field, .host, .framing, .chunk, .trailer: 400
        case .version: 505
        case .targetTooLong: 414
        case .headTooLarge: 431
        case .transferCoding: 501
        case .expectation: 417
        case .bodyTooLarge: 413
        }
    }
}

/// Bounds of a message head.
public struct HTTPLimits: Sendable, Hashable {
    /// Bytes of the target, 1…; beyond: 414.
    public var targetBytes: Int
    /// Bytes of the whole head with its line ends; beyond: 431.
    public var headBytes: Int
    /// Bytes of one field line; beyond: 431.
    public var fieldBytes: Int
    /// Number of fields; beyond: 431.
    public var fieldCount: Int

    /// 8 KiB of target, 32 KiB of head, 16 KiB a field, 100 fields.
    public init(
        targetBytes: Int = 8_192, headBytes: Int = 32_768, fieldBytes: Int = 16_384, fieldCount: Int = 100
    ) {
        self.targetBytes = targetBytes
        self.headBytes = headBytes
        self.fieldBytes = fieldBytes
        self.fieldCount = fieldCount
    }
}
