extension String {
    /// Text from a file as a complaint may show it: in quotes, at most 80 characters, and nothing in it that a terminal
    /// would act on or that would look like something else.
    var shown: String {
        var text = "\""
        for (index, scalar) in unicodeScalars.enumerated() {
            guard index < 80 else {
                text += "…"
                break
            }
            text += scalar.shown
        }
        return text + "\""
    }

    /// Whether the text is a name that key paths show without quotes.
    var isPlainName: Bool {
        !isEmpty && utf8.count <= 64
            && utf8.allSatisfy { $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
    }
}

extension Unicode.Scalar {
    /// The character itself if it is printable, else its number.
    fileprivate var shown: String {
        switch self {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case "\n": return "\\n"
        case "\t": return "\\t"
        default: break
        }
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
            return "\\u{\(String(value, radix: 16))}"
        default:
            return String(self)
        }
    }
}

extension UInt8 {
    /// 0-9.
    var isASCIIDigit: Bool { self &- 0x30 < 10 }
    /// A-Z, a-z.
    var isASCIILetter: Bool { (self | 0x20) &- 0x61 < 26 }
    /// A-Z, a-z, 0-9.
    var isASCIILetterOrDigit: Bool { isASCIIDigit || isASCIILetter }
}
