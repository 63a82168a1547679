/// Gives the UTF-8 bytes of a JSON string that has been validated, one after another, escapes resolved.
///
/// Of bytes that were not validated it gives something, without a trap.
struct JSONUnescaper {
    private let bytes: ByteView
    private var offset = 0
    /// Bytes of a decoded escape that are still to come, the next one lowest.
    private var pending: UInt32 = 0

    /// The string between whose quotes `bytes` stand.
    init(_ bytes: ByteView) {
        self.bytes = bytes
    }

    /// The next byte, or `nil` at the end.
    mutating func next() -> UInt8? {
        if pending != 0 {
            let byte = UInt8(truncatingIfNeeded: pending)
            pending &>>= 8
            return byte
        }
        guard offset < bytes.count else { return nil }
        let byte = bytes[offset]
        offset &+= 1
        guard byte == UInt8(ascii: "\\") else { return byte }
        let escape = bytes[offset]
        offset &+= 1
        guard escape == UInt8(ascii: "u") else { return Self.character(for: escape) ?? escape }
        var scalar = codeUnit()
        if scalar & 0xFC00 == 0xD800 {
            offset &+= 2
            scalar = 0x10000 &+ ((scalar & 0x3FF) &<< 10) &+ (codeUnit() & 0x3FF)
        }
        let encoded = Self.utf8(scalar)
        pending = encoded &>> 8
        return UInt8(truncatingIfNeeded: encoded)
    }

    private mutating func codeUnit() -> UInt32 {
        var value: UInt32 = 0
        for position in offset..<(offset &+ 4) {
            value = value &<< 4 | UInt32(HTTPCharacters.hexValue(bytes[position]) ?? 0)
        }
        offset &+= 4
        return value
    }

    /// What the escape `\` + `byte` stands for; `nil` if there is no such escape of two characters (RFC 8259 §7).
    @inline(__always)
    static func character(for byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    /// The UTF-8 encoding of a scalar, its first byte lowest. U+0000 is one byte of 0.
    static func utf8(_ scalar: UInt32) -> UInt32 {
        switch scalar {
        case ..<0x80: scalar
        case ..<0x800: (0xC0 | scalar &>> 6) | (0x80 | scalar & 0x3F) &<< 8
        case ..<0x10000:
            (0xE0 | scalar &>> 12) | (0x80 | scalar &>> 6 & 0x3F) &<< 8 | (0x80 | scalar & 0x3F) &<< 16
        default:
            (0xF0 | scalar &>> 18 & 7) | (0x80 | scalar &>> 12 & 0x3F) &<< 8
                | (0x80 | scalar &>> 6 & 0x3F) &<< 16 | (0x80 | scalar & 0x3F) &<< 24
        }
    }
}
