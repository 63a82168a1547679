import Testing

@testable import Gateway

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("backend", "backends"), ("backnds", "backends"), ("bakcends", "backends"), ("Timeout", "timeout"),
        ("health-check", "health_check"), ("healthCheck", "health_check"), ("tmeout", "timeout"),
    ])
    func `a slip of the finger is understood`(typed: String, meant: String) {
        #expect(NearestName.find(for: typed, among: ["timeout", "backends", "health_check"]) == meant)
    }

    @Test(arguments: ["", "x", "path", "_", "abcdefgh", String(repeating: "backends", count: 1_000)])
    func `what is far from everything is not guessed`(typed: String) {
        #expect(NearestName.find(for: typed, among: ["timeout", "backends", "pool"]) == nil)
    }

    @Test func `the nearest one wins`() {
        #expect(NearestName.find(for: "limitss", among: ["limit", "limits"]) == "limits")
    }
}

@Suite struct IPRangeTests {
    @Test(
        arguments: [
            ("10.0.0.0/8", [10, 1, 2, 3], true), ("10.0.0.0/8", [11, 0, 0, 0], false),
            ("192.0.2.128/25", [192, 0, 2, 200], true), ("192.0.2.128/25", [192, 0, 2, 127], false),
            ("0.0.0.0/0", [255, 255, 255, 255], true), ("192.0.2.1", [192, 0, 2, 1], true),
            ("192.0.2.1", [192, 0, 2, 2], false), ("::/0", [192, 0, 2, 1], false),
        ] as [(String, [UInt8], Bool)])
    func `knows what is in a range`(range: String, address: [UInt8], isIn: Bool) throws {
        #expect(try #require(IPRange(range)).contains(address) == isIn)
    }

    @Test(arguments: ["", "/8", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/33", "10.0.0.1/31", "::1%lo", "10.0.0", "x"])
    func `refuses what is no range`(text: String) {
        #expect(IPRange(text) == nil)
    }

    @Test func `an IPv6 range is compared bit by bit`() throws {
        let range = try #require(IPRange("fe80::/10"))
        #expect(range.contains([0xFE, 0xBF] + [UInt8](repeating: 1, count: 14)))
        #expect(!range.contains([0xFE, 0xC0] + [UInt8](repeating: 0, count: 14)))
        #expect(range.text == "fe80::/10")
    }
}

@Suite struct QuantityTests {
    @Test(arguments: [("0", 0, ""), ("10s", 10, "s"), ("999999999999999x", 999_999_999_999_999, "x"), ("1 ", 1, " ")])
    func `reads a number and its unit`(text: String, number: Int, unit: String) throws {
        let quantity = try #require(Quantity(text))
        #expect(quantity.number == number && quantity.unit == unit)
    }

    @Test(arguments: ["", "s", "-1", "+1", "01", "1000000000000000", "٣s", " 1"]) func `refuses other numbers`(
        text: String
    ) {
        #expect(Quantity(text) == nil)
    }

    @Test func `what is written is what was read`() {
        let durations: [(Duration, String)] = [
            (.zero, "0s"), (.milliseconds(1), "1ms"), (.milliseconds(1_500), "1500ms"), (.seconds(90), "90s"),
            (.seconds(120), "2m"), (.seconds(7_200), "2h"),
        ]
        for (duration, text) in durations { #expect(duration.configurationText == text) }
        let sizes = [0: "0B", 1: "1B", 1_024: "1KiB", 1_536: "1536B", 4 << 20: "4MiB", 3 << 30: "3GiB"]
        for (size, text) in sizes { #expect(size.sizeText == text) }
        let shares: [(Double, String)] = [(0, "0%"), (0.5, "50%"), (0.125, "12.5%"), (0.0005, "0.05%"), (1, "100%")]
        for (share, text) in shares { #expect(share.shareText == text) }
    }
}

@Suite struct EndpointURLTests {
    @Test(arguments: [
        ("http://a", "http://a/"), ("HTTP://A.B:80/x", "http://a.b/x"), ("http://[::1]:9/", "http://[::1]:9/"),
        ("http://127.0.0.1:1/%2f;a=b", "http://127.0.0.1:1/%2f;a=b"), ("http://a_b-c.d1/", "http://a_b-c.d1/"),
    ])
    func `has a normal form`(text: String, normal: String) throws {
        #expect(try EndpointURL(text, schemes: [.http]).text == normal)
    }

    @Test(arguments: [
        "", "http", "http:", "http:/a", "http://", "http://a:", "http://a:01", "http://a:+1", "http://a:65536",
        "http://-a", "http://a-", "http://a..b", "http://a.", "http://.", "http://1", "http://1.2.3", "http://0x7f.1",
        "http://a%62", "http://a\\b", "http://a/%", "http://a/%2", "http://a/%zz", "http://a/ä", "http://ä",
        "http://a b",
        "http://a/\n", "http://a/#", "http://[::1", "http://[::1]x", "http://[a]", "http://::1", "http://a@b", "//a",
        "http://" + String(repeating: "a", count: 64), "http://a/" + String(repeating: "a", count: 3_000),
    ])
    func `refuses what another program could read differently`(text: String) {
        #expect(throws: ConfigurationTextError.self) { try EndpointURL(text, schemes: [.http]) }
    }
}
