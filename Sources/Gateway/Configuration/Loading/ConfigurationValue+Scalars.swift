extension ConfigurationValue where Value == Bool {
    /// `true` or `false`, without quotes (YAML 1.2). The other truth values of YAML 1.1 are only understood well enough
    /// to say what was meant.
    static var boolean: Self {
        ConfigurationValue(
            kind: .boolean,
            read: { node, _, reader in
                guard case .scalar(let text, let isPlain) = node.content else {
                    reader.mismatch(node, "must be true or false")
                    return nil
                }
                switch (text, isPlain) {
                case ("true", true): return true
                case ("false", true): return false
                default:
                    let suggestion: String? =
                        switch text.lowercased() {
                        case "true", "yes", "on", "y", "1": "true"
                        case "false", "no", "off", "n", "0": "false"
                        default: nil
                        }
                    reader.mismatch(node, "must be true or false", suggestion: suggestion)
                    return nil
                }
            },
            text: { $0 ? "true" : "false" })
    }
}

extension ConfigurationValue where Value == Int {
    /// A whole number within bounds: decimal digits, no quotes. Octal and hexadecimal numbers and separators are
    /// refused, because YAML 1.1 and 1.2 read them differently.
    static func count(_ range: ClosedRange<Int>) -> Self {
        ConfigurationValue(
            kind: .integer(range),
            read: { node, _, reader in
                let demand = "must be a whole number, \(range.lowerBound)…\(range.upperBound)"
                guard case .scalar(let text, isPlain: true) = node.content, let quantity = Quantity(text),
                    quantity.unit.isEmpty, range.contains(quantity.number)
                else {
                    reader.mismatch(node, demand)
                    return nil
                }
                return quantity.number
            },
            text: { "\($0)" })
    }

    /// A number of bytes within bounds, with its unit.
    static func size(_ range: ClosedRange<Int>) -> Self {
        .text(.size(range), must: "must be a size such as 64KiB or 4MiB") { text throws(ConfigurationTextError) in
            guard let quantity = Quantity(text) else { throw ConfigurationTextError() }
            let factor: Int
            switch quantity.unit {
            case "B": factor = 1
            case "KiB": factor = 1_024
            case "MiB": factor = 1_048_576
            case "GiB": factor = 1_073_741_824
            default:
                let letter = quantity.unit.drop { $0 == " " }.uppercased().prefix(1)
                let unit = ["K": "KiB", "M": "MiB", "G": "GiB", "B": "B"][letter]
                throw ConfigurationTextError(suggestion: unit.map { "\(quantity.number)\($0)" })
            }
            let (bytes, isTooMuch) = quantity.number.multipliedReportingOverflow(by: factor)
            guard !isTooMuch, range.contains(bytes) else {
                throw ConfigurationTextError(
                    "must be \(range.lowerBound.sizeText)…\(range.upperBound.sizeText), is \(text.shown)")
            }
            return bytes
        } text: {
            $0.sizeText
        }
    }
}

extension ConfigurationValue where Value == AutomaticCount {
    /// A whole number within bounds, or `auto`.
    static func automaticOrCount(_ range: ClosedRange<Int>) -> Self {
        automatic(or: .count(range), "a whole number, \(range.lowerBound)…\(range.upperBound)")
    }

    /// A number of bytes within bounds, or `auto`.
    static func automaticOrSize(_ range: ClosedRange<Int>) -> Self {
        automatic(or: .size(range), "a size, \(range.lowerBound.sizeText)…\(range.upperBound.sizeText)")
    }

    private static func automatic(or number: ConfigurationValue<Int>, _ meaning: String) -> Self {
        ConfigurationValue(
            kind: .either([.choice(["auto"]), number.kind]),
            read: { node, _, reader in
                if case .scalar("auto", _) = node.content { return .automatic }
                if case .scalar(let text, let isPlain) = node.content, isPlain || number.kind.isText(text),
                    Quantity(text) != nil
                {
                    return number.read(node, 0, &reader).map { .fixed($0) }
                }
                reader.mismatch(node, "must be auto or \(meaning)")
                return nil
            },
            text: { count in
                switch count {
                case .automatic: "auto"
                case .fixed(let value): number.text(value)
                }
            })
    }
}

extension ConfigurationValue where Value == Duration {
    /// A length of time within bounds, with its unit.
    static func duration(_ range: ClosedRange<Duration>) -> Self {
        .text(.duration(range), must: "must be a duration such as 250ms, 10s, 5m or 1h") {
            text throws(ConfigurationTextError) in
            guard let quantity = Quantity(text) else { throw ConfigurationTextError() }
            let milliseconds: Int
            switch quantity.unit {
            case "ms": milliseconds = 1
            case "s": milliseconds = 1_000
            case "m": milliseconds = 60_000
            case "h": milliseconds = 3_600_000
            default:
                throw ConfigurationTextError(suggestion: unit(meantBy: quantity.unit).map { "\(quantity.number)\($0)" })
            }
            let (total, isTooLong) = quantity.number.multipliedReportingOverflow(by: milliseconds)
            guard !isTooLong, range.contains(.milliseconds(total)) else {
                let (shortest, longest) = (range.lowerBound.configurationText, range.upperBound.configurationText)
                throw ConfigurationTextError("must be \(shortest)…\(longest), is \(text.shown)")
            }
            return .milliseconds(total)
        } text: {
            $0.configurationText
        }
    }

    private static func unit(meantBy text: Substring) -> String? {
        switch text.drop(while: { $0 == " " }).lowercased() {
        case "ms", "msec", "millis", "milliseconds": "ms"
        case "s", "sec", "secs", "second", "seconds": "s"
        case "m", "min", "mins", "minute", "minutes": "m"
        case "h", "hr", "hour", "hours": "h"
        default: nil
        }
    }
}

extension ConfigurationValue where Value == Double {
    /// A share in percent, with at most two digits after the point; 0…1 as a value.
    static func share(_ percent: ClosedRange<Int>) -> Self {
        .text(.share(percent), must: "must be a share such as 20%") { text throws(ConfigurationTextError) in
            guard text.hasSuffix("%") else {
                let suggestion = Quantity(text).flatMap { $0.unit.isEmpty && $0.number <= 100 ? "\(text)%" : nil }
                throw ConfigurationTextError(suggestion: suggestion)
            }
            let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count <= 2, let whole = Quantity(String(parts[0])), whole.unit.isEmpty, whole.number <= 1_000
            else {
                throw ConfigurationTextError()
            }
            var hundredths = whole.number * 100
            if parts.count == 2 {
                guard (1...2).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy(\.isASCIIDigit),
                    let fraction = Int(parts[1])
                else { throw ConfigurationTextError() }
                hundredths += parts[1].utf8.count == 1 ? fraction * 10 : fraction
            }
            guard (percent.lowerBound * 100...percent.upperBound * 100).contains(hundredths) else {
                throw ConfigurationTextError("must be \(percent.lowerBound)%…\(percent.upperBound)%, is \(text.shown)")
            }
            return Double(hundredths) / 10_000
        } text: {
            $0.shareText
        }
    }
}

extension ConfigurationValue where Value: ConfigurationChoice {
    /// One of the words of an enumeration.
    static var choice: Self {
        let words = Value.allCases.map(\.rawValue)
        return .text(.choice(words), must: "must be \(words.joinedAsChoice)") { text throws(ConfigurationTextError) in
            guard let value = Value(rawValue: text) else {
                throw ConfigurationTextError(suggestion: NearestName.find(for: text, among: words))
            }
            return value
        } text: {
            $0.rawValue
        }
    }
}

extension [String] {
    /// `a, b or c`.
    fileprivate var joinedAsChoice: String {
        guard let last, count > 1 else { return first ?? "" }
        return dropLast().joined(separator: ", ") + " or " + last
    }
}
