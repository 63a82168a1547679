import NIOCore
import Testing

@testable import Wire

struct JSONCanonicalTests {
    private func canonical(_ bytes: [UInt8]) throws -> String {
        // Into a buffer that holds something already, of which part has been read.
        var buffer = ByteBuffer(string: "before")
        buffer.moveReaderIndex(forwardBy: 3)
        try bytes.withUnsafeBytes { try buffer.writeCanonicalJSON(ByteView($0)) }
        #expect(buffer.readString(length: 3) == "ore")
        return String(buffer: buffer)
    }

    private func canonical(_ text: String) throws -> String { try canonical(Array(text.utf8)) }

    /// The sample of RFC 8785 §3.2.2. One number in it has a digit more than a double, which is kept here.
    @Test func `writes the sample of the RFC`() throws {
        let sample = #"""
            {
              "numbers": [333333333.33333329, 1E30, 4.50,
                          2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """#
        #expect(
            try canonical(sample)
                == #"{"literals":[null,true,false],"numbers":[333333333.33333329,1e+30,4.5,0.002,1e-27],"#
                + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#)
    }

    /// The sample of RFC 8785 §3.2.3: order by UTF-16, in which surrogates come before U+FB33.
    @Test func `sorts members by their UTF-16 code units`() throws {
        let sample = #"""
            {
              "\u20ac": "Euro Sign",
              "\r": "Carriage Return",
              "\ufb33": "Hebrew Letter Dalet With Dagesh",
              "1": "One",
              "\ud83d\ude00": "Emoji: Grinning Face",
              "\u0080": "Control",
              "\u00f6": "Latin Small Letter O With Diaeresis"
            }
            """#
        let values = try canonical(sample).split(separator: ":\"").dropFirst().compactMap {
            $0.split(separator: "\"").first
        }
        #expect(
            values == [
                "Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign",
                "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh",
            ])
        #expect(
            try canonical(#"{"b":{"z":1,"y":[{"d":1,"c":2}]},"a":"","":0}"#)
                == #"{"":0,"a":"","b":{"y":[{"c":2,"d":1}],"z":1}}"#)
        #expect(try canonical(#"{"a\"":1,"a!":2,"a":3,"a#":4}"#) == #"{"a":3,"a!":2,"a\"":1,"a#":4}"#)
        #expect(try canonical(##"{"\u0001b":1,"\u0001a":2,"\t":3}"##) == ##"{"\u0001a":2,"\u0001b":1,"\t":3}"##)
    }

    /// RFC 8785, appendix B.
    @Test func `writes doubles as ECMAScript does`() throws {
        let samples: [(UInt64, String)] = [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"), (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
            (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
            (0xC340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"),
            (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"), (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
            (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
            (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
            (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5554, "333333333.33333325"),
            (0x41B3_DE43_5555_5555, "333333333.3333333"), (0x41B3_DE43_5555_5556, "333333333.3333334"),
            (0x41B3_DE43_5555_5557, "333333333.33333343"), (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
            (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
        ]
        for (bits, text) in samples {
            let number = try #require(JSONNumber(Double(bitPattern: bits)))
            #expect(try canonical(number.literal) == text)
            #expect(try canonical(text) == text)
        }
    }

    @Test func `writes equal numbers alike and different ones differently`() throws {
        let groups: [[String]] = [
            ["0", "-0", "0.0", "0e5", "-0.000E-99999999999999999999", "0e99999999999999999999"],
            ["1", "1.0", "1e0", "10e-1", "0.1e1", "0.00001E+5", "1.000e00000"],
            ["100", "1e2", "1E+2", "100.00", "0.001e5"],
            ["123.456", "123456e-3", "0.123456e3", "1.23456E2", "123.4560"],
            ["1e+21", "1000000000000000000000", "1000000000000000000000.0", "10e20"],
            ["123456789012345678901", "1.23456789012345678901e20"], ["1e-7", "0.0000001", "10E-8"],
            ["9007199254740992", "9007199254740992.0", "9.007199254740992e15"], ["9007199254740993"],
            ["9007199254740992.5"], ["0.1"], ["0.1000000000000000055511151231257827"], ["1e400"], ["1e401"],
            ["1e-400"], ["-1"], ["1e999999999999"], ["-1e999999999999"], ["1e999999999998"],
            ["1e9999999999999999999999"], ["1e9999999999999999999998"], ["1e-9999999999999999999998"],
        ]
        var seen: Set<String> = []
        for group in groups {
            let forms = Set(try group.map { try canonical($0) })
            #expect(forms.count == 1, "\(group) → \(forms)")
            #expect(seen.isDisjoint(with: forms), "\(group)")
            seen.formUnion(forms)
        }
        #expect(try canonical("123456789012345678901234567890") == "1.2345678901234567890123456789e+29")
        #expect(try canonical("0.00000123") == "0.00000123")
        #expect(try canonical("0.000000123") == "1.23e-7")
        #expect(try canonical("12345e-3") == "12.345")
    }

    @Test func `resolves escapes, and keeps how characters are composed`() throws {
        #expect(try canonical(#""\u0061\/\u00e9\ud83d\ude00\u007f\u2028""#) == "\"a/é😀\u{7F}\u{2028}\"")
        #expect(
            try canonical(#""\b\f\n\r\t\u0008\u000c\u000a\u000d\u0009\u0000\u001F""#)
                == #""\b\f\n\r\t\b\f\n\r\t\u0000\u001f""#)
        let composed = try canonical("\"\u{E9}\"")
        let decomposed = try canonical("\"e\u{301}\"")
        #expect(Array(composed.utf8) != Array(decomposed.utf8))
        #expect(try canonical("{\"\u{E9}\":1,\"e\u{301}\":2}").utf8.count == 16)
    }

    @Test(arguments: [
        "", " ", "{", "[1", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "[1,]", "[1 2]", "01", "1.", "-", "tru", "\"\\x\"",
        "\"\u{1}\"",
        "\"\\ud800\"", "1 2", "]", "{\"a\":1]", "[1}", "{\"a\":1,\"a\":2}", "{\"b\":1,\"a\":2,\"\\u0062\":3}",
    ])
    func `refuses what is no JSON, and leaves the buffer alone`(text: String) {
        var buffer = ByteBuffer(string: "x")
        let bytes = Array(text.utf8)
        let judgement = judge(bytes)
        #expect(judgement != nil)
        let error = #expect(throws: JSONError.self) {
            try bytes.withUnsafeBytes { try buffer.writeCanonicalJSON(ByteView($0)) }
        }
        #expect(error?.category == judgement?.category)
        #expect(String(buffer: buffer) == "x")
    }

    @Test func `has the bounds of every JSON text`() throws {
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(try canonical(deep) == deep)
        #expect(throws: JSONError.tooDeep) { try canonical("[" + deep + "]") }
        let many = "[" + String(repeating: "0,", count: 99_998) + "0]"
        #expect(try canonical(many).utf8.count == many.utf8.count)
        #expect(throws: JSONError.tooManyValues) { try canonical("[0," + many.dropFirst()) }
        let name = String(repeating: "a", count: 65_536)
        #expect(try canonical("{\"\(name)\":0}").utf8.count == 65_542)
        #expect(throws: JSONError.nameTooLong) { try canonical("{\"a\(name)\":0}") }
        #expect(try canonical("{\"\(name.dropFirst())\\u0061\":0}").utf8.count == 65_542)
        #expect(throws: JSONError.nameTooLong) { try canonical("{\"\(name)\\u0001\":0}") }
    }

    /// Random values, each written twice in different spellings: one canonical form, which is canonical itself; a change of
    /// the value changes it.
    @Test func `has one form for one meaning`() throws {
        var random = SeededGenerator(seed: 11)
        for round in 0..<2_000 {
            let value = Value.random(&random)
            let first = try canonical(value.spelled(&random))
            let second = try canonical(value.spelled(&random))
            #expect(first == second)
            #expect(try canonical(first) == first)
            let other = Value.random(&random)
            let isSame = try canonical(other.spelled(&random)) == first
            if isSame != (other == value) { Issue.record("round \(round): \(first)") }
        }
    }

    @Test func `judges random bytes as the scanner does`() throws {
        var random = SeededGenerator(seed: 12)
        for _ in 0..<3_000 {
            var bytes = Value.random(&random).spelled(&random)
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = Array(#"{}[]",:\u0e+-. ntf"#.utf8).randomElement(using: &random) ?? 0
            }
            var failure: JSONError?
            do { _ = try canonical(bytes) } catch { failure = error as? JSONError }
            if failure?.category != judge(bytes)?.category {
                Issue.record("\(String(decoding: bytes, as: UTF8.self)): \(String(describing: failure))")
            }
        }
    }
}

/// A JSON value as a sender means it.
private indirect enum Value: Hashable {
    case null, bool(Bool)
    /// `digits · 10^exponent`, without zeros at the end of the digits.
    case number(digits: Int, exponent: Int)
    case string([Unicode.Scalar])
    case array([Value])
    case object([[Unicode.Scalar]: Value])

    static func random(_ random: inout SeededGenerator, depth: Int = 3) -> Value {
        switch Int.random(in: 0..<(depth == 0 ? 4 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2:
            var digits = Int.random(in: -1_000...1_000, using: &random)
            while digits != 0, digits % 10 == 0 { digits /= 10 }
            return .number(digits: digits, exponent: digits == 0 ? 0 : Int.random(in: -30...30, using: &random))
        case 3: return .string(text(&random))
        case 4:
            return .array((0..<Int.random(in: 0...3, using: &random)).map { _ in .random(&random, depth: depth - 1) })
        default:
            return .object(
                Dictionary(
                    (0..<Int.random(in: 0...4, using: &random)).map { _ in
                        (text(&random), .random(&random, depth: depth - 1))
                    },
                    uniquingKeysWith: { first, _ in first }))
        }
    }

    private static func text(_ random: inout SeededGenerator) -> [Unicode.Scalar] {
        let alphabet: [Unicode.Scalar] = [
            "a", "b", "\"", "\\", "/", "\n", "\u{1}", "é", "e", "\u{301}", "\u{FB33}", "😀", "\u{E000}",
        ]
        return (0..<Int.random(in: 0...3, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "a" }
    }

    /// The value in one of its spellings.
    func spelled(_ random: inout SeededGenerator) -> [UInt8] {
        let space = ["", "", " ", "\n\t"].randomElement(using: &random) ?? ""
        let text: String
        switch self {
        case .null: text = "null"
        case .bool(let value): text = "\(value)"
        case .number(let digits, let exponent):
            let zeros = Int.random(in: 0...3, using: &random)
            let shifted = "\(digits)" + (digits == 0 ? "" : String(repeating: "0", count: zeros))
            text =
                shifted + ["e", "E"][Int.random(in: 0...1, using: &random)] + "\(digits == 0 ? 0 : exponent - zeros)"
        case .string(let scalars): text = Value.spelled(scalars, &random)
        case .array(let elements):
            text =
                "[" + elements.map { String(decoding: $0.spelled(&random), as: UTF8.self) }.joined(separator: ",")
                + space + "]"
        case .object(let members):
            let spelled = members.shuffled(using: &random).map { name, value in
                Value.spelled(name, &random) + space + ":" + String(decoding: value.spelled(&random), as: UTF8.self)
            }
            text = "{" + space + spelled.joined(separator: ",") + "}"
        }
        return Array((space + text + space).utf8)
    }

    private static func spelled(_ scalars: [Unicode.Scalar], _ random: inout SeededGenerator) -> String {
        "\""
            + scalars.map { scalar in
                let mustEscape = scalar == "\"" || scalar == "\\" || scalar.value < 0x20
                guard mustEscape || Bool.random(using: &random) else { return String(scalar) }
                return scalar.utf16.map { unit in
                    let digits = String(unit, radix: 16, uppercase: Bool.random(using: &random))
                    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }.joined()
            }.joined() + "\""
    }
}
