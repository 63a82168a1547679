import Crypto
package import NIOCore
import Resilience
package import Wire

/// Makes keys of what tells callers apart: credentials, addresses, names of tools. The secret of the hash lives as long as
/// the process, so that nobody can choose a name that shares another one's limit.
package struct CallerHash: Sendable {
    private typealias Key = (UInt64, UInt64)

    /// What is hashed: the same bytes of another kind are another key.
    private enum Kind: UInt64 {
        case bearer, authorization, apiKey, address, tool, fields, name
    }

    private let first: Key
    private let second: Key

    /// A hash whose secret follows from `secret`: the same on all gateways that have the same one.
    package init(secret: [UInt8]) {
        let bytes = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret), info: Array("mcp-gateway callers v1".utf8),
            outputByteCount: 32
        ).withUnsafeBytes { Array($0) }
        let words = stride(from: 0, to: 32, by: 8).map { start in
            bytes[start..<start + 8].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        }
        first = (words[0], words[1])
        second = (words[2], words[3])
    }

    /// A hash whose secret follows from `seed`.
    package init(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        first = (random.next(), random.next())
        second = (random.next(), random.next())
    }

    /// The credential that a request presents: a bearer token, anything else in `Authorization`, or an `X-API-Key`. `nil`
    /// if there is none. Only the token counts of a bearer, so that nobody gets a limit of their own by writing the scheme
    /// in another way.
    package func credential(of head: HTTPReceivedHead) -> CallerKey? {
        if let value = head.requestField(.authorization), value.count > 0 {
            if let token = value.bearerToken { return hash(token, .bearer) }
            return hash(value, .authorization)
        }
        for field in head.request.fields.all where field.id == .other {
            guard field.name.count == 9, head.bytes[field.name].equalsIgnoringCase("x-api-key") else { continue }
            return field.value.count > 0 ? hash(head.bytes[field.value], .apiKey) : nil
        }
        return nil
    }

    /// The address of a client without its port.
    package func address(_ address: SocketAddress?) -> CallerKey {
        address?.ipBytes.map { self.address($0) } ?? .nobody
    }

    /// An address, 4 or 16 bytes in network order; of IPv6 the first 64 bits, which are one household or one machine.
    package func address(_ bytes: [UInt8]) -> CallerKey {
        bytes.prefix(bytes.count == 16 ? 8 : bytes.count).withUnsafeBytes { hash(ByteView($0), .address) }
    }

    /// The name of a tool, after unescaping.
    package func tool(_ name: JSONText, in body: ByteView) -> UInt64 {
        guard name.isEscaped else { return hash(body[name.range], .tool).low }
        return name.unescaped(in: body).withUnsafeBytes { hash(ByteView($0), .tool).low }
    }

    /// A name of the configuration, for keys that gateways share.
    func name(_ text: String) -> UInt64 {
        Array(text.utf8).withUnsafeBytes { hash(ByteView($0), .name).low }
    }

    /// The fields of a request's head that backends get and on which an answer may depend, besides those that MCP itself
    /// defines and the credential; `nobody` if there are none.
    package func variation(of head: HTTPReceivedHead) -> CallerKey {
        var text: [UInt8] = []
        // The key by which the caller is known is in their identity.
        var isIdentity = head.requestField(.authorization) == nil
        for field in head.request.fields.all where field.id == .other {
            let name = head.bytes[field.name]
            if name.isOfNoAccount { continue }
            if isIdentity, name.equalsIgnoringCase("x-api-key") {
                isIdentity = false
                continue
            }
            for offset in 0..<name.count { text.append(name[offset] | 0x20) }
            text.append(UInt8(ascii: ":"))
            text += head.bytes[field.value].raw
            text.append(UInt8(ascii: "\n"))
        }
        guard !text.isEmpty else { return .nobody }
        return text.withUnsafeBytes { hash(ByteView($0), .fields) }
    }

    private func hash(_ bytes: ByteView, _ kind: Kind) -> CallerKey {
        CallerKey(
            high: SipHash.hash(bytes, key: (first.0 ^ kind.rawValue, first.1)),
            low: SipHash.hash(bytes, key: (second.0 ^ kind.rawValue, second.1)))
    }
}

extension ByteView {
    /// Whether fields of this name say something of the caller or of the connection, and nothing that an answer depends on;
    /// or repeat what the body says. Calls whose answers may be kept for others go on without them, if they are not MCP's.
    var isOfNoAccount: Bool {
        switch count {
        case 3: if equalsIgnoringCase("dnt") { return true }
        case 6: if equalsIgnoringCase("pragma") { return true }
        case 7: if equalsIgnoringCase("baggage") { return true }
        case 8: if equalsIgnoringCase("priority") { return true }
        case 10: if equalsIgnoringCase("user-agent") { return true }
        case 12: if equalsIgnoringCase("x-request-id") { return true }
        case 13: if equalsIgnoringCase("cache-control") { return true }
        case 16: if equalsIgnoringCase("x-correlation-id") { return true }
        default: break
        }
        return isOfMCP || slice(from: 0, to: 4).equalsIgnoringCase("sec-")
    }

    /// Whether this is the name of a field that MCP may define.
    var isOfMCP: Bool { slice(from: 0, to: 4).equalsIgnoringCase("mcp-") }

    /// The token of `Bearer TOKEN` (RFC 6750 §2.1); the scheme in any case, with any space around the token.
    fileprivate var bearerToken: ByteView? {
        guard count > 7, slice(from: 0, to: 6).equalsIgnoringCase("bearer"), self[6] == UInt8(ascii: " ") else {
            return nil
        }
        var start = 7
        var end = count
        while start < end, self[start] == UInt8(ascii: " ") { start &+= 1 }
        while end > start, self[end &- 1] == UInt8(ascii: " ") { end &-= 1 }
        return slice(from: start, to: end)
    }
}
