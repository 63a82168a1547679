import Wire

/// SHA-1 (RFC 3174), by which Redis names scripts. It protects nothing.
enum SHA1 {
    /// The digest of `message` in 40 hexadecimal digits of lower case.
    static func hexadecimalDigest(of message: ByteView) -> [UInt8] {
        var state: InlineArray<5, UInt32> = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
        // The message, a one, zeros, and the number of bits: whole blocks of 64 bytes.
        let blockCount = (message.count &+ 8) / 64 &+ 1
        let bitCount = UInt64(clamping: message.count) &* 8
        for block in 0..<blockCount {
            var words = InlineArray<80, UInt32>(repeating: 0)
            for index in 0..<64 {
                let offset = block &* 64 &+ index
                // Behind the end of the message a view reads as 0.
                var byte = offset == message.count ? 0x80 : message[offset]
                if block == blockCount &- 1, index >= 56 {
                    byte = UInt8(truncatingIfNeeded: bitCount &>> UInt64(8 &* (63 &- index)))
                }
                words[index / 4] = words[index / 4] &<< 8 | UInt32(byte)
            }
            for index in 16..<80 {
                words[index] = (words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]).rotated(
                    by: 1)
            }
            mix(words, into: &state)
        }
        var digits: [UInt8] = []
        for index in 0..<40 {
            let digit = UInt8(truncatingIfNeeded: state[index / 8] &>> UInt32(28 &- index % 8 &* 4)) & 0xF
            digits.append(digit < 10 ? digit &+ 0x30 : digit &+ 0x57)
        }
        return digits
    }

    private static func mix(_ words: InlineArray<80, UInt32>, into state: inout InlineArray<5, UInt32>) {
        var a = state[0]
        var b = state[1]
        var c = state[2]
        var d = state[3]
        var e = state[4]
        for index in 0..<80 {
            let mixed: UInt32
            switch index {
            case ..<20: mixed = (b & c | ~b & d) &+ 0x5A82_7999
            case ..<40: mixed = (b ^ c ^ d) &+ 0x6ED9_EBA1
            case ..<60: mixed = (b & c | b & d | c & d) &+ 0x8F1B_BCDC
            default: mixed = (b ^ c ^ d) &+ 0xCA62_C1D6
            }
            let next = a.rotated(by: 5) &+ mixed &+ e &+ words[index]
            e = d
            d = c
            c = b.rotated(by: 30)
            b = a
            a = next
        }
        state[0] &+= a
        state[1] &+= b
        state[2] &+= c
        state[3] &+= d
        state[4] &+= e
    }
}

extension UInt32 {
    fileprivate func rotated(by count: UInt32) -> UInt32 { self &<< count | self &>> (32 &- count) }
}
