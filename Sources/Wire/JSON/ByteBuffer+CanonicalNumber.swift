import NIOCore

extension ByteBuffer {
    /// Appends `literal`, which is a JSON number, in the layout in which ECMAScript writes numbers (ECMA-262 §6.1.6.1.20),
    /// with all of its digits.
    mutating func writeCanonicalNumber(_ literal: ByteView) {
        guard let number = DecimalNumber(literal), number.isExact || number.isZero else {
            // An exponent of more than twelve digits. Nothing that is written below has one.
            writeBytes(literal.raw)
            return
        }
        guard !number.isZero else {
            writeInteger(UInt8(ascii: "0"))
            return
        }
        if number.isNegative { writeInteger(UInt8(ascii: "-")) }
        let digits = DecimalDigitString(number.digits)
        let point = number.exponent
        if (1...21).contains(point) {
            write(digits, from: 0, to: point)
            if point > digits.count {
                writeRepeatingByte(UInt8(ascii: "0"), count: point &- digits.count)
            } else if point < digits.count {
                writeInteger(UInt8(ascii: "."))
                write(digits, from: point, to: digits.count)
            }
        } else if (-5...0).contains(point) {
            writeStaticString("0.")
            writeRepeatingByte(UInt8(ascii: "0"), count: 0 &- point)
            write(digits, from: 0, to: digits.count)
        } else {
            write(digits, from: 0, to: 1)
            if digits.count > 1 {
                writeInteger(UInt8(ascii: "."))
                write(digits, from: 1, to: digits.count)
            }
            writeStaticString(point > 0 ? "e+" : "e-")
            writeDecimal(abs(point &- 1))
        }
    }

    private mutating func write(_ digits: DecimalDigitString, from start: Int, to end: Int) {
        writeBytes(digits.beforePoint(start, end).raw)
        writeBytes(digits.behindPoint(start, end).raw)
    }
}

/// Digits among which there may be a decimal point, which does not count.
private struct DecimalDigitString {
    private let text: ByteView
    /// How many digits stand before the point.
    private let point: Int
    /// How many digits there are.
    let count: Int

    init(_ text: ByteView) {
        var point = 0
        while point < text.count, text[point] != UInt8(ascii: ".") { point &+= 1 }
        self.text = text
        self.point = point
        count = point < text.count ? text.count &- 1 : text.count
    }

    /// The digits before the point, of those from number `start` up to `end`.
    func beforePoint(_ start: Int, _ end: Int) -> ByteView { text.slice(from: start, to: min(end, point)) }

    /// The digits behind the point, of those from number `start` up to `end`.
    func behindPoint(_ start: Int, _ end: Int) -> ByteView {
        text.slice(from: max(start, point) &+ 1, to: max(end, point) &+ 1)
    }
}
