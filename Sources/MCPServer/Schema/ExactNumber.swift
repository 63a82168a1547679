import Wire

/// A JSON number by its value, to the last digit: 1, 1.0 and 10e-1 are one number, and no `Double` comes between.
struct ExactNumber: Hashable, Sendable {
    /// The value is 0.d₁d₂… × 10^`exponent`. Neither end is 0; there are no digits in the number 0.
    let digits: [UInt8]
    /// The power of ten; 0 in the number 0.
    let exponent: Int
    /// Whether the number is below 0.
    let isNegative: Bool

    /// Exponents beyond this are not told apart.
    private static let exponentLimit = 1 << 40

    /// Reads a number (RFC 8259 §6); `nil` for anything else. Linear time.
    init?(_ text: ByteView) {
        var offset = text[0] == UInt8(ascii: "-") ? 1 : 0
        let hasSign = offset == 1
        var digits: [UInt8] = []
        var exponent = 0
        let start = offset
        while let digit = ExactNumber.digit(text[offset]) {
            if !digits.isEmpty || digit != 0 { digits.append(digit) }
            offset &+= 1
        }
        guard offset > start, text[start] != 0x30 || offset == start &+ 1 else { return nil }
        exponent = digits.count
        if text[offset] == UInt8(ascii: ".") {
            offset &+= 1
            let start = offset
            while let digit = ExactNumber.digit(text[offset]) {
                if !digits.isEmpty || digit != 0 { digits.append(digit) } else { exponent &-= 1 }
                offset &+= 1
            }
            guard offset > start else { return nil }
        }
        if text[offset] | 0x20 == UInt8(ascii: "e") {
            offset &+= 1
            let sign = text[offset]
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { offset &+= 1 }
            let start = offset
            var power = 0
            while let digit = ExactNumber.digit(text[offset]) {
                power = min(power &* 10 &+ Int(digit), ExactNumber.exponentLimit)
                offset &+= 1
            }
            guard offset > start else { return nil }
            exponent = sign == UInt8(ascii: "-") ? exponent &- power : exponent &+ power
        }
        guard offset == text.count else { return nil }
        while digits.last == 0 { digits.removeLast() }
        self.digits = digits
        self.exponent = digits.isEmpty ? 0 : exponent
        isNegative = hasSign && !digits.isEmpty
    }

    /// The number that `number` spells.
    init?(_ number: JSONNumber) {
        var literal = number.literal
        guard let value = literal.withUTF8({ ExactNumber(ByteView(UnsafeRawBufferPointer($0))) }) else { return nil }
        self = value
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        byte &- 0x30 < 10 ? byte &- 0x30 : nil
    }

    /// Whether the number has no fraction, however it is spelled.
    var isInteger: Bool { digits.count <= exponent || digits.isEmpty }

    /// The value if it is an integer of less than 19 digits.
    var small: Int64? {
        guard isInteger, exponent <= 18 else { return nil }
        var value: Int64 = 0
        for position in 0..<exponent {
            value = value &* 10 &+ Int64(position < digits.count ? digits[position] : 0)
        }
        return isNegative ? 0 &- value : value
    }

    /// The number if it is an integer of less than 19 digits that is spelled without fraction and exponent: what most
    /// numbers are, read without an allocation.
    static func small(_ text: ByteView) -> Int64? {
        var offset = text[0] == UInt8(ascii: "-") ? 1 : 0
        let isNegative = offset == 1
        guard offset < text.count, text.count &- offset <= 18 else { return nil }
        var value: Int64 = 0
        while offset < text.count {
            guard let digit = digit(text[offset]) else { return nil }
            value = value &* 10 &+ Int64(digit)
            offset &+= 1
        }
        return isNegative ? 0 &- value : value
    }
}

extension ExactNumber: Comparable {
    static func < (left: ExactNumber, right: ExactNumber) -> Bool {
        let leftSign = left.digits.isEmpty ? 0 : left.isNegative ? -1 : 1
        let rightSign = right.digits.isEmpty ? 0 : right.isNegative ? -1 : 1
        guard leftSign == rightSign else { return leftSign < rightSign }
        switch leftSign {
        case 0: return false
        case 1: return left.isSmaller(than: right)
        default: return right.isSmaller(than: left)
        }
    }

    /// Whether the number is nearer to 0.
    private func isSmaller(than other: ExactNumber) -> Bool {
        exponent == other.exponent ? digits.lexicographicallyPrecedes(other.digits) : exponent < other.exponent
    }
}
