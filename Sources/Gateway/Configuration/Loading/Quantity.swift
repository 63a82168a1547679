/// A whole number with a unit, such as `250ms`.
struct Quantity {
    /// 0 or more.
    let number: Int
    /// What follows the digits; may be empty.
    let unit: Substring

    /// Reads digits without sign, leading zeros, separators or fraction, at most 15 of them; nil for anything else.
    init?(_ text: String) {
        let digits = text.utf8.prefix { $0.isASCIIDigit }
        guard (1...15).contains(digits.count), digits.count == 1 || digits.first != UInt8(ascii: "0") else {
            return nil
        }
        number = digits.reduce(0) { $0 &* 10 &+ Int($1 &- 0x30) }
        unit = text[digits.endIndex...]
    }
}

extension Duration {
    /// As a configuration writes it, in the largest unit that fits.
    var configurationText: String {
        let milliseconds = components.seconds &* 1_000 &+ components.attoseconds / 1_000_000_000_000_000
        if milliseconds % 1_000 != 0 { return "\(milliseconds)ms" }
        let seconds = milliseconds / 1_000
        if seconds == 0 { return "0s" }
        if seconds % 3_600 == 0 { return "\(seconds / 3_600)h" }
        if seconds % 60 == 0 { return "\(seconds / 60)m" }
        return "\(seconds)s"
    }
}

extension Int {
    /// A number of bytes as a configuration writes it, in the largest unit that fits.
    var sizeText: String {
        if self > 0, self % 1_073_741_824 == 0 { return "\(self / 1_073_741_824)GiB" }
        if self > 0, self % 1_048_576 == 0 { return "\(self / 1_048_576)MiB" }
        if self > 0, self % 1_024 == 0 { return "\(self / 1_024)KiB" }
        return "\(self)B"
    }
}

extension Double {
    /// A share as a configuration writes it, in percent, with two digits after the point if needed.
    var shareText: String {
        let hundredths = Int((self * 10_000).rounded())
        let fraction = hundredths % 100
        if fraction == 0 { return "\(hundredths / 100)%" }
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction % 10 == 0 ? fraction / 10 : fraction)%"
    }
}
