import Foundation
import Telemetry
import Testing

@Suite struct `Timestamp cache` {
    private func written(_ time: WallTime, _ cache: inout TimestampCache) -> String {
        var bytes: [UInt8] = []
        cache.appendRFC3339(time, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `writes RFC 3339 with milliseconds`() {
        var cache = TimestampCache()
        #expect(written(WallTime(seconds: 0), &cache) == "1970-01-01T00:00:00.000Z")
        #expect(
            written(WallTime(seconds: 1_785_229_503, nanoseconds: 42_999_999), &cache) == "2026-07-28T09:05:03.042Z")
        #expect(
            written(WallTime(seconds: 951_827_696, nanoseconds: 999_999_999), &cache) == "2000-02-29T12:34:56.999Z")
        #expect(written(WallTime(seconds: -1, nanoseconds: 500_000_000), &cache) == "1969-12-31T23:59:59.500Z")
    }

    @Test func `writes every second anew and milliseconds each time`() {
        var cache = TimestampCache()
        #expect(written(WallTime(seconds: 59, nanoseconds: 1_000_000), &cache) == "1970-01-01T00:00:59.001Z")
        #expect(written(WallTime(seconds: 59, nanoseconds: 2_000_000), &cache) == "1970-01-01T00:00:59.002Z")
        #expect(written(WallTime(seconds: 60), &cache) == "1970-01-01T00:01:00.000Z")
        #expect(written(WallTime(seconds: 59), &cache) == "1970-01-01T00:00:59.000Z")
    }

    @Test func `stays within years of four digits`() {
        var cache = TimestampCache()
        #expect(written(WallTime(seconds: .min), &cache) == "0000-01-01T00:00:00.000Z")
        #expect(written(WallTime(seconds: .max), &cache) == "9999-12-31T23:59:59.000Z")
        #expect(written(WallTime(seconds: 0, nanoseconds: .max), &cache).utf8.count == 24)
    }

    @Test func `agrees with Foundation on random times`() {
        var generator = SystemRandomNumberGenerator()
        var cache = TimestampCache()
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: false)
        for _ in 0..<1_000 {
            // From 1900 to 2200; Foundation's calendar is Julian long before that.
            let seconds = Int64.random(in: -2_208_988_800...7_258_118_400, using: &generator)
            let expected = Date(timeIntervalSince1970: Double(seconds)).formatted(style).dropLast() + ".000Z"
            #expect(written(WallTime(seconds: seconds), &cache) == expected)
        }
    }

    @Test func `now is now`() {
        let now = WallTime.now()
        #expect(abs(Double(now.seconds) - Date().timeIntervalSince1970) < 5)
        #expect(now.nanoseconds >= 0 && now.nanoseconds < 1_000_000_000)
    }
}
