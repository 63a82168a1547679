import Testing

@testable import mcp_load

@Suite struct ArgumentsTests {
    @Test(arguments: [
        ("250ms", Duration.milliseconds(250)), ("10s", .seconds(10)), ("5m", .seconds(300)), ("1h", .seconds(3_600)),
        ("0s", .zero),
    ])
    func `reads a length of time`(text: String, duration: Duration) {
        #expect(DurationArgument(argument: text)?.duration == duration)
    }

    @Test(arguments: ["", "10", "s", "-1s", "1.5s", "10 s", "99999999999s", "1d"])
    func `refuses what is not a length of time`(text: String) {
        #expect(DurationArgument(argument: text) == nil)
    }

    @Test(arguments: [("0", 0), ("300", 300), ("300B", 300), ("64KiB", 65_536), ("8MiB", 8 << 20)])
    func `reads a size`(text: String, bytes: Int) {
        #expect(SizeArgument(argument: text)?.byteCount == bytes)
    }

    @Test(arguments: ["", "-1", "64KB", "9MiB", "1e3", "KiB"])
    func `refuses what is not a size, or too large a one`(text: String) {
        #expect(SizeArgument(argument: text) == nil)
    }

    @Test func `keeps a header field as one line`() {
        #expect(HeaderArgument(argument: "Authorization: Bearer x")?.line == "Authorization: Bearer x\r\n")
    }

    @Test(arguments: ["", "no colon", ": value", "a b: c", "a: b\r\nc: d", "a: \u{0}"])
    func `refuses a header that would be more or less than a field`(text: String) {
        #expect(HeaderArgument(argument: text) == nil)
    }
}
