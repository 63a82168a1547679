import NIOCore
import Wire

/// A request of `process_data` in canonical form (RFC 8785): requests that say the same have the same key.
enum CanonicalRequest {
    /// Bytes of data beyond which canonical form is dearer than the work that it may save.
    static let byteLimit = 65_536

    /// The key of what the request says. `nil` if the canonical form would be too dear, or would lose something: RFC 8785
    /// has floating-point numbers of 64 bits only, and requests that differ in the twentieth digit must not share a result.
    static func key(of request: DataRequest) -> CacheKey? {
        guard request.data.readableBytes <= byteLimit else { return nil }
        let data = try? request.data.withByteView { bytes throws(JSONError) in try JSONValue.parse(bytes) }
        guard let data, keepsAllNumbers(data) else { return nil }
        return nil
    }

    /// Whether every number in `value` survives being a 64-bit float: other numbers stay others.
    static func keepsAllNumbers(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .bool, .string: true
        case .number(let number): isKept(number)
        case .array(let elements): elements.allSatisfy(keepsAllNumbers)
        case .object(let members): members.allSatisfy { keepsAllNumbers($0.value) }
        }
    }

    /// Decimals of up to 15 significant digits that are neither huge nor tiny are each nearest to a float of their own
    /// (`DBL_DIG` of IEEE 754 binary64).
    private static func isKept(_ number: JSONNumber) -> Bool {
        var text = number.literal
        return text.withUTF8 { digits in
            // No room for a magnitude beyond 10^±264 then, together with the bound on the exponent.
            guard digits.count <= 64 else { return false }
            var significant = 0
            var zeros = 0
            var position = 0
            while position < digits.count, digits[position] | 0x20 != UInt8(ascii: "e") {
                switch digits[position] {
                case UInt8(ascii: "0"):
                    zeros += 1
                case UInt8(ascii: "1")...UInt8(ascii: "9"):
                    // Zeros count between other digits, not before or behind them.
                    significant += significant == 0 ? 1 : zeros + 1
                    zeros = 0
                default:
                    break
                }
                position += 1
            }
            guard significant <= 15 else { return false }
            let exponent = String(decoding: digits.dropFirst(position + 1), as: UTF8.self)
            return exponent.isEmpty || Int(exponent).map { (-200...200).contains($0) } == true
        }
    }
}
