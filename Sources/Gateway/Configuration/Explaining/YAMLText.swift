/// Text as YAML writes it, so that every reader of YAML 1.1 and 1.2 takes it for the same text.
enum YAMLText {
    /// One line: without quotes where nobody can take it for something else, in block and in flow style, else in double
    /// quotes.
    static func scalar(_ text: String) -> String {
        isPlain(text) ? text : quoted(text)
    }

    /// Text behind `#`: one line, without a character that would end it or that a terminal acts on.
    static func comment(_ text: String) -> String {
        text.unicodeScalars.allSatisfy(isRaw)
            ? text
            : text.unicodeScalars.map { isRaw($0) ? String($0) : "\\u{\(String($0.value, radix: 16))}" }.joined()
    }

    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, first.isASCIILetterOrDigit || first == UInt8(ascii: "/"),
            text.utf8.last != UInt8(ascii: ":"),
            text.utf8.allSatisfy({ $0.isASCIILetterOrDigit || "_-./:%+@".utf8.contains($0) })
        else { return false }
        return first.isASCIIDigit ? !mayBeNumber(text) : !words.contains(text.lowercased())
    }

    /// Truth values and nothing, in all the ways that YAML 1.1 and 1.2 write them.
    private static let words: Set = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"]

    /// Whether some reader may take a text that begins with a digit for a number or a point in time. Their letters and
    /// signs are few, but for hexadecimal ones; four numbers between points are an address to everybody.
    private static func mayBeNumber(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        if bytes.count > 1, bytes[0] == UInt8(ascii: "0"), "xXoObB".utf8.contains(bytes[1]) { return true }
        guard bytes.allSatisfy({ $0.isASCIIDigit || "_-.:+eEtTzZ".utf8.contains($0) }) else {
            return Double(text) != nil
        }
        return bytes.count { $0 == UInt8(ascii: ".") } < 2
    }

    /// In double quotes (YAML 1.2 §7.3.1), on one line.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            default: quoted += isRaw(scalar) ? String(scalar) : escape(scalar)
            }
        }
        return quoted + "\""
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        let width = scalar.value > 0xFFFF ? 8 : 4
        return (width == 8 ? "\\U" : "\\u") + String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Whether a character can stand for itself. The signs of anchors and aliases cannot: the loader refuses a text that
    /// may have both, wherever they stand.
    private static func isRaw(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "&" || scalar == "*" { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }
}
