/// The inside of a JSON number, byte by byte (RFC 8259 §6).
enum JSONNumberMachine {
    case start, minus, zero, integer, point, fraction, e, sign, exponent

    /// Whether the number may end here.
    var isComplete: Bool {
        switch self {
        case .zero, .integer, .fraction, .exponent: true
        case .start, .minus, .point, .e, .sign: false
        }
    }

    /// The state behind `byte`; `nil` if that is not part of the number.
    func after(_ byte: UInt8) -> JSONNumberMachine? {
        let isDigit = HTTPCharacters.isDigit(byte)
        switch self {
        case .start where byte == UInt8(ascii: "-"):
            return .minus
        case .start, .minus:
            return byte == UInt8(ascii: "0") ? .zero : isDigit ? .integer : nil
        case .integer where isDigit:
            return .integer
        case .zero, .integer:
            if byte == UInt8(ascii: ".") { return .point }
            return byte | 0x20 == UInt8(ascii: "e") ? .e : nil
        case .point:
            return isDigit ? .fraction : nil
        case .fraction:
            if isDigit { return .fraction }
            return byte | 0x20 == UInt8(ascii: "e") ? .e : nil
        case .e where byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-"):
            return .sign
        case .e, .sign, .exponent:
            return isDigit ? .exponent : nil
        }
    }
}
