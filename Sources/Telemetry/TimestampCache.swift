/// Writes times as RFC 3339 with milliseconds, `2026-07-28T09:05:03.042Z`; formats the date once per second only.
package struct TimestampCache: Sendable {
    /// The last time written; all but the milliseconds holds for its whole second.
    private var text = InlineArray<24, UInt8>(repeating: 0x30)
    private var second: Int64 = 0

    /// A cache that holds the beginning of 1970.
    package init() {
        update(0)
    }

    /// Appends 24 bytes. Years outside 0…9999 are written as the nearest one within.
    package mutating func appendRFC3339(_ time: WallTime, to bytes: inout [UInt8]) {
        if time.seconds != second { update(time.seconds) }
        let milliseconds = time.nanoseconds / 1_000_000
        text[20] = UInt8(truncatingIfNeeded: milliseconds / 100 % 10) &+ 0x30
        text[21] = UInt8(truncatingIfNeeded: milliseconds / 10 % 10) &+ 0x30
        text[22] = UInt8(truncatingIfNeeded: milliseconds % 10) &+ 0x30
        text.span.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    private mutating func update(_ secondsSince1970: Int64) {
        second = secondsSince1970
        // From 0000-01-01T00:00:00 to 9999-12-31T23:59:59.
        let clamped = Int(min(max(secondsSince1970, -62_167_219_200), 253_402_300_799))
        let time = ((clamped % 86_400) &+ 86_400) % 86_400
        let (year, month, day) = TimestampCache.civil((clamped &- time) / 86_400)
        put(year / 100, at: 0)
        put(year % 100, at: 2)
        text[4] = UInt8(ascii: "-")
        put(month, at: 5)
        text[7] = UInt8(ascii: "-")
        put(day, at: 8)
        text[10] = UInt8(ascii: "T")
        put(time / 3_600, at: 11)
        text[13] = UInt8(ascii: ":")
        put(time / 60 % 60, at: 14)
        text[16] = UInt8(ascii: ":")
        put(time % 60, at: 17)
        text[19] = UInt8(ascii: ".")
        text[23] = UInt8(ascii: "Z")
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
