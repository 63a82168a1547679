import Testing
import Wire

@Suite struct HTTPDateTests {
    private func text(_ second: Int64) -> String {
        var date = HTTPDate()
        date.update(second)
        return date.string
    }

    @Test(
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),  // the example of RFC 9110 §5.6.7
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
            (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),  // 2100 is no leap year
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] as [(Int64, String)])
    func `writes a second as an IMF-fixdate`(_ second: Int64, _ expected: String) {
        #expect(text(second) == expected)
    }

    @Test func `agrees with counting days one by one for two centuries`() {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        var date = HTTPDate()
        var (year, month, day) = (1970, 1, 1)
        for number in 0..<(200 * 365) {
            date.update(Int64(number) * 86_400 + 3_661)
            let twoDigits = day < 10 ? "0\(day)" : "\(day)"
            let expected = "\(weekdays[number % 7]), \(twoDigits) \(months[month - 1]) \(year) 01:01:01 GMT"
            guard date.string == expected else {
                Issue.record("day \(number): \(date.string) is not \(expected)")
                return
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let length = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
            day += 1
            if day > length { (day, month) = (1, month + 1) }
            if month > 12 { (month, year) = (1, year + 1) }
        }
    }

    @Test(arguments: [Int64.min, .max, -62_167_219_200, 253_402_300_800])
    func `does not trap on seconds that no calendar has`(_ second: Int64) {
        #expect(text(second).utf8.count == 29)
    }

    @Test func `changes only when the second does`() {
        var date = HTTPDate()
        date.update(100)
        let first = date.string
        date.update(100)
        #expect(date.string == first)
        date.update(101)
        #expect(date.string != first)
    }
}

extension HTTPDate {
    fileprivate var string: String {
        text.span.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}
