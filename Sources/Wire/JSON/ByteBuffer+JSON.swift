public import NIOCore

extension ByteBuffer {
    /// Appends `text` as a JSON string, quotes included. Escaped are the quote, the backslash and controls below U+0020;
    /// everything else goes out as UTF-8 (RFC 8259 §7).
    public mutating func writeJSONString(_ text: String) {
        var text = text
        text.withUTF8 { writeEscaped(ByteView(UnsafeRawBufferPointer($0))) }
    }

    /// Appends unescaped UTF-8 as a JSON string, quotes included. What is not UTF-8 becomes U+FFFD.
    public mutating func writeJSONString(_ text: ByteView) {
        guard text.isValidUTF8 else { return writeJSONString(text.string) }
        writeEscaped(text)
    }

    /// Appends unescaped UTF-8 as a JSON string, quotes included. What is not UTF-8 becomes U+FFFD.
    public mutating func writeJSONString(_ text: [UInt8]) {
        text.withUnsafeBytes { writeJSONString(ByteView($0)) }
    }

    /// Appends `value` without white space.
    public mutating func writeJSON(_ value: JSONValue) {
        value.write(into: &self)
    }

    private mutating func writeEscaped(_ text: ByteView) {
        reserveCapacity(minimumWritableBytes: text.count &+ 2)
        writeInteger(UInt8(ascii: "\""))
        var offset = 0
        while offset < text.count {
            let end = Self.endOfPlainText(text, from: offset)
            writeBytes(text.slice(from: offset, to: end).raw)
            guard end < text.count else { break }
            writeEscape(text[end])
            offset = end &+ 1
        }
        writeInteger(UInt8(ascii: "\""))
    }

    /// The offset of the first byte that needs an escape, or the end.
    private static func endOfPlainText(_ text: ByteView, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var offset = start
        while let word = text.word(at: offset) {
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5C)
            let found =
                ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (word &- ones &* 0x20) & ~word)
                & (ones &* 0x80)
            // The lowest hit is exact; higher ones may come from its borrow.
            if found != 0 { return offset &+ found.trailingZeroBitCount &>> 3 }
            offset &+= 8
        }
        while offset < text.count {
            switch text[offset] {
            case ..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"): return offset
            default: offset &+= 1
            }
        }
        return offset
    }

    private mutating func writeEscape(_ byte: UInt8) {
        let letter: UInt8
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): letter = byte
        case 0x08: letter = UInt8(ascii: "b")
        case 0x0C: letter = UInt8(ascii: "f")
        case 0x0A: letter = UInt8(ascii: "n")
        case 0x0D: letter = UInt8(ascii: "r")
        case 0x09: letter = UInt8(ascii: "t")
        default:
            writeStaticString(byte < 0x10 ? "\\u000" : "\\u001")
            let digit = byte & 0xF
            writeInteger(digit < 10 ? digit &+ 0x30 : digit &+ 0x57)
            return
        }
        writeInteger(UInt8(ascii: "\\"))
        writeInteger(letter)
    }
}
