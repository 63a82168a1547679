/// A JSON number as it is spelled: any size, any precision, nothing rounded.
///
/// Two numbers are equal when they are spelled alike: `1` and `1.0` are not.
public struct JSONNumber: Hashable, Sendable {
    /// The number in JSON's grammar (RFC 8259 §6).
    public let literal: String

    /// A literal that a scanner has accepted.
    init(accepted literal: String) {
        self.literal = literal
    }

    /// The number that `literal` spells; `nil` if that is not a JSON number.
    public init?(_ literal: String) {
        var bytes = literal
        let isNumber = bytes.withUTF8 { utf8 in
            let view = ByteView(UnsafeRawBufferPointer(utf8))
            return (try? JSONScanner(view).number(0)) == view.count
        }
        guard isNumber else { return nil }
        self.literal = literal
    }

    /// An integer.
    public init(_ value: some BinaryInteger) {
        literal = String(value)
    }

    /// The shortest decimal that reads back as `value`; `nil` for infinities and NaN, which JSON does not have.
    public init?(_ value: Double) {
        guard value.isFinite else { return nil }
        literal = value.description
    }

    /// The value, if it is an integer of 64 bits, however it is spelled (`1.0` and `1e3` are); else `nil`.
    public var int64: Int64? {
        var text = literal
        return text.withUTF8 { Self.exactInt64(ByteView(UnsafeRawBufferPointer($0))) }
    }

    /// The nearest `Double`; `nil` if it would be infinite, or if the literal has more than 1,024 bytes.
    public var double: Double? {
        guard literal.utf8.count <= 1_024, let value = Double(literal), value.isFinite else { return nil }
        return value
    }

    /// The integer that `literal` spells without fraction and exponent, if it has 64 bits; else `nil`.
    static func int64(_ literal: ByteView) -> Int64? {
        let isNegative = literal[0] == UInt8(ascii: "-")
        var offset = isNegative ? 1 : 0
        guard offset < literal.count, literal.count <= 20 else { return nil }
        var value: Int64 = 0
        while offset < literal.count {
            guard let next = Self.append(literal[offset], to: value, isNegative: isNegative) else { return nil }
            value = next
            offset &+= 1
        }
        return value
    }

    /// `value` with one more decimal digit; `nil` if that is no digit or too large.
    private static func append(_ digit: UInt8, to value: Int64, isNegative: Bool) -> Int64? {
        guard digit &- 0x30 < 10 else { return nil }
        let unit = Int64(digit &- 0x30)
        let (product, overflows) = value.multipliedReportingOverflow(by: 10)
        let (sum, carries) =
            isNegative ? product.subtractingReportingOverflow(unit) : product.addingReportingOverflow(unit)
        return overflows || carries ? nil : sum
    }

    private static func exactInt64(_ literal: ByteView) -> Int64? {
        let isNegative = literal[0] == UInt8(ascii: "-")
        var value: Int64 = 0
        /// Zeros that were read and count only if another digit follows.
        var pendingZeros = 0
        /// How often the digits read so far are to be multiplied by ten.
        var exponent = 0
        var isInFraction = false
        var offset = isNegative ? 1 : 0
        while offset < literal.count, literal[offset] | 0x20 != UInt8(ascii: "e") {
            let byte = literal[offset]
            offset &+= 1
            if byte == UInt8(ascii: ".") {
                isInFraction = true
                continue
            }
            if isInFraction { exponent &-= 1 }
            if byte == UInt8(ascii: "0") {
                if value != 0 { pendingZeros &+= 1 }
                continue
            }
            guard let shifted = shift(value, by: pendingZeros),
                let next = append(byte, to: shifted, isNegative: isNegative)
            else { return nil }
            value = next
            pendingZeros = 0
        }
        guard value != 0 else { return 0 }
        if offset < literal.count {
            // An exponent beyond 10⁹ is as good as 10⁹: the digits are far fewer.
            let isDown = literal[offset &+ 1] == UInt8(ascii: "-")
            var magnitude = 0
            for position in (offset &+ 1)..<max(literal.count, offset &+ 1) where literal[position] &- 0x30 < 10 {
                magnitude = min(magnitude &* 10 &+ Int(literal[position] &- 0x30), 1_000_000_000)
            }
            exponent = isDown ? exponent &- magnitude : exponent &+ magnitude
        }
        let power = exponent &+ pendingZeros
        return power < 0 ? nil : shift(value, by: power)
    }

    /// `value` · 10^`power`, or `nil` if that is too large. `value` is 0 or `power` is small when it succeeds.
    private static func shift(_ value: Int64, by power: Int) -> Int64? {
        guard value != 0 else { return 0 }
        guard power < 19 else { return nil }
        var shifted = value
        for _ in 0..<max(power, 0) {
            let (product, overflows) = shifted.multipliedReportingOverflow(by: 10)
            if overflows { return nil }
            shifted = product
        }
        return shifted
    }
}
