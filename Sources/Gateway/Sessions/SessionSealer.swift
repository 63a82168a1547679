import Crypto
package import Wire

/// Seals what a session id must say, so that any gateway with the key can serve the session and nobody else can make,
/// read or change an id.
///
/// An id is `g1.` and the URL-safe Base64 of nonce, AES-256-GCM ciphertext and tag over:
///
/// | bytes | what |
/// | --- | --- |
/// | 8 | key of the backend that holds the session |
/// | 16 | principal: the first half of SHA-256 of the presented credential, or zeros for nobody |
/// | 1 | negotiated revision, or 255 |
/// | 8 | expiry, seconds since 1970 |
/// | rest | the backend's own session id |
package struct SessionSealer: Sendable {
    /// A session id that was opened and not yet judged.
    package struct Content: Equatable, Sendable {
        package var backendKey: UInt64
        package var principal: [UInt8]
        package var version: MCPProtocolVersion?
        package var expiry: Int64
        package var upstreamID: [UInt8]

        package init(
            backendKey: UInt64, principal: [UInt8], version: MCPProtocolVersion?, expiry: Int64, upstreamID: [UInt8]
        ) {
            self.backendKey = backendKey
            self.principal = principal
            self.version = version
            self.expiry = expiry
            self.upstreamID = upstreamID
        }
    }

    /// What every id begins with; the digit changes when the content does.
    private static let prefix: StaticString = "g1."
    private static let fixedByteCount = 33
    /// Longer ids of backends are not sealed: the header they travel in is bounded.
    package static let maximumUpstreamByteCount = 1_024

    private let key: SymmetricKey

    /// Seals with a key derived from `secret`, which must be at least 32 bytes of chance.
    package init(secret: [UInt8]) {
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret), info: Array("mcp-gateway session id v1".utf8),
            outputByteCount: 32)
    }

    /// A key that only this process has; sessions end with it.
    package init() {
        key = SymmetricKey(size: .bits256)
    }

    /// Who presents `credential`, the value of `Authorization`; nobody when there is none. Never the address: clients move.
    package static func principal(_ credential: ByteView?) -> [UInt8] {
        guard let credential else { return [UInt8](repeating: 0, count: 16) }
        return Array(SHA256.hash(data: credential.bytes).prefix(16))
    }

    /// The id for `content`, or `nil` if the backend's id is too long or not visible ASCII.
    package func seal(_ content: Content) -> [UInt8]? {
        guard content.upstreamID.count <= SessionSealer.maximumUpstreamByteCount, !content.upstreamID.isEmpty,
            content.upstreamID.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        var plain: [UInt8] = []
        plain.append(bigEndian: content.backendKey)
        plain += content.principal
        plain.append(content.version?.rawValue ?? 255)
        plain.append(bigEndian: UInt64(bitPattern: content.expiry))
        plain += content.upstreamID
        guard let box = try? AES.GCM.seal(plain, using: key), let combined = box.combined else { return nil }
        var text = Array(SessionSealer.prefixBytes)
        Base64URL.encode(Array(combined), into: &text)
        return text
    }

    /// What `id` says, or `nil` if it was not sealed with this key.
    package func open(_ id: ByteView) -> Content? {
        let prefix = SessionSealer.prefixBytes
        guard id.count > prefix.count, id.count <= 4_096,
            id.slice(from: 0, to: prefix.count).equals(SessionSealer.prefix),
            let sealed = Base64URL.decode(id.slice(from: prefix.count, to: id.count).raw),
            let box = try? AES.GCM.SealedBox(combined: sealed),
            let opened = try? AES.GCM.open(box, using: key)
        else { return nil }
        let plain = Array(opened)
        guard plain.count > SessionSealer.fixedByteCount else { return nil }
        return Content(
            backendKey: plain.bigEndian(at: 0), principal: Array(plain[8..<24]),
            version: MCPProtocolVersion(rawValue: plain[24]), expiry: Int64(bitPattern: plain.bigEndian(at: 25)),
            upstreamID: Array(plain[SessionSealer.fixedByteCount...]))
    }

    private static var prefixBytes: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian value: UInt64) {
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// The eight bytes at `index`; the caller has checked that they exist.
    fileprivate func bigEndian(at index: Int) -> UInt64 {
        self[index..<(index + 8)].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
