import NIOCore
import Testing

@testable import Wire

@Suite struct JSONValueTests {
    @Test func `keeps the order of members and the spelling of numbers`() throws {
        let text = #"{"z":1.0,"a":-0,"m":12345678901234567890123456789.10e-0003,"l":[1e1000000000,{}],"e":[]}"#
        #expect(try JSONValue.parse(text).description == text)
    }

    @Test func `drops white space and needless escapes and keeps the needed ones`() throws {
        let value = try JSONValue.parse(" { \"a\\u0062\" : [ \"\\/\\u00e9\\n\\u0001\\\"\" , null ] }\n")
        #expect(value.description == #"{"ab":["/é\n\u0001\"",null]}"#)
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":1,\"a\":2}", "\"\\ud800\"", "nul", "1 2", String(repeating: "[", count: 65),
    ])
    func `refuses what the scanner refuses`(_ text: String) {
        #expect(throws: JSONError.self) { try JSONValue.parse(text) }
    }

    @Test func `parses 64 levels and wide containers`() throws {
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(try JSONValue.parse(deep).description == deep)
        let wide = "[" + (0..<50_000).map { "{\"m\":\($0)}" }.prefix(30_000).joined(separator: ",") + "]"
        let value = try JSONValue.parse(wide)
        #expect(value.arrayValue?.count == 30_000)
        #expect(value[29_999]?["m"]?.int64Value == 29_999)
        #expect(value.description == wide)
    }

    @Test func `is made from literals and read by name and position`() {
        var value: JSONValue = [
            "text": "x", "number": 42, "real": 1.5, "flag": true, "nothing": nil, "list": [1, "two", [3]],
            "object": ["a": 1],
        ]
        #expect(value["text"]?.stringValue == "x")
        #expect(value["number"]?.int64Value == 42)
        #expect(value["real"]?.doubleValue == 1.5)
        #expect(value["flag"]?.boolValue == true)
        #expect(value["nothing"]?.isNull == true)
        #expect(value["absent"] == nil)
        #expect(value["list"]?[1] == "two")
        #expect(value["list"]?[3] == nil)
        #expect(value["list"]?[-1] == nil)
        #expect(value["text"]?["x"] == nil)
        #expect(value["object"]?.objectValue?.map(\.name) == ["a"])
        value["object"]?["b"] = .integer(UInt64.max)
        value["text"] = JSONValue.null
        value["list"] = Optional<JSONValue>.none
        #expect(
            value.description
                == #"{"text":null,"number":42,"real":1.5,"flag":true,"nothing":null,"object":{"a":1,"b":18446744073709551615}}"#
        )
        #expect(value.kind == .object)
        #expect(JSONValue.double(.infinity).isNull)
    }

    @Test func `tells names apart by their bytes`() throws {
        let value = try JSONValue.parse("{\"\u{e9}\":1,\"e\u{301}\":2}")
        #expect(value["\u{e9}"] == 1)
        #expect(value["e\u{301}"] == 2)
        #expect(JSONValue.string("\u{e9}") != .string("e\u{301}"))
        #expect(Set<JSONValue>(["\u{e9}", "e\u{301}", "x", "x"]).count == 3)
        #expect(JSONValue.object(["\u{e9}": 1]) != .object(["e\u{301}": 1]))
    }

    @Test func `of two members with one name in a literal the last counts`() {
        let value: JSONValue = ["a": 1, "b": 2, "a": 3]
        #expect(value.description == #"{"a":3,"b":2}"#)
        let mapped = value.objectValue?.mapValues { .string("\($0)") }
        #expect(mapped.map(JSONValue.object)?.description == #"{"a":"3","b":"2"}"#)
    }

    @Test func `numbers and text of the same spelling differ`() {
        #expect(JSONValue.string("1") != 1)
        #expect(JSONValue.bool(true) != .string("true"))
        #expect(try! JSONValue.parse("1.0") != 1)
    }

    // MARK: Numbers

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("1", 1), ("-1", -1), ("1.0", 1), ("1e3", 1_000), ("1.5e1", 15), ("1200e-2", 12),
            ("0.0e99999999999999999999", 0), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("9007199254740993", 9_007_199_254_740_993),
            ("0.5", nil), ("1e-1", nil), ("1e19", nil), ("1e1000000000", nil), ("1e-1000000000", nil),
            ("9223372036854775807.000", .max), ("922337203685477580700e-2", .max), ("92233720368547758070e-1", .max),
            ("100000000000000000000000e-5", 1_000_000_000_000_000_000), ("-1.50", nil), ("0.00100e5", 100),
        ] as [(String, Int64?)])
    func `gives integers exactly or not at all`(_ literal: String, _ expected: Int64?) {
        #expect(JSONNumber(literal)?.int64 == expected)
    }

    @Test(arguments: ["", "+1", "01", "1.", ".5", "0x1", "NaN", "1e", " 1", "1 ", "--1", "١"])
    func `makes no number of what is none`(_ literal: String) {
        #expect(JSONNumber(literal) == nil)
    }

    @Test func `gives the nearest double within its range`() {
        #expect(JSONNumber("0.1")?.double == 0.1)
        #expect(JSONNumber("1e308")?.double == 1e308)
        #expect(JSONNumber("1e309")?.double == nil)
        #expect(JSONNumber("-2.5E-3")?.double == -0.0025)
        #expect(JSONNumber(String(repeating: "9", count: 2_000))?.double == nil)
        #expect(JSONNumber(Double.nan) == nil)
        #expect(JSONNumber(1e300)?.double == 1e300)
        for value in [Double.leastNonzeroMagnitude, 1e20, 0.1, -1.5, 1.7976931348623157e308, 123456789.125] {
            let number = JSONNumber(value)
            #expect(number?.double == value)
            #expect(judge(number?.literal ?? "") == nil)
        }
    }

    @Test func `an integer with a huge exponent costs nothing`() {
        let number = JSONNumber("1e" + String(repeating: "9", count: 100_000))
        #expect(number?.int64 == nil)
        #expect(number?.double == nil)
    }

    // MARK: Writing

    @Test func `escapes what must be escaped, at each place`() throws {
        for byte in UInt8.min..<0x80 {
            for pad in [0, 1, 7, 8, 9, 17] {
                let text = String(repeating: "a", count: pad) + String(Unicode.Scalar(byte)) + "bcdefghijk"
                var buffer = ByteBuffer()
                buffer.writeJSONString(text)
                let json = String(buffer: buffer)
                #expect(judge(json) == nil)
                #expect(try JSONValue.parse(json) == .string(text))
                #expect((json.utf8.count > text.utf8.count + 2) == (byte < 0x20 || byte == 0x22 || byte == 0x5C))
            }
        }
    }

    @Test func `writes text beyond ASCII as it is, and puts U+FFFD for what is not UTF-8`() {
        var buffer = ByteBuffer()
        buffer.writeJSONString("é€😀\u{2028}")
        buffer.writeJSONString(Array("x\"é".utf8))
        buffer.writeJSONString([0x61, 0xFF, 0x62, 0xE2, 0x82])
        buffer.writeJSON(["a": [nil, true]])
        #expect(String(buffer: buffer) == "\"é€😀\u{2028}\"\"x\\\"é\"\"a\u{FFFD}b\u{FFFD}\"{\"a\":[null,true]}")
    }
}
