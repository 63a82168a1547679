/// The character classes of RFC 9110 §5 and RFC 3986, as tests on bytes.
enum HTTPCharacters {
    /// `tchar`: what a method or field name is made of.
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        // Letters and hyphens are nearly all that names are made of.
        if (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "-") { return true }
        let map: UInt64
        switch byte &>> 6 {
        case 0: map = 0x03FF_6CFA_0000_0000  // ! # $ % & ' * + - . 0-9
        case 1: map = 0x57FF_FFFF_C7FF_FFFE  // A-Z ^ _ ` a-z | ~
        default: return false
        }
        return (map &>> UInt64(byte & 63)) & 1 == 1
    }

    /// Bytes of a request target: visible ASCII without `"`, `#`, `<`, `>`, `\`, `^`, `` ` ``, `{`, `|`, `}`.
    @inline(__always)
    static func isTarget(_ byte: UInt8) -> Bool {
        let map: UInt64
        switch byte &>> 6 {
        case 0: map = 0xAFFF_FFF2_0000_0000
        case 1: map = 0x47FF_FFFE_AFFF_FFFF
        default: return false
        }
        return (map &>> UInt64(byte & 63)) & 1 == 1
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// The value of a hexadecimal digit, or `nil`.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte &- 0x30
        case 0x41...0x46: byte &- 0x37
        case 0x61...0x66: byte &- 0x57
        default: nil
        }
    }

    /// The offset of the first control byte (below 0x20, or DEL; HTAB excepted) in `start..<end`, or `end`.
    static func firstControl(in bytes: ByteView, from start: Int, to end: Int) -> Int {
        var offset = start
        let ones: UInt64 = 0x0101_0101_0101_0101
        let high: UInt64 = 0x8080_8080_8080_8080
        while offset &+ 8 <= end, let word = bytes.word(at: offset) {
            let belowSpace = (word &- ones &* 0x20) & ~word & high
            let delete = word ^ (ones &* 0x7F)
            let hit = belowSpace | ((delete &- ones) & ~delete & high)
            if hit == 0 {
                offset &+= 8
                continue
            }
            // The lowest hit is exact; higher ones may be artefacts of the borrow.
            let position = offset &+ hit.trailingZeroBitCount &>> 3
            if bytes[position] != 0x09 { return position }
            offset = position &+ 1
        }
        while offset < end {
            let byte = bytes[offset]
            if (byte < 0x20 && byte != 0x09) || byte == 0x7F { return offset }
            offset &+= 1
        }
        return end
    }
}
