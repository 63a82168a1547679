/// So many in a period.
package struct Rate: Hashable, Sendable {
    /// 1…1,000,000,000.
    package let count: Int
    /// A second, a minute or an hour.
    package let period: Duration

    package init(count: Int, period: Duration) {
        self.count = count
        self.period = period
    }
}

extension ConfigurationValue where Value == Rate {
    /// A number per second, minute or hour.
    static var rate: Self {
        .text(.text(.rate), must: "must be a rate such as 100/min (per s, min or h)") {
            text throws(ConfigurationTextError) in
            guard let quantity = Quantity(text), quantity.unit.utf8.first == UInt8(ascii: "/"),
                (1...1_000_000_000).contains(quantity.number)
            else { throw ConfigurationTextError() }
            switch quantity.unit {
            case "/s": return Rate(count: quantity.number, period: .seconds(1))
            case "/min": return Rate(count: quantity.number, period: .seconds(60))
            case "/h": return Rate(count: quantity.number, period: .seconds(3_600))
            default:
                let unit = ["s": "s", "m": "min", "h": "h"][
                    quantity.unit.utf8.dropFirst().first.map { String(Unicode.Scalar($0)) } ?? ""]
                throw ConfigurationTextError(suggestion: unit.map { "\(quantity.number)/\($0)" })
            }
        } text: {
            let unit = $0.period == .seconds(1) ? "s" : $0.period == .seconds(60) ? "min" : "h"
            return "\($0.count)/\(unit)"
        }
    }
}
