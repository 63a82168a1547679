public import Wire

/// The members of an object or the elements of an array, one after another, as ranges over bytes that were validated.
///
/// Finds and does not read: a value's text can be passed on unchanged, numbers of any size included. Of bytes that are
/// not JSON it gives something, ends, and never traps.
public struct JSONMembers {
    /// One member, or one element.
    public struct Member: Hashable, Sendable {
        /// The name; `nil` for an element.
        public var name: JSONText?
        /// The whole value, quotes and brackets included.
        public var value: ByteRange
    }

    private let bytes: ByteView
    private let end: Int
    private var offset: Int
    private let isObject: Bool

    /// What is in the object or array at `range`; white space around it is skipped. Nothing is in any other value.
    public init(_ bytes: ByteView, in range: ByteRange) {
        self.bytes = bytes
        end = min(range.end, bytes.count)
        offset = Int(range.start)
        isObject = JSONMembers.firstByte(bytes, &offset, end) == UInt8(ascii: "{")
        offset = isObject || bytes[offset] == UInt8(ascii: "[") ? offset &+ 1 : end
    }

    /// What follows `position` of another iteration over the same bytes, which must be those of one object.
    public init(_ bytes: ByteView, ofObjectFrom position: Int) {
        self.bytes = bytes
        end = bytes.count
        offset = min(max(position, 0), end)
        isObject = true
    }

    /// Where the next member is looked for.
    public var position: Int { offset }

    /// The next member, or `nil` after the last.
    public mutating func next() -> Member? {
        skipSeparators()
        guard offset < end, bytes[offset] != UInt8(ascii: "}"), bytes[offset] != UInt8(ascii: "]") else {
            offset = end
            return nil
        }
        var name: JSONText?
        if isObject {
            let start = offset &+ 1
            let isEscaped = skipString()
            name = JSONText(range: ByteRange(from: start, to: max(start, offset &- 1)), isEscaped: isEscaped)
            skipSeparators()
        }
        let start = offset
        skipValue()
        return Member(name: name, value: ByteRange(from: start, to: offset))
    }

    /// The value of the member called `name` in the object at `range`.
    public static func value(of name: StaticString, in range: ByteRange, _ bytes: ByteView) -> ByteRange? {
        var members = JSONMembers(bytes, in: range)
        while let member = members.next() {
            if let found = member.name, found.equals(name, in: bytes) { return member.value }
        }
        return nil
    }

    /// The text of the string at `range`, without quotes; `nil` for any other value.
    public static func text(_ range: ByteRange, _ bytes: ByteView) -> JSONText? {
        guard bytes[Int(range.start)] == UInt8(ascii: "\""), range.count >= 2 else { return nil }
        let inner = ByteRange(start: Int(range.start) &+ 1, length: range.count &- 2)
        var isEscaped = false
        for position in inner.range where bytes[position] == UInt8(ascii: "\\") {
            isEscaped = true
            break
        }
        return JSONText(range: inner, isEscaped: isEscaped)
    }

    /// What kind of value begins at `range`.
    public static func kind(_ range: ByteRange, _ bytes: ByteView) -> JSONKind {
        switch bytes[Int(range.start)] {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
        case UInt8(ascii: "n"): .null
        default: .number
        }
    }

    // MARK: Skipping

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    private static func firstByte(_ bytes: ByteView, _ offset: inout Int, _ end: Int) -> UInt8 {
        while offset < end, isSpace(bytes[offset]) { offset &+= 1 }
        return bytes[offset]
    }

    /// Skips white space, `,` and `:`.
    private mutating func skipSeparators() {
        while offset < end {
            let byte = bytes[offset]
            guard JSONMembers.isSpace(byte) || byte == UInt8(ascii: ",") || byte == UInt8(ascii: ":") else { return }
            offset &+= 1
        }
    }

    /// Skips a string with its quotes. Whether it has escapes.
    private mutating func skipString() -> Bool {
        var isEscaped = false
        offset &+= 1
        while offset < end {
            skipPlainWords()
            let byte = bytes[offset]
            offset &+= 1
            if byte == UInt8(ascii: "\"") { return isEscaped }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                offset &+= 1
            }
        }
        offset = end
        return isEscaped
    }

    /// Skips what has neither quotes nor backslashes, eight bytes at once.
    @inline(__always)
    private mutating func skipPlainWords() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        while offset &+ 8 <= end, let word = bytes.word(at: offset) {
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5C)
            let found = ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash) & (ones &* 0x80)
            // The lowest hit is exact; higher ones may come from its borrow.
            offset &+= found == 0 ? 8 : found.trailingZeroBitCount &>> 3
            if found != 0 { return }
        }
    }

    private mutating func skipValue() {
        var depth = 0
        while offset < end {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                _ = skipString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth &+= 1
                offset &+= 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                // The end of what the value is in.
                if depth == 0 { return }
                depth &-= 1
                offset &+= 1
            case UInt8(ascii: ","), 0x20, 0x0A, 0x0D, 0x09:
                if depth == 0 { return }
                offset &+= 1
                continue
            default:
                offset &+= 1
                continue
            }
            if depth == 0 { return }
        }
    }
}

@available(*, unavailable)
extension JSONMembers: Sendable {}
