/// Reads values as people write them.
enum SettingValue {
    /// A whole number.
    static func count(_ text: String, in range: ClosedRange<Int>) throws(SettingError) -> Int {
        guard let count = digits(text[...]), range.contains(count) else {
            throw SettingError(
                "must be a whole number from \(range.lowerBound) to \(range.upperBound), is \"\(shown(text))\"")
        }
        return count
    }

    /// A number of bytes, with the unit `B`, `KiB`, `MiB` or `GiB` or without.
    static func size(_ text: String, in range: ClosedRange<Int>) throws(SettingError) -> Int {
        let units = ["": 1, "B": 1, "KiB": 1_024, "MiB": 1_048_576, "GiB": 1_073_741_824]
        let (number, unit) = split(text)
        if let count = digits(number), let factor = units[unit] {
            let (bytes, overflow) = count.multipliedReportingOverflow(by: factor)
            if !overflow, range.contains(bytes) { return bytes }
        }
        throw SettingError(
            """
            must be a number of bytes from \(range.lowerBound) to \(range.upperBound), such as 65536, 64KiB or 1MiB, \
            is \"\(shown(text))\"
            """)
    }

    /// A length of time, with the unit `ms`, `s`, `m` or `h` or without, in seconds.
    static func duration(_ text: String, upTo limit: Duration) throws(SettingError) -> Duration {
        let units: [String: Int64] = ["": 1_000, "ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000]
        let (number, unit) = split(text)
        if let count = digits(number), let factor = units[unit] {
            let (milliseconds, overflow) = Int64(count).multipliedReportingOverflow(by: factor)
            if !overflow, Duration.milliseconds(milliseconds) <= limit { return .milliseconds(milliseconds) }
        }
        throw SettingError(
            """
            must be a duration of at most \(limit.components.seconds)s, such as 250ms, 10s, 5m, 1h or a number of seconds, \
            is \"\(shown(text))\"
            """)
    }

    /// A share of a whole: `5%` or `0.05`.
    static func share(_ text: String) throws(SettingError) -> Double {
        let isPercent = text.hasSuffix("%")
        let number = isPercent ? text.dropLast() : text[...]
        if !number.isEmpty, number.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }),
            let value = Double(number)
        {
            let share = isPercent ? value / 100 : value
            if share <= 1 { return share }
        }
        throw SettingError("must be a share such as 5% or 0.05, 0 to 1, is \"\(shown(text))\"")
    }

    /// One of a few words.
    static func choice<Value>(_ text: String, _ values: [String: Value]) throws(SettingError) -> Value {
        guard let value = values[text] else {
            let words = values.keys.sorted().joined(separator: ", ")
            throw SettingError("must be one of \(words), is \"\(shown(text))\"")
        }
        return value
    }

    private static func digits(_ text: Substring) -> Int? {
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    private static func split(_ text: String) -> (number: Substring, unit: String) {
        let number = text.prefix { $0.isASCII && $0.isNumber }
        return (number, String(text[number.endIndex...]))
    }

    /// As much of a wrong value as a message should repeat.
    private static func shown(_ text: String) -> String {
        text.count <= 64 ? text : "\(text.prefix(64))…"
    }
}

/// What is wrong with the value of a setting: the end of a sentence that begins with the setting's name.
struct SettingError: Error, Hashable {
    var reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}
