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
/// | 4 + 4 | the same of `ttlMs`; zeros if there is none. Where hints are kept apart: where they belong, and no length |
/// | 1 | 0 for hints as the server gave them; else they are kept apart, and it is for: 1 untold, 2 its caller, 3 everybody |
/// | 4 | length of the answer if it is compressed; zero if it is not |
/// | 2 | length of the validator |
/// | … | the validator, then the answer as it is or as an LZ4 block |
/// | 32 | HMAC-SHA256 of all before |
///
/// Numbers are big-endian. The key is in the seal, so a record that is moved to another key is refused. An answer of 1 KiB
/// to 1 MiB is compressed if that takes an eighth of it away or more. The seal is that of the compressed bytes, and is
/// looked at before them: nobody without the secret can have anything decompressed here.
package struct CacheRecordCoder: Sendable {
    /// The version of the layout that is written, and the only one that is read.
    package static let version: UInt8 = 3
    /// The longest answer that any gateway keeps, in bytes: the most that `cache.max_entry` can be.
    package static let maximumAnswerBytes = 67_108_864
    /// Shorter answers are not compressed: what that saves is little beside the name, the seal and a round trip.
    static let compressedFromBytes = 1_024
    /// Longer answers are not compressed: the loop would stand still for more than some milliseconds.
    static let compressedUpToBytes = 1_048_576
    private static let headBytes = 88
    private static let lengthOffset = 1
    private static let answerLengthOffset = 82
    private static let sealBytes = 32

    private let secret: SymmetricKey
    private let maximumAnswer: Int

    /// Seals with a key derived from `secret`, the same on all gateways that share the store: at least 32 bytes of chance.
    ///
    /// Reads answers of at most `maximumAnswer` bytes, and of 64 MiB in any case.
    package init(secret: [UInt8], maximumAnswer: Int = maximumAnswerBytes) {
        self.maximumAnswer = min(maximumAnswer, Self.maximumAnswerBytes)
        self.secret = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret), info: Array("mcp-gateway cache record v3".utf8),
            outputByteCount: 32)
    }

    /// The bytes to keep under `key`; `nil` if the validator is too long.
    ///
    /// `compressor` is that of the loop on which this is called.
    package func encode(_ record: CacheRecord, for key: CacheKey, with compressor: inout LZ4Compressor) -> [UInt8]? {
        let answer = record.answer
        guard let validatorLength = UInt16(exactly: record.validator.count) else { return nil }
        let answerLength = answer.bytes.readableBytes
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headBytes &+ record.validator.count &+ answerLength &+ Self.sealBytes)
        bytes.append(Self.version)
        bytes.append(bigEndian: UInt64(0))
        bytes += key.bytes
        bytes.append(bigEndian: record.received)
        bytes.append(bigEndian: record.freshness.wholeMilliseconds)
        bytes.append(bigEndian: record.fetchTime.wholeMilliseconds)
        bytes.append(bigEndian: answer.id.start)
        bytes.append(bigEndian: answer.id.length)
        switch answer.hints {
        case .given(let timeToLive):
            bytes.append(bigEndian: timeToLive?.start ?? 0)
            bytes.append(bigEndian: timeToLive?.length ?? 0)
            bytes.append(0)
        case .apart(let place, let scope):
            bytes.append(bigEndian: place)
            bytes.append(bigEndian: UInt32(0))
            bytes.append(scope.rawValue &+ 1)
        }
        bytes.append(bigEndian: UInt32(0))
        bytes.append(bigEndian: validatorLength)
        bytes += record.validator
        let isCompressed = answer.bytes.withByteView { view in
            view.count >= Self.compressedFromBytes && view.count <= Self.compressedUpToBytes
                && compressor.compress(view, limit: view.count &- (view.count &+ 7) / 8, into: &bytes)
        }
        if isCompressed {
            bytes.write(bigEndian: UInt32(clamping: answerLength), at: Self.answerLengthOffset)
        } else {
            bytes += answer.bytes.readableBytesView
        }
        seal(&bytes)
        return bytes
    }

    /// Completes a record that has all but its length, whose place is there, and its seal.
    func seal(_ bytes: inout [UInt8]) {
        bytes.write(bigEndian: UInt64(bytes.count &+ Self.sealBytes), at: Self.lengthOffset)
        bytes += HMAC<SHA256>.authenticationCode(for: bytes, using: secret)
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
        let place = ByteRange(start: Int(reader.next() as UInt32), length: Int(reader.next() as UInt32))
        let form: UInt8 = reader.next()
        let uncompressedLength = Int(reader.next() as UInt32)
        let validatorLength = Int(reader.next() as UInt16)
        guard freshness >= 0, fetchTime >= 0, reader.offset &+ validatorLength <= sealed.count else { throw .content }
        let validator = reader.next(count: validatorLength).bytes
        let answerBytes = try answer(in: sealed.slice(from: reader.offset, to: sealed.count), uncompressedLength)
        guard let hints = hints(form, place), let answer = CachedAnswer(bytes: answerBytes, id: id, hints: hints) else {
            throw .content
        }
        return CacheRecord(
            answer: answer, received: received, freshness: .milliseconds(freshness),
            fetchTime: .milliseconds(fetchTime), validator: validator)
    }

    private func hints(_ form: UInt8, _ place: ByteRange) -> CachedAnswer.Hints? {
        guard form > 0 else { return .given(timeToLive: place.isEmpty ? nil : place) }
        return CachedAnswer.Scope(rawValue: form &- 1).map { .apart(at: place.start, $0) }
    }

    /// The answer that is kept as `bytes`, compressed unless `uncompressedLength` is zero.
    private func answer(
        in bytes: ByteView, _ uncompressedLength: Int
    ) throws(CacheRecordRejection) -> ByteBuffer {
        guard max(bytes.count, uncompressedLength) <= maximumAnswer else { throw .content }
        guard uncompressedLength > 0 else { return ByteBuffer(bytes: bytes.raw) }
        do throws(LZ4Error) {
            return try LZ4Block.decompress(bytes, count: uncompressedLength)
        } catch {
            throw .content
        }
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

    /// Overwrites what stands at `offset`, where the number has room.
    fileprivate mutating func write(bigEndian number: some FixedWidthInteger, at offset: Int) {
        Swift.withUnsafeBytes(of: number.bigEndian) { number in
            replaceSubrange(offset..<(offset &+ number.count), with: number)
        }
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
