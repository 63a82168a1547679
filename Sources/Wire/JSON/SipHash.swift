/// SipHash-1-3 (Aumasson, Bernstein: SipHash, a fast short-input PRF): a hash whose collisions nobody can choose
/// without the key.
package enum SipHash {
    /// The hash of `bytes` under `key`.
    package static func hash(_ bytes: ByteView, key: (UInt64, UInt64)) -> UInt64 {
        var state = State(key: key)
        var offset = 0
        while let word = bytes.word(at: offset) {
            state.mix(word)
            offset &+= 8
        }
        var last = UInt64(truncatingIfNeeded: bytes.count) &<< 56
        var shift: UInt64 = 0
        while offset < bytes.count {
            last |= UInt64(bytes[offset]) &<< shift
            offset &+= 1
            shift &+= 8
        }
        state.mix(last)
        return state.finish()
    }

    private struct State {
        var v0: UInt64
        var v1: UInt64
        var v2: UInt64
        var v3: UInt64

        init(key: (UInt64, UInt64)) {
            v0 = key.0 ^ 0x736F_6D65_7073_6575
            v1 = key.1 ^ 0x646F_7261_6E64_6F6D
            v2 = key.0 ^ 0x6C79_6765_6E65_7261
            v3 = key.1 ^ 0x7465_6462_7974_6573
        }

        mutating func mix(_ word: UInt64) {
            v3 ^= word
            round()
            v0 ^= word
        }

        mutating func finish() -> UInt64 {
            v2 ^= 0xFF
            round()
            round()
            round()
            return v0 ^ v1 ^ v2 ^ v3
        }

        private mutating func round() {
            v0 = v0 &+ v1
            v1 = v1 &<< 13 | v1 &>> 51
            v1 ^= v0
            v0 = v0 &<< 32 | v0 &>> 32
            v2 = v2 &+ v3
            v3 = v3 &<< 16 | v3 &>> 48
            v3 ^= v2
            v0 = v0 &+ v3
            v3 = v3 &<< 21 | v3 &>> 43
            v3 ^= v0
            v2 = v2 &+ v1
            v1 = v1 &<< 17 | v1 &>> 47
            v1 ^= v2
            v2 = v2 &<< 32 | v2 &>> 32
        }
    }
}
