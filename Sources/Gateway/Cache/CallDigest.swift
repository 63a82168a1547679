import Crypto
import NIOCore
package import Wire

/// What a call asks, without who asks it: two calls have the same digest exactly if the same answer is right for both.
///
/// SHA-256 over a secret, pool, generation of the pool, revision if it counts, method, other fields that a backend sees, the client's
/// capabilities and `params` without `_meta`. The last two are taken in their canonical form (RFC 8785), so order of members, white space, escapes and forms of numbers
/// make no difference, and a difference of one byte in a text does. Nothing else of `_meta` counts: progress tokens, trace
/// contexts and names of clients do not change an answer; capabilities may (MCP 2026-07-28, Caching).
///
/// An answer may be for everyone or for one identity, which is known only when it is there. Hence two steps: the digest
/// once per call, and from it the key for each audience.
package struct CallDigest: Hashable, Sendable {
    private let digest: SHA256.Digest

    /// The digest of the request that `envelope` found in `message`; `nil` if its parts are of the wrong kind.
    ///
    /// `generation` counts what makes all answers of the pool void. Without a `version` the digest is that of the call in
    /// every revision, and the client's capabilities do not count. `params` that are absent are the same as empty ones.
    /// `fields` stands for fields of the head on which the answer may depend; `secret` keeps others from finding out what is
    /// behind a key, and is the same wherever keys are to be the same.
    package init?(
        pool: String, generation: UInt64, version: MCPProtocolVersion?, method: MCPMethod, envelope: JSONRPCEnvelope,
        message: ByteView, fields: CallerKey = .nobody, secret: [UInt8] = []
    ) {
        guard envelope.kind == .request, method != .unknown, envelope.paramsKind ?? .object == .object,
            envelope.metaKind ?? .object == .object
        else { return nil }
        var buffer = ByteBuffer()
        buffer.reserveCapacity(message.count &+ pool.utf8.count &+ secret.count &+ 160)
        // So that a digest of another kind, or of another version of this one, is never taken for this.
        buffer.writeStaticString("mcp-gateway call v1")
        buffer.writeInteger(generation)
        // No revision has this number.
        buffer.writeInteger(version?.rawValue ?? .max)
        buffer.writeInteger(fields.high)
        buffer.writeInteger(fields.low)
        do {
            // Each part comes behind its length, so that what belongs to one cannot be taken for the next.
            try buffer.writeLengthPrefixed(as: UInt64.self) { $0.writeBytes(secret) }
            try buffer.writeLengthPrefixed(as: UInt64.self) { $0.writeString(pool) }
            try buffer.writeLengthPrefixed(as: UInt64.self) { $0.writeStaticString(method.text) }
            try buffer.writeLengthPrefixed(as: UInt64.self) {
                version == nil ? 0 : try $0.writeCapabilities(of: envelope, in: message)
            }
            try buffer.writeLengthPrefixed(as: UInt64.self) { try $0.writeParams(of: envelope, in: message) }
        } catch {
            // What was scanned is valid; should the two readers disagree, nothing is kept.
            return nil
        }
        var hasher = SHA256()
        buffer.withUnsafeReadableBytes { hasher.update(bufferPointer: $0) }
        digest = hasher.finalize()
    }

    /// The key of the answer to this call for `audience`.
    package func key(for audience: CacheAudience) -> CacheKey {
        var hasher = SHA256()
        digest.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        // The digest has one length, so whatever follows is the audience.
        switch audience {
        case .everyone:
            break
        case .identity(let identity):
            withUnsafeBytes(of: 1 as UInt8) { hasher.update(bufferPointer: $0) }
            identity.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        }
        return hasher.finalize().withUnsafeBytes { CacheKey(words: $0) }
    }
}

extension ByteBuffer {
    /// Appends the client's capabilities in their canonical form, and returns the number of bytes; none if there are none.
    fileprivate mutating func writeCapabilities(
        of envelope: JSONRPCEnvelope, in message: ByteView
    ) throws(JSONError) -> Int {
        guard let meta = envelope.meta,
            let value = JSONMemberRanges.value(of: "io.modelcontextprotocol/clientCapabilities", in: meta, message)
        else { return 0 }
        let start = writerIndex
        try writeCanonicalJSON(message[value.range])
        return writerIndex &- start
    }

    /// Appends `params` without `_meta` in their canonical form, and returns the number of bytes.
    fileprivate mutating func writeParams(
        of envelope: JSONRPCEnvelope, in message: ByteView
    ) throws(JSONError) -> Int {
        guard let params = envelope.params else { return writeStaticString("{}") }
        let start = writerIndex
        guard let meta = envelope.meta else {
            try writeCanonicalJSON(message[params])
            return writerIndex &- start
        }
        var rest = ByteBuffer()
        rest.reserveCapacity(params.count)
        rest.writeStaticString("{")
        for member in JSONMemberRanges(of: params, in: message) where member.value.range != meta {
            if rest.readableBytes > 1 { rest.writeStaticString(",") }
            rest.writeBytes(message[member.range].raw)
        }
        rest.writeStaticString("}")
        try rest.withByteView { view throws(JSONError) in try writeCanonicalJSON(view) }
        return writerIndex &- start
    }
}
