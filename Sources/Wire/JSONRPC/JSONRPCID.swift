/// The id of a JSON-RPC message: text, or an integer of 64 bits; never one for the other.
///
/// Accepted are −2⁶³…2⁶⁴−1 without fraction and exponent. The bytes go out as they came.
public struct JSONRPCID: Hashable, Sendable {
    /// The id as it stands in the message, quotes included.
    public var range: ByteRange
    /// Whether it is text.
    public var isString: Bool
    /// Whether it is text with escapes.
    public var isEscaped: Bool

    /// The id that stands at `range` in a message that was scanned.
    @inlinable
    public init(range: ByteRange, isString: Bool, isEscaped: Bool) {
        self.range = range
        self.isString = isString
        self.isEscaped = isEscaped
    }

    /// The text, if the id is text.
    public var text: JSONText? {
        guard isString else { return nil }
        return JSONText(range: ByteRange(from: Int(range.start) &+ 1, to: range.end &- 1), isEscaped: isEscaped)
    }

    /// Whether both ids are the same: of the same type, and with the same bytes after unescaping or the same value.
    public func matches(_ other: JSONRPCID, in bytes: ByteView, otherBytes: ByteView) -> Bool {
        if let text, let otherText = other.text {
            return text.equals(otherText, in: bytes, otherBytes: otherBytes)
        }
        guard !isString, !other.isString else { return false }
        let left = bytes[range]
        let right = otherBytes[other.range]
        // Integers have one spelling each, but for zero.
        return left.equals(right) || (Self.isZero(left) && Self.isZero(right))
    }

    private static func isZero(_ digits: ByteView) -> Bool { digits.equals("0") || digits.equals("-0") }

    /// Whether `number`, which is valid JSON, is an integer within 64 bits.
    static func isInteger(_ number: ByteView) -> Bool {
        let isNegative = number[0] == UInt8(ascii: "-")
        let start = isNegative ? 1 : 0
        // 2⁶⁴−1 has 20 digits; leading zeros do not exist.
        guard number.count &- start <= 20 else { return false }
        if number.count &- start < 19 {
            // Any 18 digits are less than 2⁶³: only a fraction or an exponent could make it something else.
            for offset in start..<max(start, number.count) where number[offset] &- 0x30 >= 10 { return false }
            return true
        }
        var magnitude: UInt64 = 0
        for offset in start..<max(start, number.count) {
            let digit = number[offset] &- 0x30
            guard digit < 10 else { return false }
            let (product, overflows) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carries) = product.addingReportingOverflow(UInt64(digit))
            guard !overflows, !carries else { return false }
            magnitude = sum
        }
        return !isNegative || magnitude <= 1 &<< 63
    }
}
