/// The field names that the gateway treats specially; every other name is `other`.
///
/// One byte per field instead of a string: a head is read once, and all later questions ("is there an `Origin`?",
/// "may this go to the backend?") are asked of this value.
public enum HTTPFieldName: UInt8, Sendable, CaseIterable {
    case other
    case host, contentLength, transferEncoding, connection, expect
    case contentType, contentEncoding, accept, acceptEncoding, authorization, origin
    case mcpProtocolVersion, mcpMethod, mcpName, mcpSessionID, lastEventID
    /// Names that are never acted on and never forwarded: `Upgrade`, `HTTP2-Settings`.
    case upgrade
    /// Names that concern one hop only: `Keep-Alive`, `TE`, `Trailer`, `Proxy-*`.
    case hopByHop
    /// What a client says of itself and a proxy must not believe: `Forwarded`, `X-Forwarded-*`, `X-Real-IP`, `X-Gateway-*`.
    case forwarding
    /// `Cookie` and `Set-Cookie`: MCP has no use for them, and they would tie callers together.
    case cookie
    case wwwAuthenticate, date, server, retryAfter
    case traceParent, traceState

    /// Recognizes a name, ASCII case ignored. `name` must hold token characters only.
    public init(_ name: ByteView) {
        self = HTTPFieldName.recognize(name)
    }

    private static func recognize(_ name: ByteView) -> HTTPFieldName {
        switch name.count {
        case 2 where name.isName("te"): .hopByHop
        case 4 where name.isName("host"): .host
        case 4 where name.isName("date"): .date
        case 6 where name.isName("accept"): .accept
        case 6 where name.isName("origin"): .origin
        case 6 where name.isName("expect"): .expect
        case 6 where name.isName("cookie"): .cookie
        case 6 where name.isName("server"): .server
        case 7 where name.isName("upgrade"): .upgrade
        case 7 where name.isName("trailer"): .hopByHop
        case 8 where name.isName("mcp-name"): .mcpName
        case 9 where name.isName("forwarded"), 9 where name.isName("x-real-ip"): .forwarding
        case 10 where name.isName("connection"): .connection
        case 10 where name.isName("mcp-method"): .mcpMethod
        case 10 where name.isName("keep-alive"): .hopByHop
        case 10 where name.isName("set-cookie"): .cookie
        case 10 where name.isName("tracestate"): .traceState
        case 11 where name.isName("traceparent"): .traceParent
        case 11 where name.isName("retry-after"): .retryAfter
        case 12 where name.isName("content-type"): .contentType
        case 13 where name.isName("authorization"): .authorization
        case 13 where name.isName("last-event-id"): .lastEventID
        case 14 where name.isName("content-length"): .contentLength
        case 14 where name.isName("mcp-session-id"): .mcpSessionID
        case 14 where name.isName("http2-settings"): .upgrade
        case 15 where name.isName("accept-encoding"): .acceptEncoding
        case 16 where name.isName("content-encoding"): .contentEncoding
        case 16 where name.isName("www-authenticate"): .wwwAuthenticate
        case 17 where name.isName("transfer-encoding"): .transferEncoding
        case 20 where name.isName("mcp-protocol-version"): .mcpProtocolVersion
        default: recognizeByPrefix(name)
        }
    }

    private static func recognizeByPrefix(_ name: ByteView) -> HTTPFieldName {
        switch name[0] | 0x20 {
        case UInt8(ascii: "p") where name.slice(from: 0, to: 6).isName("proxy-"): .hopByHop
        case UInt8(ascii: "x") where name.slice(from: 0, to: 12).isName("x-forwarded-"): .forwarding
        case UInt8(ascii: "x") where name.slice(from: 0, to: 10).isName("x-gateway-"): .forwarding
        default: .other
        }
    }
}

extension ByteView {
    /// Whether these token characters spell `name`, ASCII case ignored.
    ///
    /// Setting bit 5 folds `A`…`Z` and changes no other token character into a letter, digit or hyphen, so eight bytes
    /// are compared at a time. `name` must be in lower case and hold only letters, digits and hyphens.
    func isName(_ name: StaticString) -> Bool {
        guard count == name.utf8CodeUnitCount else { return false }
        let fold: UInt64 = 0x2020_2020_2020_2020
        let expected = UnsafeRawPointer(name.utf8Start)
        var offset = 0
        while let word = word(at: offset) {
            // `count` bytes of `name` exist, and `word` exists only up to `count - 8`.
            if word | fold != UInt64(littleEndian: expected.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) {
                return false
            }
            offset &+= 8
        }
        while offset < count {
            if self[offset] | 0x20 != name.utf8Start[offset] { return false }
            offset &+= 1
        }
        return true
    }
}
