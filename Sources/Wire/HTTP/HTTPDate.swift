/// The `Date` field's value (IMF-fixdate, RFC 9110 §5.6.7), formatted once per second.
public struct HTTPDate: Sendable {
    /// 29 characters, `Sun, 06 Nov 1994 08:49:37 GMT`, valid for the second of the last `update`.
    public private(set) var text: InlineArray<29, UInt8> = InlineArray(repeating: 0x20)
    private var second = Int64.min

    /// Nothing formatted yet.
    public init() {}

    /// Makes `text` say `secondsSince1970`; does nothing when it already does.
    public mutating func update(_ secondsSince1970: Int64) {
        guard secondsSince1970 != second else { return }
        second = secondsSince1970
        let days = Int((Double(secondsSince1970) / 86_400).rounded(.down))
        let time = Int(secondsSince1970) &- days &* 86_400
        let (year, month, day) = HTTPDate.civil(days)
        let names: StaticString = "ThuFriSatSunMonTueWed"
        let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"
        let weekday = ((days % 7) &+ 7) % 7
        for index in 0..<3 {
            text[index] = names.utf8Start[weekday &* 3 &+ index]
            text[8 + index] = months.utf8Start[(month &- 1) &* 3 &+ index]
        }
        text[3] = UInt8(ascii: ",")
        put(day, at: 5)
        put(year / 100, at: 12)
        put(year % 100, at: 14)
        put(time / 3_600, at: 17)
        text[19] = UInt8(ascii: ":")
        put(time / 60 % 60, at: 20)
        text[22] = UInt8(ascii: ":")
        put(time % 60, at: 23)
        text[26] = UInt8(ascii: "G")
        text[27] = UInt8(ascii: "M")
        text[28] = UInt8(ascii: "T")
    }

    private mutating func put(_ value: Int, at index: Int) {
        text[index] = UInt8(truncatingIfNeeded: value / 10 % 10) &+ 0x30
        text[index &+ 1] = UInt8(truncatingIfNeeded: value % 10) &+ 0x30
    }

    /// Year, month and day of a day number since 1970-01-01, proleptic Gregorian ("chrono-compatible low-level date
    /// algorithms", H. Hinnant).
    private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days &+ 719_468
        let era = (shifted >= 0 ? shifted : shifted &- 146_096) / 146_097
        let dayOfEra = shifted &- era &* 146_097
        let yearOfEra = (dayOfEra &- dayOfEra / 1_460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
        let month = (5 &* dayOfYear &+ 2) / 153
        let day = dayOfYear &- (153 &* month &+ 2) / 5 &+ 1
        let calendarMonth = month < 10 ? month &+ 3 : month &- 9
        return (yearOfEra &+ era &* 400 &+ (calendarMonth <= 2 ? 1 : 0), calendarMonth, day)
    }
}
