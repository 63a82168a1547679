/// A number in decimal, as JSON spells it, that can be compared by its value: without a `Double`, in linear time, whatever
/// the number of digits and the exponent.
struct DecimalNumber {
    /// The digits from the first to the last that is not 0, perhaps with the decimal point between them: the value is
    /// 0.d₁d₂d₃… × 10^`exponent`.
    let digits: ByteView
    /// Where the decimal point is, counted from in front of the first of the digits.
    let exponent: Int
    /// Whether there is a minus sign.
    let isNegative: Bool
    /// Whether there is no digit but 0.
    let isZero: Bool

    /// Exponents beyond this are not told apart.
    private static let exponentLimit = 1 << 40

    /// Whether the exponent is so small that it is known exactly.
    var isExact: Bool { abs(exponent) < DecimalNumber.exponentLimit / 2 }

    /// Reads a number (RFC 8259 §6); `nil` for anything else.
    init?(_ text: ByteView) {
        var offset = text[0] == UInt8(ascii: "-") ? 1 : 0
        isNegative = offset == 1
        let integerStart = offset
        while HTTPCharacters.isDigit(text[offset]) { offset &+= 1 }
        let integerEnd = offset
        guard integerEnd > integerStart, text[integerStart] != 0x30 || integerEnd == integerStart &+ 1 else {
            return nil
        }
        if text[offset] == UInt8(ascii: ".") {
            offset &+= 1
            let fractionStart = offset
            while HTTPCharacters.isDigit(text[offset]) { offset &+= 1 }
            guard offset > fractionStart else { return nil }
        }
        let digitsEnd = offset
        var power = 0
        if text[offset] | 0x20 == UInt8(ascii: "e") {
            offset &+= 1
            let sign = text[offset]
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { offset &+= 1 }
            let powerStart = offset
            while HTTPCharacters.isDigit(text[offset]) {
                power = min(power &* 10 &+ Int(text[offset] &- 0x30), DecimalNumber.exponentLimit)
                offset &+= 1
            }
            guard offset > powerStart else { return nil }
            if sign == UInt8(ascii: "-") { power = -power }
        }
        guard offset == text.count else { return nil }

        var first = integerStart
        while first < digitsEnd, text[first] == 0x30 || text[first] == UInt8(ascii: ".") { first &+= 1 }
        var last = digitsEnd
        while last > first, text[last &- 1] == 0x30 || text[last &- 1] == UInt8(ascii: ".") { last &-= 1 }
        digits = text.slice(from: first, to: last)
        isZero = first == digitsEnd
        // Digits between the first one and the point count up; zeros between the point and the first one count down.
        exponent = power &+ (first < integerEnd ? integerEnd &- first : integerEnd &+ 1 &- first)
    }

    /// Whether both are worth the same; 0 has no sign.
    func equals(_ other: DecimalNumber) -> Bool {
        if isZero || other.isZero { return isZero && other.isZero }
        guard isNegative == other.isNegative, exponent == other.exponent, isExact else { return false }
        var left = 0
        var right = 0
        while true {
            if digits[left] == UInt8(ascii: ".") { left &+= 1 }
            if other.digits[right] == UInt8(ascii: ".") { right &+= 1 }
            // Behind the end there are zeros only, which read as 0 and differ from every digit.
            guard digits[left] == other.digits[right] else { return false }
            if left >= digits.count { return true }
            left &+= 1
            right &+= 1
        }
    }
}
