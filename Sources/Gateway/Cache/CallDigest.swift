import Crypto
import NIOCore
package import Wire

/// What a call asks, without who asks it: two calls have the same digest exactly if the same answer is right for both.
///
/// SHA-256 over pool, generation of the pool, revision, method, the client's capabilities and `params` without `_meta`.
/// These two are taken in their canonical form (RFC 8785), so order of members, white space, escapes and forms of numbers
/// make no difference, and a difference of one byte in a text does. Nothing else of `_meta` counts: progress tokens, trace
/// contexts and names of clients do not change an answer; capabilities may (MCP 2026-07-28, Caching).
///
/// An answer may be for everyone or for one identity, which is known only when it is there. Hence two steps: the digest
/// once per call, and from it the key for each audience.
package struct CallDigest: Hashable, Sendable {
    private let digest: SHA256.Digest

    /// The digest of the request that `envelope` found in `message`; `nil` if its parts are of the wrong kind.
    ///
    /// `generation` counts what makes all answers of the pool void. `params` that are absent are the same as empty ones.
    package init?(
        pool: String, generation: UInt64, version: MCPProtocolVersion, method: MCPMethod, envelope: JSONRPCEnvelope,
        message: ByteView
    ) {
        guard envelope.kind == .request, method != .unknown, envelope.paramsKind ?? .object == .object,
            envelope.metaKind ?? .object == .object
        else { return nil }
        var hasher = SHA256()
        // So that a digest of another kind, or of another version of this one, is never taken for this.
        hasher.update(field: "mcp-gateway call v1")
        hasher.update(field: pool)
        hasher.update(number: generation)
        hasher.update(number: UInt64(version.rawValue))
        hasher.update(field: UnsafeRawBufferPointer(start: method.text.utf8Start, count: method.text.utf8CodeUnitCount))
        var buffer = ByteBuffer()
        do {
            let capabilities = envelope.meta.flatMap {
                JSONMemberRanges.value(of: "io.modelcontextprotocol/clientCapabilities", in: $0, message)
            }
            if let capabilities { try buffer.writeCanonicalJSON(message[capabilities.range]) }
            buffer.withUnsafeReadableBytes { hasher.update(field: $0) }
            buffer.clear()
            try buffer.writeCanonicalParams(of: envelope, in: message)
            buffer.withUnsafeReadableBytes { hasher.update(field: $0) }
        } catch {
            // What was scanned is valid; should the two readers disagree, nothing is kept.
            return nil
        }
        digest = hasher.finalize()
    }

    /// The key of the answer to this call for `audience`.
    package func key(for audience: CacheAudience) -> CacheKey {
        var hasher = SHA256()
        hasher.update(field: "mcp-gateway answer v1")
        digest.withUnsafeBytes { hasher.update(field: $0) }
        switch audience {
        case .everyone:
            hasher.update(number: 0)
        case .identity(let identity):
            hasher.update(number: 1)
            identity.withUnsafeBytes { hasher.update(field: $0) }
        }
        return hasher.finalize().withUnsafeBytes { CacheKey(words: $0) }
    }
}

extension ByteBuffer {
    /// Appends `params` without `_meta` in their canonical form.
    fileprivate mutating func writeCanonicalParams(
        of envelope: JSONRPCEnvelope, in message: ByteView
    ) throws(JSONError) {
        guard let params = envelope.params else {
            writeStaticString("{}")
            return
        }
        guard let meta = envelope.meta else { return try writeCanonicalJSON(message[params]) }
        var rest = ByteBuffer()
        rest.reserveCapacity(params.count)
        rest.writeStaticString("{")
        for member in JSONMemberRanges(of: params, in: message) where member.value.range != meta {
            if rest.readableBytes > 1 { rest.writeStaticString(",") }
            rest.writeBytes(message[member.range].raw)
        }
        rest.writeStaticString("}")
        try rest.withByteView { view throws(JSONError) in try writeCanonicalJSON(view) }
    }
}

extension SHA256 {
    /// Adds a number.
    fileprivate mutating func update(number: UInt64) {
        withUnsafeBytes(of: number.bigEndian) { update(bufferPointer: $0) }
    }

    /// Adds a field behind its length, so that what belongs to one cannot be taken for the next.
    fileprivate mutating func update(field: UnsafeRawBufferPointer) {
        update(number: UInt64(field.count))
        update(bufferPointer: field)
    }

    fileprivate mutating func update(field: String) {
        var field = field
        field.withUTF8 { update(field: UnsafeRawBufferPointer($0)) }
    }
}
