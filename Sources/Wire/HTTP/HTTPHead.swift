/// One field line of a head, as ranges over the head's bytes.
@frozen
public struct HTTPField: Sendable, Hashable {
    /// Which name it is, if the gateway cares.
    public let id: HTTPFieldName
    /// Whether a field of the same known name came earlier in the head.
    public let isRepeated: Bool
    /// The name as received.
    public let name: ByteRange
    /// The value without the white space around it.
    public let value: ByteRange
}

/// How the end of a body is found (RFC 9112 §6.3).
@frozen
public enum HTTPBodyFraming: Hashable, Sendable {
    /// No body follows the head.
    case none
    /// Exactly this many bytes follow, 0 or more.
    case length(Int)
    /// Chunks follow (RFC 9112 §7.1).
    case chunked
    /// The body ends with the connection; answers only.
    case untilClose
}

/// The method of a request, as far as an MCP endpoint tells them apart.
@frozen
public enum HTTPMethod: UInt8, Sendable {
    case post, get, delete, options, head, connect, trace, other
}

/// The fields of a validated head: ranges over the bytes that were parsed, plus what is asked of them again and again.
public struct HTTPFields: Sendable {
    /// All fields in the order in which they came.
    public internal(set) var all: [HTTPField] = []
    /// The position in `all` of the first field of each known name, plus one; 0 = absent.
    private var firstIndex = InlineArray<32, UInt8>(repeating: 0)
    /// Names that came more than once, a bit per `HTTPFieldName`.
    private(set) var repeated: UInt32 = 0

    /// No fields yet; `reset()` keeps the storage, so that a connection's later heads allocate nothing.
    public init() {}

    mutating func reset() {
        all.removeAll(keepingCapacity: true)
        firstIndex = InlineArray(repeating: 0)
        repeated = 0
    }

    mutating func append(_ id: HTTPFieldName, name: ByteRange, value: ByteRange) {
        let slot = Int(id.rawValue)
        let isRepeated = id != .other && firstIndex[slot] != 0
        if isRepeated { repeated |= 1 << UInt32(id.rawValue) }
        all.append(HTTPField(id: id, isRepeated: isRepeated, name: name, value: value))
        if !isRepeated, id != .other { firstIndex[slot] = UInt8(clamping: all.count) }
    }

    /// The value of the first field of a known name.
    public subscript(id: HTTPFieldName) -> ByteRange? {
        let index = Int(firstIndex[Int(id.rawValue)])
        guard index > 0, index <= all.count else { return nil }
        return all[index - 1].value
    }

    /// Whether a known name came more than once.
    public func isRepeated(_ id: HTTPFieldName) -> Bool {
        repeated & (1 << UInt32(id.rawValue)) != 0
    }
}

/// A validated request head (RFC 9112 §2): everything that a server must know before it reads the body.
public struct HTTPRequestHead: Sendable {
    /// The method.
    public internal(set) var method: HTTPMethod = .other
    /// The method as received.
    public internal(set) var methodText = ByteRange.none
    /// The path of the target, without query. Starts with `/`, except for `OPTIONS *`, for `CONNECT` (the target as it
    /// came) and for an absolute form without a path (empty).
    public internal(set) var path = ByteRange.none
    /// What follows the `?` of the target; empty when there is none.
    public internal(set) var query = ByteRange.none
    /// 1 for HTTP/1.1, 0 for HTTP/1.0.
    public internal(set) var minorVersion: UInt8 = 1
    /// The fields.
    public internal(set) var fields = HTTPFields()
    /// How the body is framed: `none`, `length` or `chunked`.
    public internal(set) var framing = HTTPBodyFraming.none
    /// Whether the client will use the connection again; never with HTTP/1.0.
    public internal(set) var isKeepAlive = true
    /// Whether the client waits for `100 Continue` before it sends the body.
    public internal(set) var expectsContinue = false
    /// Whether the client expects something that nobody here can do: to be refused with 417 (RFC 9110 §10.1.1).
    public internal(set) var hasUnknownExpectation = false
    /// Whether the request asks to leave HTTP/1.1 (`Upgrade`, `CONNECT`): answered, then closed.
    public internal(set) var asksForUpgrade = false
    /// Bytes of the head with its final empty line.
    public internal(set) var byteCount = 0

    /// An empty head to be filled by a parser.
    public init() {}
}

/// A validated response head (RFC 9112 §4).
public struct HTTPResponseHead: Sendable {
    /// The status code, 100…599.
    public internal(set) var status = 0
    /// The fields.
    public internal(set) var fields = HTTPFields()
    /// How the body is framed.
    public internal(set) var framing = HTTPBodyFraming.none
    /// Whether the connection may be used again after the body.
    public internal(set) var isKeepAlive = true
    /// Bytes of the head with its final empty line.
    public internal(set) var byteCount = 0

    /// An empty head to be filled by a parser.
    public init() {}
}
