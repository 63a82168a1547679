import Crypto
import NIOCore
import Wire

/// Seals what a server must know when a client calls again with its answers (`requestState`; MCP 2026-07-28, Multi
/// Round-Trip Requests), so that any server with the key can go on and nobody else can make, read or change it.
///
/// A state is `s1.` and the Base64 of nonce, AES-256-GCM ciphertext and tag over:
///
/// | bytes | what |
/// | --- | --- |
/// | 8 | expiry, seconds since 1970 |
/// | 16 | principal: the first half of SHA-256 of the presented credential, or zeros for nobody |
/// | 32 | SHA-256 of method, name and arguments of the call |
/// | rest | `{"answers":{KEY:RESULT},"asked":[KEY]}` |
struct StateSealer: Sendable {
    /// How far the questions of a call have come.
    struct Rounds {
        /// What the client has answered, by key.
        var answers = JSONObject()
        /// The keys of what it was asked last.
        var asked: [String] = []
    }

    /// How long a user may take for an answer.
    static let lifetimeSeconds: Int64 = 900
    /// Bytes of a state: it travels in every call.
    private static let maximumByteCount = 262_144
    private static let prefix = "s1."
    private static let fixedByteCount = 56

    private let key: SymmetricKey

    /// Seals with a key derived from `secret`; with one that only this process has if there is none.
    init(secret: [UInt8]?) {
        guard let secret else {
            key = SymmetricKey(size: .bits256)
            return
        }
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret), info: Array("mcp-server request state v1".utf8),
            outputByteCount: 32)
    }

    /// The first half of SHA-256 of a credential.
    static func principal(_ credential: ByteView) -> [UInt8] {
        Array(SHA256.hash(data: credential.bytes).prefix(16))
    }

    /// What a call is about, whatever its members' order.
    static func digest(_ message: IncomingMessage) -> [UInt8] {
        var text = ByteBuffer()
        message.body.withByteView { bytes in
            text.writeBytes(message.envelope.method.map { $0.unescaped(in: bytes) } ?? [])
            for name in [message.envelope.name, message.envelope.uri] {
                text.writeInteger(0 as UInt8)
                text.writeBytes(name.map { $0.unescaped(in: bytes) } ?? [])
            }
            text.writeInteger(0 as UInt8)
            if let arguments = message.envelope.arguments, let value = try? JSONValue.parse(bytes[arguments]) {
                value.sorted.write(into: &text)
            }
        }
        return Array(SHA256.hash(data: Array(text.readableBytesView)))
    }

    /// The state of a call that has come so far; `nil` if its answers are too long.
    func seal(_ rounds: Rounds, of message: IncomingMessage, at now: Int64) -> String? {
        var plain = ByteBuffer()
        plain.writeInteger(now &+ StateSealer.lifetimeSeconds)
        plain.writeBytes(message.principal ?? [UInt8](repeating: 0, count: 16))
        plain.writeBytes(StateSealer.digest(message))
        plain.writeJSON(["answers": .object(rounds.answers), "asked": .array(rounds.asked.map { .string($0) })])
        guard plain.readableBytes <= StateSealer.maximumByteCount,
            let sealed = try? AES.GCM.seal(Array(plain.readableBytesView), using: key).combined
        else { return nil }
        var text = Array(StateSealer.prefix.utf8)
        Array(sealed).withUnsafeBytes { Base64.encode(ByteView($0), into: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    /// What a state says; `nil` if it was not sealed with this key, for this call, for this principal, or too
    /// long ago.
    func open(_ text: [UInt8], of message: IncomingMessage, at now: Int64) -> Rounds? {
        guard text.starts(with: StateSealer.prefix.utf8), text.count <= StateSealer.maximumByteCount * 2,
            let sealed = text.withUnsafeBytes({
                Base64.decode(ByteView($0).slice(from: StateSealer.prefix.utf8.count, to: text.count))
            }),
            let box = try? AES.GCM.SealedBox(combined: sealed),
            let opened = try? AES.GCM.open(box, using: key), opened.count > StateSealer.fixedByteCount
        else { return nil }
        var plain = ByteBuffer(bytes: opened)
        guard let expiry = plain.readInteger(as: Int64.self), expiry >= now,
            let principal = plain.readBytes(length: 16),
            principal == message.principal ?? [UInt8](repeating: 0, count: 16),
            let digest = plain.readBytes(length: 32), digest == StateSealer.digest(message)
        else { return nil }
        guard let rounds = plain.withByteView({ try? JSONValue.parse($0) }) else { return nil }
        return Rounds(
            answers: rounds["answers"]?.objectValue ?? JSONObject(),
            asked: rounds["asked"]?.arrayValue?.compactMap(\.stringValue) ?? [])
    }
}

extension JSONValue {
    /// The same value with the members of its objects in the order of their names' bytes.
    fileprivate var sorted: JSONValue {
        switch self {
        case .object(let object):
            var sorted = JSONObject()
            let members = object.members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            for member in members { sorted[member.name] = member.value.sorted }
            return .object(sorted)
        case .array(let elements): return .array(elements.map(\.sorted))
        case .null, .bool, .number, .string: return self
        }
    }
}
