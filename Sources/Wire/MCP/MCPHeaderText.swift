/// The form in which `Mcp-Name` and `Mcp-Param-*` carry text of the body (MCP 2026-07-28, Streamable HTTP, "Encoding of
/// header values"): as it is where that is plain visible ASCII, else as `=?base64?…?=` over its UTF-8.
///
/// Texts compare by their bytes: case, and two spellings that Unicode takes for the same, make a difference.
public enum MCPHeaderText {
    private static let prefix: StaticString = "=?base64?"
    private static let suffix: StaticString = "?="

    // MARK: Writing

    /// Appends the header value for `text`, which is UTF-8.
    public static func encode(_ text: ByteView, into value: inout [UInt8]) {
        guard needsEncoding(text) else {
            value.append(contentsOf: text.raw)
            return
        }
        value.append(contentsOf: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
        Base64.encode(text, into: &value)
        value.append(contentsOf: UnsafeBufferPointer(start: suffix.utf8Start, count: suffix.utf8CodeUnitCount))
    }

    private static func needsEncoding(_ text: ByteView) -> Bool {
        if text.count > 0, text[0] == 0x20 || text[text.count &- 1] == 0x20 { return true }
        if !text.isPrintableASCII { return true }
        return hasPrefix(text) && hasSuffix(text)
    }

    // MARK: Reading

    /// What a header value says: the text as it stands, without the white space around it, or the decoded bytes.
    enum Form {
        case plain(ByteView)
        case decoded([UInt8])
        /// Characters that a value may not have, Base64 that is not canonical, or bytes that are not UTF-8.
        case invalid
    }

    /// Reads a header value.
    static func read(_ value: ByteView) -> Form {
        let value = value.withoutSurroundingSpace
        guard hasPrefix(value), hasSuffix(value) else {
            if value.isPrintableASCII { return .plain(value) }
            for offset in 0..<value.count {
                let byte = value[offset]
                // A tab inside is legal in a field value (RFC 9110 §5.5), although senders encode it.
                guard (0x20...0x7E).contains(byte) || byte == 0x09 else { return .invalid }
            }
            return .plain(value)
        }
        // The marks must not overlap: what `=?base64?=` says would depend on who reads it.
        let start = prefix.utf8CodeUnitCount
        let end = value.count &- suffix.utf8CodeUnitCount
        guard start <= end, let bytes = Base64.decode(value.slice(from: start, to: end)),
            bytes.withUnsafeBytes({ ByteView($0).isValidUTF8 })
        else { return .invalid }
        return .decoded(bytes)
    }

    /// The text that a header value says; `nil` if it is not a valid one.
    public static func decode(_ value: ByteView) -> [UInt8]? {
        switch read(value) {
        case .plain(let text): text.bytes
        case .decoded(let bytes): bytes
        case .invalid: nil
        }
    }

    private static func hasPrefix(_ value: ByteView) -> Bool {
        value[0] == UInt8(ascii: "=") && value.slice(from: 0, to: prefix.utf8CodeUnitCount).equals(prefix)
    }

    private static func hasSuffix(_ value: ByteView) -> Bool {
        value.slice(from: value.count &- suffix.utf8CodeUnitCount, to: value.count).equals(suffix)
    }

    // MARK: Comparing

    /// Whether a header value says the same as a string of the body. Decoded controls are refused: nothing that may be
    /// called has a name with one, and what logs and terminals make of it is nobody's intention.
    public static func matchesName(_ value: ByteView, _ text: JSONText, in body: ByteView) -> Bool {
        switch read(value) {
        case .plain(let plain):
            return text.equals(plain, in: body)
        case .decoded(let bytes):
            guard !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return false }
            return bytes.withUnsafeBytes { text.equals(ByteView($0), in: body) }
        case .invalid:
            return false
        }
    }

    /// Whether a header value says the same as an argument of a call: text by bytes, `true` and `false` as such, and
    /// numbers by what they are worth (`42.0` is `42`). Other kinds of values have no header.
    public static func matchesArgument(_ value: ByteView, _ argument: JSONValueRange, in body: ByteView) -> Bool {
        let range = argument.range
        switch argument.kind {
        case .string:
            let content = ByteRange(from: Int(range.start) &+ 1, to: range.end &- 1)
            let text = JSONText(range: content, isEscaped: body[content].hasBackslash)
            switch read(value) {
            case .plain(let plain): return text.equals(plain, in: body)
            case .decoded(let bytes): return bytes.withUnsafeBytes { text.equals(ByteView($0), in: body) }
            case .invalid: return false
            }
        case .number:
            guard case .plain(let plain) = read(value), let left = DecimalNumber(plain),
                let right = DecimalNumber(body[range])
            else { return false }
            return left.equals(right)
        case .bool:
            guard case .plain(let plain) = read(value) else { return false }
            return plain.equals(body[range])
        case .object, .array, .null:
            return false
        }
    }
}

extension ByteView {
    /// Whether all bytes are in 0x20…0x7E. Eight at a time.
    var isPrintableASCII: Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var offset = 0
        while let word = word(at: offset) {
            // A byte below 0x20 borrows, 0x7F carries, and from 0x80 on the highest bit is set already.
            if (word | (word &- ones &* 0x20) | (word &+ ones)) & 0x8080_8080_8080_8080 != 0 { return false }
            offset &+= 8
        }
        while offset < count {
            if self[offset] < 0x20 || self[offset] > 0x7E { return false }
            offset &+= 1
        }
        return true
    }

    /// The bytes without spaces and tabs at both ends (RFC 9110 §5.5).
    fileprivate var withoutSurroundingSpace: ByteView {
        var start = 0
        var end = count
        while start < end, self[start] == 0x20 || self[start] == 0x09 { start &+= 1 }
        while end > start, self[end &- 1] == 0x20 || self[end &- 1] == 0x09 { end &-= 1 }
        return slice(from: start, to: end)
    }

    fileprivate var hasBackslash: Bool {
        for offset in 0..<count where self[offset] == UInt8(ascii: "\\") { return true }
        return false
    }
}
