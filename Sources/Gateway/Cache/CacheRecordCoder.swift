import Crypto
import NIOCore
import Resilience
package import Wire

/// Writes records for a shared store, and reads them without trust in who can write there.
///
/// | bytes | what |
/// | --- | --- |
/// | 1 | version of this layout |
/// | 8 | bytes of the whole record |
/// | 32 | the key under which it is kept |
/// | 8 | received, milliseconds since 1970 |
/// | 8 | fresh for, milliseconds |
/// | 8 | fetch time, milliseconds |
/// | 4 + 4 | where the answer's id stands, and how long it is |
/// | 4 + 4 | the same of `ttlMs`; zeros if there is none |
/// | 2 | length of the validator |
/// | … | the validator, then the answer |
/// | 32 | HMAC-SHA256 of all before |
///
/// Numbers are big-endian. The key is in the seal, so a record that is moved to another key is refused.
package struct CacheRecordCoder: Sendable {
    /// The version of the layout that is written, and the only one that is read.
    package static let version: UInt8 = 1
    private static let headBytes = 83
    private static let sealBytes = 32

    private let secret: SymmetricKey

    /// Seals with a key derived from `secret`, the same on all gateways that share the store: at least 32 bytes of chance.
    package init(secret: [UInt8]) {
        self.secret = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret), info: Array("mcp-gateway cache record v1".utf8),
            outputByteCount: 32)
    }

    /// The bytes to keep under `key`; `nil` if the validator is too long.
    package func encode(_ record: CacheRecord, for key: CacheKey) -> [UInt8]? {
        let answer = record.answer
        guard let validatorLength = UInt16(exactly: record.validator.count) else { return nil }
        let length =
            Self.headBytes &+ record.validator.count &+ answer.bytes.readableBytes &+ Self.sealBytes
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length)
        bytes.append(Self.version)
        bytes.append(bigEndian: UInt64(length))
        bytes += key.bytes
        bytes.append(bigEndian: record.received)
        bytes.append(bigEndian: record.freshness.wholeMilliseconds)
        bytes.append(bigEndian: record.fetchTime.wholeMilliseconds)
        bytes.append(bigEndian: answer.id.start)
        bytes.append(bigEndian: answer.id.length)
        bytes.append(bigEndian: answer.timeToLive?.start ?? 0)
        bytes.append(bigEndian: answer.timeToLive?.length ?? 0)
        bytes.append(bigEndian: validatorLength)
        bytes += record.validator
        bytes += answer.bytes.readableBytesView
        bytes += HMAC<SHA256>.authenticationCode(for: bytes, using: secret)
        return bytes
    }

    /// The record that was kept under `key`.
    package func decode(_ bytes: ByteView, for key: CacheKey) throws(CacheRecordRejection) -> CacheRecord {
        var reader = Reader(bytes)
        guard reader.next() as UInt8 == Self.version else { throw .version }
        guard bytes.count >= Self.headBytes + Self.sealBytes, reader.next() as UInt64 == UInt64(bytes.count) else {
            throw .length
        }
        guard CacheKey(reader.next(count: 32).raw) == key else { throw .key }
        let sealed = bytes.slice(from: 0, to: bytes.count &- Self.sealBytes)
        guard HMAC<SHA256>.isValid(bytes.slice(from: sealed.count, to: bytes.count), of: sealed, key: secret) else {
            throw .seal
        }
        let received: Int64 = reader.next()
        let freshness: Int64 = reader.next()
        let fetchTime: Int64 = reader.next()
        let id = ByteRange(start: Int(reader.next() as UInt32), length: Int(reader.next() as UInt32))
        let timeToLive = ByteRange(start: Int(reader.next() as UInt32), length: Int(reader.next() as UInt32))
        let validatorLength = Int(reader.next() as UInt16)
        guard freshness >= 0, fetchTime >= 0, reader.offset &+ validatorLength <= sealed.count else { throw .content }
        let validator = reader.next(count: validatorLength).bytes
        let answerBytes = sealed.slice(from: reader.offset, to: sealed.count)
        guard
            let answer = CachedAnswer(
                bytes: ByteBuffer(bytes: answerBytes.raw), id: id, timeToLive: timeToLive.isEmpty ? nil : timeToLive)
        else { throw .content }
        return CacheRecord(
            answer: answer, received: received, freshness: .milliseconds(freshness),
            fetchTime: .milliseconds(fetchTime), validator: validator)
    }
}

/// Reads numbers one after the other; behind the end they are zero.
private struct Reader {
    private let bytes: ByteView
    private(set) var offset = 0

    init(_ bytes: ByteView) {
        self.bytes = bytes
    }

    mutating func next<Number: FixedWidthInteger>() -> Number {
        var number: Number.Magnitude = 0
        for byte in next(count: Number.bitWidth / 8).raw {
            number = number << 8 | Number.Magnitude(truncatingIfNeeded: byte)
        }
        return Number(truncatingIfNeeded: number)
    }

    mutating func next(count: Int) -> ByteView {
        defer { offset &+= count }
        return bytes.slice(from: offset, to: offset &+ count)
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}

extension Duration {
    /// Whole milliseconds, never negative, limited to 292 years.
    fileprivate var wholeMilliseconds: Int64 { max(saturatedNanoseconds, 0) / 1_000_000 }
}

extension HMAC<SHA256> {
    /// Whether `seal` is that of `bytes`; takes as long whatever it is.
    fileprivate static func isValid(_ seal: ByteView, of bytes: ByteView, key: SymmetricKey) -> Bool {
        isValidAuthenticationCode(seal.bytes, authenticating: bytes.bytes, using: key)
    }
}
