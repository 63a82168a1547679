import Crypto
import NIOCore
import Wire

/// What a result is remembered by: a SHA-256, so that the same request has the same key in every process.
struct CacheKey: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// The hash of `prefix` and what is readable in `buffers`. The prefix says what is hashed and in which version.
    init(_ prefix: StaticString, _ buffer: ByteBuffer) {
        var hash = SHA256()
        hash.update(bufferPointer: UnsafeRawBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
        buffer.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
        words = hash.finalize().withUnsafeBytes { digest in
            (
                digest.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                digest.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
                digest.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
            )
        }
    }

    static func == (left: CacheKey, right: CacheKey) -> Bool {
        left.words == right.words
    }

    func hash(into hasher: inout Hasher) {
        // Any part of a cryptographic hash is as good as the whole.
        hasher.combine(words.0)
    }

    /// The key as 64 hexadecimal digits.
    var text: String {
        var text = ""
        text.reserveCapacity(64)
        for word in [words.0, words.1, words.2, words.3] {
            withUnsafeBytes(of: word) { bytes in
                for byte in bytes {
                    text.append(CacheKey.digits[Int(byte >> 4)])
                    text.append(CacheKey.digits[Int(byte & 15)])
                }
            }
        }
        return text
    }

    private static let digits = Array("0123456789abcdef")
}
