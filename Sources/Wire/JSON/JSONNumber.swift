/// Exact readings of JSON number literals; nothing is rounded.
enum JSONNumber {
    /// The integer that `literal` spells without fraction and exponent, if it has 64 bits; else `nil`.
    static func int64(_ literal: ByteView) -> Int64? {
        let isNegative = literal[0] == UInt8(ascii: "-")
        var offset = isNegative ? 1 : 0
        guard offset < literal.count, literal.count <= 20 else { return nil }
        var value: Int64 = 0
        while offset < literal.count {
            let digit = literal[offset] &- 0x30
            guard digit < 10 else { return nil }
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, carries) =
                isNegative
                ? product.subtractingReportingOverflow(Int64(digit)) : product.addingReportingOverflow(Int64(digit))
            guard !overflows, !carries else { return nil }
            value = sum
            offset &+= 1
        }
        return value
    }
}
