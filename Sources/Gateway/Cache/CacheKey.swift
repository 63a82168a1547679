/// The name under which an answer is kept: 256 bits, different for whatever is not to be served one for the other.
package struct CacheKey: Hashable, Sendable {
    private var words: SIMD4<UInt64>

    /// The key that has these 32 bytes, `nil` for another number of them.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        self.init(words: bytes)
    }

    /// The key of the first 32 bytes.
    init(words bytes: some Collection<UInt8>) {
        words = .zero
        for (offset, byte) in bytes.prefix(32).enumerated() {
            words[offset / 8] = words[offset / 8] << 8 | UInt64(byte)
        }
    }

    /// The 32 bytes.
    package var bytes: [UInt8] {
        (0..<32).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64(56 - $0 % 8 * 8)) }
    }

    /// Keys are even already: one word says as much as all.
    package func hash(into hasher: inout Hasher) { hasher.combine(words[0]) }
}
