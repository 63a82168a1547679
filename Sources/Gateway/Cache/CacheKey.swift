/// The name under which an answer is kept: 256 bits, different for whatever is not to be served one for the other.
package struct CacheKey: Hashable, Sendable {
    private var words: SIMD4<UInt64>

    /// The key that has these 32 bytes, `nil` for another number of them.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        self = Array(bytes).withUnsafeBytes { CacheKey(words: $0) }
    }

    /// The key of 32 bytes.
    init(words bytes: UnsafeRawBufferPointer) {
        // A SHA-256 digest, or what was counted above: never what somebody has sent.
        precondition(bytes.count == 32, "a key has 32 bytes")
        words = .zero
        for index in words.indices {
            words[index] = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
        }
    }

    /// The 32 bytes.
    package var bytes: [UInt8] {
        (0..<32).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64(56 - $0 % 8 * 8)) }
    }

    /// Keys are even already: one word says as much as all.
    package func hash(into hasher: inout Hasher) { hasher.combine(words[0]) }
}
