/// Standard Base64 with padding, read strictly (RFC 4648 §4): one spelling for each sequence of bytes.
public enum Base64 {
    /// Appends the encoding of `bytes`.
    public static func encode(_ bytes: ByteView, into text: inout [UInt8]) {
        text.reserveCapacity(text.count + (bytes.count + 2) / 3 * 4)
        var offset = 0
        while offset < bytes.count {
            let available = min(bytes.count &- offset, 3)
            // Offsets behind the end read as 0, which is what the last group is filled up with.
            let group =
                UInt32(bytes[offset]) &<< 16 | UInt32(bytes[offset &+ 1]) &<< 8 | UInt32(bytes[offset &+ 2])
            for position in 0..<4 {
                let index = group &>> UInt32(18 &- 6 &* position) & 0x3F
                text.append(position > available ? UInt8(ascii: "=") : character(index))
            }
            offset &+= 3
        }
    }

    /// The bytes that `text` encodes; `nil` for other characters, white space included, for missing padding and for bits
    /// behind the last byte that are not zero (RFC 4648 §3.5).
    public static func decode(_ text: ByteView) -> [UInt8]? {
        guard text.count & 3 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var offset = 0
        while offset < text.count {
            var padding = 0
            if offset &+ 4 == text.count, text[offset &+ 3] == UInt8(ascii: "=") {
                padding = text[offset &+ 2] == UInt8(ascii: "=") ? 2 : 1
            }
            var group: UInt32 = 0
            for position in 0..<(4 &- padding) {
                guard let value = value(text[offset &+ position]) else { return nil }
                group = group &<< 6 | value
            }
            group &<<= UInt32(6 &* padding)
            guard group & (1 &<< UInt32(8 &* padding) &- 1) == 0 else { return nil }
            for position in 0..<(3 &- padding) {
                bytes.append(UInt8(truncatingIfNeeded: group &>> UInt32(16 &- 8 &* position)))
            }
            offset &+= 4
        }
        return bytes
    }

    private static func character(_ index: UInt32) -> UInt8 {
        let index = UInt8(truncatingIfNeeded: index)
        switch index {
        case 0..<26: return 0x41 &+ index
        case 26..<52: return 0x61 &+ index &- 26
        case 52..<62: return 0x30 &+ index &- 52
        case 62: return UInt8(ascii: "+")
        default: return UInt8(ascii: "/")
        }
    }

    private static func value(_ character: UInt8) -> UInt32? {
        switch character {
        case 0x41...0x5A: UInt32(character &- 0x41)
        case 0x61...0x7A: UInt32(character &- 0x61 &+ 26)
        case 0x30...0x39: UInt32(character &- 0x30 &+ 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
