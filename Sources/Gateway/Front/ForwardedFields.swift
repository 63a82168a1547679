import NIOCore
import Wire

/// Which fields of a message go further, in which direction (RFC 9110 §7.6.1, and what MCP and prudence add).
enum ForwardedFields {
    /// Appends the fields of a client's request that a backend may see. Sessions are added by the caller.
    ///
    /// `isForOthersToo` leaves out what is no part of the name under which the answer will be kept, so that nobody can
    /// put into the answers of others what they like.
    static func request(
        _ fields: borrowing HTTPFields, _ bytes: ByteView, era: MCPEra, isForOthersToo: Bool = false,
        into writer: inout HTTPHeadWriter
    ) {
        let named = ConnectionTokens(fields, bytes)
        for field in fields.all where isForwardedToBackend(field.id, era) {
            let name = bytes[field.name]
            if field.id == .other, name.hasUnderscore { continue }
            if isForOthersToo, field.id == .other, name.isOfNoAccount, !name.isOfMCP { continue }
            if named.contains(name, field.id) { continue }
            writer.field(name, bytes[field.value])
        }
    }

    /// Appends the fields of a backend's answer that a client may see.
    static func answer(
        _ fields: borrowing HTTPFields, _ bytes: ByteView, withContentType: Bool, into writer: inout HTTPHeadWriter
    ) {
        let named = ConnectionTokens(fields, bytes)
        for field in fields.all where isForwardedToClient(field.id) {
            let name = bytes[field.name]
            if field.id == .other, name.hasUnderscore { continue }
            if named.contains(name, field.id) { continue }
            if field.id == .contentType, !withContentType { continue }
            writer.field(name, bytes[field.value])
        }
    }

    private static func isForwardedToBackend(_ id: HTTPFieldName, _ era: MCPEra) -> Bool {
        switch id {
        case .other, .contentType, .accept, .mcpProtocolVersion, .mcpMethod, .mcpName, .traceParent, .traceState: true
        case .lastEventID: era == .legacy
        // Written anew for the backend: where it is, how the body is framed, which session it is in.
        case .host, .contentLength, .transferEncoding, .acceptEncoding, .mcpSessionID: false
        // The client's token is for this gateway, and MCP forbids passing it on.
        case .authorization, .cookie: false
        // Judged here; a backend would judge by a list of its own.
        case .origin: false
        case .connection, .expect, .upgrade, .hopByHop, .forwarding, .contentEncoding: false
        case .wwwAuthenticate, .date, .server, .retryAfter: false
        }
    }

    private static func isForwardedToClient(_ id: HTTPFieldName) -> Bool {
        switch id {
        case .other, .contentType, .retryAfter, .accept, .lastEventID, .traceParent, .traceState: true
        case .host, .contentLength, .transferEncoding, .acceptEncoding, .contentEncoding, .mcpSessionID: false
        // A challenge of the backend is for the gateway's credentials, not for the client's.
        case .wwwAuthenticate, .authorization, .cookie: false
        case .date, .server, .connection, .expect, .upgrade, .hopByHop, .forwarding, .origin: false
        case .mcpProtocolVersion, .mcpMethod, .mcpName: true
        }
    }
}

/// The names that a `Connection` field lists: they concern one hop only.
private struct ConnectionTokens {
    private let fields: HTTPFields?
    private let bytes: ByteView

    init(_ fields: borrowing HTTPFields, _ bytes: ByteView) {
        self.bytes = bytes
        var isNaming = false
        if fields[.connection] != nil {
            for field in fields.all where field.id == .connection {
                var tokens = HTTPTokenList(bytes[field.value])
                while let token = tokens.next() {
                    if !token.equalsIgnoringCase("keep-alive"), !token.equalsIgnoringCase("close") { isNaming = true }
                }
            }
        }
        self.fields = isNaming ? copy fields : nil
    }

    /// Whether `name` is listed; never what frames a message or what MCP needs at the other end.
    func contains(_ name: ByteView, _ id: HTTPFieldName) -> Bool {
        guard let fields else { return false }
        switch id {
        case .other where name.isOfMCP: return false
        case .contentType, .mcpProtocolVersion, .mcpMethod, .mcpName, .mcpSessionID: return false
        default: break
        }
        for field in fields.all where field.id == .connection {
            var tokens = HTTPTokenList(bytes[field.value])
            while let token = tokens.next() {
                guard token.count == name.count else { continue }
                if (0..<name.count).allSatisfy({ token[$0] | 0x20 == name[$0] | 0x20 }) { return true }
            }
        }
        return false
    }
}

extension ByteView {
    /// A name that some servers read as the one with hyphens.
    fileprivate var hasUnderscore: Bool {
        for offset in 0..<count where self[offset] == UInt8(ascii: "_") { return true }
        return false
    }
}
