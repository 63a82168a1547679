import Wire

/// Bytes that are the same for two JSON values exactly when JSON Schema takes these for equal: numbers by their value,
/// strings by their code points, objects without regard to order (JSON Schema 2020-12 Core §4.2.2).
///
/// So sets find duplicates among thousands of elements without comparing each with each.
struct CanonicalForm {
    /// What was written so far.
    private(set) var bytes: [UInt8] = []

    /// The form of the value at `range` of bytes that were validated.
    static func of(_ range: ByteRange, _ bytes: ByteView) -> [UInt8] {
        var form = CanonicalForm()
        form.append(range, bytes, JSONLimits.depth)
        return form.bytes
    }

    /// The form of `value`.
    static func of(_ value: JSONValue) -> [UInt8] {
        value.bytes.withUnsafeBytes { of(ByteRange(start: 0, length: $0.count), ByteView($0)) }
    }

    /// Appends a value; what lies deeper than `depth` is cut, which values that were parsed never are.
    private mutating func append(_ range: ByteRange, _ source: ByteView, _ depth: Int) {
        switch JSONMembers.kind(range, source) {
        case .null: bytes.append(UInt8(ascii: "n"))
        case .bool: bytes.append(source[Int(range.start)])
        case .number: append(number: source[range])
        case .string:
            if let text = JSONMembers.text(range, source) { append(text, source) }
        case .array:
            bytes.append(UInt8(ascii: "["))
            var elements = JSONMembers(source, in: range)
            while depth > 0, let element = elements.next() { append(element.value, source, depth &- 1) }
            bytes.append(UInt8(ascii: "]"))
        case .object:
            append(object: range, source, depth)
        }
    }

    private mutating func append(_ text: JSONText, _ source: ByteView) {
        bytes.append(UInt8(ascii: "\""))
        // The quote cannot be told from one in the text, so the length goes first.
        let unescaped = text.unescaped(in: source)
        append(count: unescaped.count)
        bytes.append(contentsOf: unescaped)
    }

    private mutating func append(number text: ByteView) {
        if let value = ExactNumber.small(text) ?? ExactNumber(text)?.small {
            bytes.append(UInt8(ascii: "#"))
            append(count: Int(value))
        } else if let number = ExactNumber(text) {
            bytes.append(UInt8(ascii: number.isNegative ? "-" : "+"))
            append(count: number.exponent)
            append(count: number.digits.count)
            bytes.append(contentsOf: number.digits)
        }
    }

    private mutating func append(object range: ByteRange, _ source: ByteView, _ depth: Int) {
        var entries: [(name: [UInt8], value: ByteRange)] = []
        var members = JSONMembers(source, in: range)
        while depth > 0, let member = members.next() {
            guard let name = member.name else { continue }
            entries.append((name.unescaped(in: source), member.value))
        }
        entries.sort { $0.name.lexicographicallyPrecedes($1.name) }
        bytes.append(UInt8(ascii: "{"))
        for entry in entries {
            append(count: entry.name.count)
            bytes.append(contentsOf: entry.name)
            append(entry.value, source, depth &- 1)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func append(count: Int) {
        withUnsafeBytes(of: count) { bytes.append(contentsOf: $0) }
    }
}
