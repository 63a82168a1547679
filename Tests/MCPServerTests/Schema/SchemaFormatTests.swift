import Testing
import Wire

@testable import MCPServer

@Suite struct SchemaFormatTests {
    @Test(
        arguments: [
            (
                .dateTime,
                [
                    "2024-02-29T23:59:59Z", "1998-12-31T23:59:60Z", "1998-12-31T15:59:60.123-08:00",
                    "2024-01-01t00:00:00z",
                ],
                [
                    "2023-02-29T00:00:00Z", "2024-01-01 00:00:00Z", "2024-01-01T00:00:00", "1998-12-31T22:59:60Z",
                    "2024-1-01T00:00:00Z", "",
                ]
            ),
            (
                .date, ["2024-12-31", "2000-02-29"],
                ["2024-13-01", "1900-02-29", "2024-04-31", "20240101", "2024-00-10", "2024-01-1a"]
            ),
            (
                .time, ["12:00:00Z", "00:00:00.5+05:30", "23:59:60Z"],
                ["24:00:00Z", "12:60:00Z", "12:00:00", "12:00:00.Z", "12:00Z", "12:00:00+5:30"]
            ),
            (.email, ["a@b", "a.b+c@example.org"], ["a", "@b", "a@", ".a@b", "a..b@c", "a@-b", "a b@c"]),
            (.hostname, ["localhost", "a-b.example.org"], ["", "-a", "a-", "a..b", "a_b", "a."]),
            (.ipv4, ["127.0.0.1", "255.255.255.255"], ["256.0.0.1", "1.2.3", "01.2.3.4", "1.2.3.4.5", "1.2.3.a"]),
            (
                .ipv6, ["::", "::1", "1::", "fe80::1:2", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4"],
                [
                    "", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "::1.2.3",
                    "1:2:3:4:5:6:7::8:9", ":1", "1:", "g::",
                ]
            ),
            (
                .uri, ["http://a/b?c#d", "urn:x:y", "mailto:a@b", "a:%20"],
                ["/a", "a", "1a:b", "a:%2", "http://a b", "http://é"]
            ),
            (
                .uuid, ["2eb8aa08-aa98-11ea-b4aa-73b441d16380"],
                [
                    "2eb8aa08-aa98-11ea-b4aa-73b441d1638", "2eb8aa08aa98-11ea-b4aa-73b441d163800",
                    "2eb8aa0g-aa98-11ea-b4aa-73b441d16380",
                ]
            ),
        ] as [(SchemaFormat, [String], [String])])
    func `knows the format`(_ format: SchemaFormat, _ good: [String], _ bad: [String]) {
        for text in good { #expect(accepts(format, text), "\(text)") }
        for text in bad { #expect(!accepts(format, text), "\(text)") }
    }

    private func accepts(_ format: SchemaFormat, _ text: String) -> Bool {
        Array(text.utf8).withUnsafeBytes { format.accepts(ByteView($0)) }
    }
}
