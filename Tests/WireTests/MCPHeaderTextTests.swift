import Testing

@testable import Wire

struct MCPHeaderTextTests {
    private func encode(_ text: String) -> String {
        var value: [UInt8] = []
        Array(text.utf8).withUnsafeBytes { MCPHeaderText.encode(ByteView($0), into: &value) }
        return String(decoding: value, as: UTF8.self)
    }

    private func decode(_ value: String) -> [UInt8]? {
        Array(value.utf8).withUnsafeBytes { MCPHeaderText.decode(ByteView($0)) }
    }

    /// Whether a header says the same as the one JSON value that `json` is.
    private func matchesArgument(_ value: String, _ json: String) -> Bool {
        let kind = JSONKind(firstByte: json.utf8.first ?? 0) ?? .null
        return Array(value.utf8).withUnsafeBytes { valueBytes in
            Array(json.utf8).withUnsafeBytes { body in
                MCPHeaderText.matchesArgument(
                    ByteView(valueBytes), JSONValueRange(kind: kind, range: ByteRange(start: 0, length: body.count)),
                    in: ByteView(body))
            }
        }
    }

    /// Whether a header says the same as a name, given as a JSON string.
    private func matchesName(_ value: String, _ json: String) -> Bool {
        Array(value.utf8).withUnsafeBytes { valueBytes in
            Array(json.utf8).withUnsafeBytes { body in
                MCPHeaderText.matchesName(
                    ByteView(valueBytes),
                    JSONText(range: ByteRange(start: 1, length: body.count - 2), isEscaped: json.contains("\\")),
                    in: ByteView(body))
            }
        }
    }

    /// The table of MCP 2026-07-28, "Encoding of header values", and its edges.
    static let encodings = [
        ("us-west1", "us-west1"),
        ("us west 1", "us west 1"),
        (" padded ", "=?base64?IHBhZGRlZCA=?="),
        ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
        ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
        ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
        ("", ""),
        ("=?base64?only the beginning", "=?base64?only the beginning"),
        ("only the end?=", "only the end?="),
        ("=?BASE64?Zm9v?=", "=?BASE64?Zm9v?="),
        ("a\tb", "=?base64?YQli?="),
        ("\u{7F}", "=?base64?fw==?="),
        ("~", "~"),
        ("=?base64?=", "=?base64?PT9iYXNlNjQ/PQ==?="),
    ]

    @Test(arguments: encodings) func `encodes and decodes by the table`(text: String, value: String) {
        #expect(encode(text) == value)
        #expect(decode(value) == Array(text.utf8))
        #expect(decode("  \t\(value) \t") == Array(text.utf8))
    }

    @Test(arguments: [
        "=?base64?ZXUtd2VzdDE?=", "=?base64?Zh==?=", "=?base64?Zm9v\n?=", "=?base64? Zm9v?=", "=?base64?Zm9-?=",
        "=?base64?/w==?=", "=?base64?7aCA?=", "=?base64?=", "=?base64?Zg==Zg==?=", "é", "a\u{0}b", "a\u{7F}",
        "a\u{1B}b",
    ])
    func `refuses a value that cannot be read in one way only`(value: String) {
        #expect(decode(value) == nil)
        #expect(!matchesName(value, "\"\(value.filter { $0 >= " " })\""))
    }

    @Test func `judges every byte at every position`() {
        for byte in UInt8.min...UInt8.max {
            for position in 0..<17 {
                var bytes = [UInt8](repeating: 0x20, count: 17)
                bytes[position] = byte
                let isPrintable = bytes.withUnsafeBytes { ByteView($0).isPrintableASCII }
                #expect(isPrintable == (0x20...0x7E).contains(byte))
            }
        }
    }

    @Test func `tolerates a tab inside, and text that was encoded without need`() {
        #expect(decode("a\tb") == Array("a\tb".utf8))
        #expect(decode("=?base64?Zm9v?=") == Array("foo".utf8))
        #expect(decode("=?base64??=") == [])
    }

    @Test func `compares a name by its bytes after decoding and unescaping`() {
        #expect(matchesName("run_query", #""run_query""#))
        #expect(matchesName("  run_query  ", #""run_query""#))
        #expect(matchesName("run_query", #""run\u005fquery""#))
        #expect(matchesName("=?base64?5LiW55WM?=", #""世界""#))
        #expect(matchesName("=?base64?5LiW55WM?=", #""\u4e16界""#))
        #expect(matchesName("", #""""#))
        #expect(!matchesName("run_query", #""RUN_QUERY""#))
        #expect(!matchesName("run_query", #""run_quer""#))
        #expect(!matchesName("run_quer", #""run_query""#))
        #expect(!matchesName("", #""x""#))
    }

    @Test func `takes two spellings of the same characters for different names`() {
        // U+00E9, and e with U+0301: equal as `String`, not as names.
        #expect(matchesName("=?base64?w6k=?=", "\"\u{E9}\""))
        #expect(!matchesName("=?base64?w6k=?=", "\"e\u{301}\""))
        #expect(matchesName("=?base64?ZcyB?=", "\"e\u{301}\""))
        #expect(!matchesName("=?base64?ZcyB?=", #""\u00e9""#))
    }

    @Test func `refuses controls in a name even where they are the same on both sides`() {
        #expect(!matchesName("=?base64?YQpi?=", #""a\nb""#))
        #expect(!matchesName("=?base64?YX9i?=", "\"a\u{7F}b\""))
        #expect(matchesArgument("=?base64?YQpi?=", #""a\nb""#))
    }

    @Test(arguments: [
        ("eu-west1", #""eu-west1""#), ("42", "42"), ("42.0", "42"), ("42", "42.0"), ("-7", "-7"), ("true", "true"),
        ("false", "false"), ("42", #""42""#), ("=?base64?IHBhZGRlZCA=?=", #"" padded ""#), ("a\"b", #""a\"b""#),
        ("", #""""#),
    ])
    func `takes an argument and its header for the same`(value: String, json: String) {
        #expect(matchesArgument(value, json))
    }

    @Test(arguments: [
        ("42.0", #""42""#), ("43", "42"), ("TRUE", "true"), ("true", "false"), ("1", "true"), ("null", "null"),
        ("", "null"),
        ("{}", "{}"), ("[]", "[]"), ("=?base64?NDI=?=", "42"), ("=?base64?dHJ1ZQ==?=", "true"), ("forty-two", "42"),
        ("042", "42"), ("EU", #""eu""#), ("=?base64?ZXU?=", #""eu""#),
    ])
    func `takes an argument and its header for different`(value: String, json: String) {
        #expect(!matchesArgument(value, json))
    }
}
