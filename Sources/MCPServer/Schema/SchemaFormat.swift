import Wire

/// The formats that can be asserted (JSON Schema 2020-12 Validation §7.3). All others are annotations.
public enum SchemaFormat: String, CaseIterable, Sendable {
    /// RFC 3339 §5.6, also with a leap second.
    case dateTime = "date-time"
    /// RFC 3339 §5.6, `full-date`.
    case date
    /// RFC 3339 §5.6, `full-time`.
    case time
    /// RFC 5321 §4.1.2, a dot-atom before and a host name behind the `@`.
    case email
    /// RFC 1123 §2.1, of ASCII letters.
    case hostname
    /// Four decimal numbers.
    case ipv4
    /// RFC 4291 §2.2.
    case ipv6
    /// RFC 3986, with a scheme.
    case uri
    /// RFC 4122 §3.
    case uuid

    /// "must be …".
    var phrase: String {
        switch self {
        case .dateTime: "a date and time (RFC 3339)"
        case .date: "a date (YYYY-MM-DD)"
        case .time: "a time with its zone (RFC 3339)"
        case .email: "an e-mail address"
        case .hostname: "a host name"
        case .ipv4: "an IPv4 address"
        case .ipv6: "an IPv6 address"
        case .uri: "an absolute URI"
        case .uuid: "a UUID"
        }
    }

    /// Whether the text has the format.
    func accepts(_ text: ByteView) -> Bool {
        let text = text.bytes[...]
        switch self {
        case .dateTime:
            guard text.count > 11, text[10] | 0x20 == UInt8(ascii: "t") else { return false }
            return SchemaFormat.isDate(text[..<10]) && SchemaFormat.isTime(text[11...])
        case .date: return SchemaFormat.isDate(text)
        case .time: return SchemaFormat.isTime(text)
        case .email:
            guard text.count <= 254, let at = text.lastIndex(of: UInt8(ascii: "@")), (1...64).contains(at) else {
                return false
            }
            return SchemaFormat.isDotAtom(text[..<at]) && SchemaFormat.isHostName(text[(at + 1)...])
        case .hostname: return SchemaFormat.isHostName(text)
        case .ipv4: return SchemaFormat.isIPv4(text)
        case .ipv6: return SchemaFormat.isIPv6(text)
        case .uri: return SchemaFormat.isURI(text)
        case .uuid: return SchemaFormat.isUUID(text)
        }
    }

    private typealias Text = ArraySlice<UInt8>

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

    private static func isHexDigit(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- 0x61 < 6 }

    /// The decimal number of exactly `count` digits.
    private static func number(_ text: Text, _ count: Int) -> Int? {
        guard text.count == count, text.allSatisfy(isDigit) else { return nil }
        return text.reduce(0) { $0 &* 10 &+ Int($1 &- 0x30) }
    }

    private static func isDate(_ text: Text) -> Bool {
        let parts = text.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3, let year = number(parts[0], 4), let month = number(parts[1], 2),
            let day = number(parts[2], 2), (1...12).contains(month)
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...days[month - 1]).contains(day)
    }

    private static func isTime(_ text: Text) -> Bool {
        let text = Array(text)
        guard text.count >= 9, text[2] == UInt8(ascii: ":"), text[5] == UInt8(ascii: ":"),
            let hour = number(text[0..<2], 2), let minute = number(text[3..<5], 2),
            let second = number(text[6..<8], 2), hour < 24, minute < 60, second <= 60
        else { return false }
        var rest = text[8...]
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { isDigit($0) }
            guard !digits.isEmpty else { return false }
            rest = rest.dropFirst(1 + digits.count)
        }
        var offset = 0
        if rest.count == 1, let zone = rest.first, zone | 0x20 == UInt8(ascii: "z") {
            offset = 0
        } else {
            guard rest.count == 6, let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
                rest[rest.startIndex + 3] == UInt8(ascii: ":"),
                let hours = number(rest[(rest.startIndex + 1)..<(rest.startIndex + 3)], 2),
                let minutes = number(rest[(rest.startIndex + 4)...], 2), hours < 24, minutes < 60
            else { return false }
            offset = (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? 1 : -1)
        }
        // A leap second ends a day of UTC.
        return second < 60 || (hour * 60 + minute + offset + 2 * 1_440) % 1_440 == 1_439
    }

    private static func isDotAtom(_ text: Text) -> Bool {
        text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty && atom.allSatisfy { isLetter($0) || isDigit($0) || "!#$%&'*+-/=?^_`{|}~".utf8.contains($0) }
        }
    }

    private static func isHostName(_ text: Text) -> Bool {
        guard (1...253).contains(text.count) else { return false }
        return text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isIPv4(_ text: Text) -> Bool {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.count) && (part.count == 1 || part.first != UInt8(ascii: "0"))
                    && number(part, part.count).map { $0 < 256 } == true
            }
    }

    private static func isIPv6(_ text: Text) -> Bool {
        var groups = 0
        var hasGap = false
        var parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)[...]
        guard parts.count >= 3 else { return false }
        // A colon at either end is half of the gap.
        if parts.first?.isEmpty == true {
            parts = parts.dropFirst()
            guard parts.first?.isEmpty == true else { return false }
        }
        if parts.last?.isEmpty == true {
            parts = parts.dropLast()
            guard parts.last?.isEmpty == true else { return false }
        }
        for (index, part) in parts.enumerated() {
            if part.isEmpty {
                guard !hasGap else { return false }
                hasGap = true
            } else if index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard isIPv4(part) else { return false }
                groups += 2
            } else {
                guard part.count <= 4, part.allSatisfy(isHexDigit) else { return false }
                groups += 1
            }
        }
        return hasGap ? groups < 8 : groups == 8
    }

    private static func isURI(_ text: Text) -> Bool {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), let first = text.first, isLetter(first),
            text[..<colon].allSatisfy({ isLetter($0) || isDigit($0) || "+-.".utf8.contains($0) })
        else { return false }
        var rest = text[(colon + 1)...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, rest.prefix(2).allSatisfy(isHexDigit) else { return false }
                rest = rest.dropFirst(2)
            } else if !isLetter(byte) && !isDigit(byte) && !"-._~:/?#[]@!$&'()*+,;=".utf8.contains(byte) {
                return false
            }
        }
        return true
    }

    private static func isUUID(_ text: Text) -> Bool {
        text.count == 36
            && text.enumerated().allSatisfy { index, byte in
                [8, 13, 18, 23].contains(index) ? byte == UInt8(ascii: "-") : isHexDigit(byte)
            }
    }
}
