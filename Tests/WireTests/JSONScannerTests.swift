import Foundation
import Testing

@testable import Wire

@Suite struct JSONScannerTests {
    // MARK: JSONTestSuite

    /// Texts that RFC 8259 leaves open or allows, and that are refused here.
    static let intendedDifferences: [String: String] = [
        "y_object_duplicated_key.json": "duplicateName",
        "y_object_duplicated_key_and_value.json": "duplicateName",
        "i_structure_500_nested_arrays.json": "tooDeep",
    ]

    @Test func `agrees with JSONTestSuite`() throws {
        guard !SharedData.jsonTestSuite.isEmpty else {
            print("SKIPPED (1): JSONTestSuite is not in ../shared/data/json-test-suite; its 318 texts were not judged")
            return
        }
        var counts: [Character: Int] = [:]
        for file in SharedData.jsonTestSuite {
            let name = file.lastPathComponent
            let bytes = [UInt8](try Data(contentsOf: file))
            let expectation: String?
            switch name.prefix(2) {
            case "y_": expectation = Self.intendedDifferences[name]
            case "n_": expectation = "refused"
            // Numbers of any size are carried; text that is not well-formed Unicode is refused.
            default: expectation = name.hasPrefix("i_number") ? nil : Self.intendedDifferences[name] ?? "syntax"
            }
            counts[name.first ?? "?", default: 0] += 1
            for error in [judge(bytes), judgeStream(bytes), judgeStream(bytes, cuts: Array(1..<max(bytes.count, 1)))] {
                if expectation == "refused" {
                    #expect(error != nil, "\(name)")
                } else {
                    #expect(error?.category == expectation, "\(name)")
                }
            }
        }
        #expect(counts["y", default: 0] >= 90)
        #expect(counts["n", default: 0] >= 180)
        #expect(counts["i", default: 0] >= 30)
    }

    // MARK: Form

    @Test(arguments: [
        "{}", "[]", "0", "-0", "1", "-1.5e+10", "1E9", "1e-400", "1e1000000000", "12345678901234567890123456789",
        "true", "false", "null", #""""#, #""a""#, " \t\r\n[ 1 , 2 ]\n", #"{"a":{"b":[]}}"#, #"{"":0}"#,
        #""\"\\\/\b\f\n\r\t""#, #""\u0000""#, #""\ud83d\ude00""#, #""\uD83D\uDE00 \u00e9""#, #""\udbff\udfff""#,
        "\"\u{7F}\u{80}\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFF}\u{10000}\u{10FFFF}\"", #"{"a":1,"A":2,"ａ":3}"#,
        "{\"\u{e9}\":1,\"e\u{301}\":2}", #"[1,"x",null,{"y":[true]}]"#, "\"        long enough for words        \"",
    ])
    func `accepts`(_ text: String) {
        #expect(judge(text) == nil)
        #expect(judgeStream(Array(text.utf8)) == nil)
    }

    @Test(arguments: [
        "", " ", "{", "[", "}", "]", "[1,]", "{\"a\":1,}", "{,}", "[,1]", "[1 2]", "[1]]", "{}{}", "{} x", "[1]//",
        "/* */1", "'a'", "NaN", "Infinity", "-Infinity", "+1", "01", "-01", ".5", "1.", "1.e3", "1e", "1e+", "-", "--1",
        "0x10", "1_000", "00", "1.2.3", "1e5.5", "tru", "True", "nul", "nulll", "truefalse", "\"", "\"a", "\"\\\"",
        #""\x41""#, #""\u12""#, #""\u12G4""#, #""\U0041""#, #""\'""#, #""\ud800""#, #""\udc00""#, #""\ud800\u0041""#,
        #""\ud800x""#, #""\ud800\ud800""#, #""\ud83d\ude0""#, #""\ud83d\n""#, "\"\n\"", "\"\t\"", "\"\u{0}\"",
        "\"a long text with a control in \u{1F} it\"", "{a:1}", "{1:1}", "{\"a\"}", "{\"a\":}", "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "\u{FEFF}{}", "{\"a\":1]", "[1}", "{\"a\":[}]", "\u{A0}1", "1\u{0}", "\u{B}1", "[\u{C}1]",
    ])
    func `refuses as not JSON`(_ text: String) {
        #expect(judge(text)?.category == "syntax")
        #expect(judgeStream(Array(text.utf8))?.category == "syntax")
    }

    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xEF, 0xBF], [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80],
            [0xFE], [0xFF], [0xF0, 0x9F, 0x98], [0xE2, 0x28, 0xA1],
        ] as [[UInt8]])
    func `refuses what is not UTF-8, wherever it stands`(_ bad: [UInt8]) {
        for pad in 0..<10 {
            let quoted = [0x22] + [UInt8](repeating: 0x61, count: pad) + bad + Array("bcdefghijk\"".utf8)
            for text in [
                quoted, Array("{".utf8) + quoted + Array(":1}".utf8),
                Array(#"{"x":["#.utf8) + quoted + Array("]}".utf8),
            ] {
                #expect(judge(text)?.category == "syntax")
                #expect(judgeStream(text)?.category == "syntax")
                #expect(String(validating: text, as: UTF8.self) == nil)
            }
            #expect(!quoted.withUnsafeBytes { ByteView($0).isValidUTF8 })
        }
        #expect(judge([0x22] + bad) != nil)
    }

    @Test func `refuses UTF-16 and UTF-32`() {
        for encoding in [
            String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian, .utf32LittleEndian, .utf32BigEndian,
        ] {
            let bytes = [UInt8]("{\"a\":1}".data(using: encoding) ?? Data())
            #expect(bytes.count > 7)
            #expect(judge(bytes)?.category == "syntax")
        }
    }

    @Test func `knows each code point`() {
        for scalar in stride(from: UInt32(0x80), through: 0x10FFFF, by: 17) {
            guard let character = Unicode.Scalar(scalar) else { continue }
            let text = Array("\"\(character)\"".utf8)
            if judge(text) != nil || judgeStream(text) != nil { Issue.record("U+\(String(scalar, radix: 16))") }
        }
    }

    @Test func `refuses each control byte in a string and every other byte outside of one`() {
        for byte in UInt8.min...UInt8.max {
            for pad in [0, 3, 9, 20] {
                let inside = [0x22] + [UInt8](repeating: 0x20, count: pad) + [byte] + Array("         \"".utf8)
                let isAllowed = byte >= 0x20 && byte < 0x80 && byte != 0x22 && byte != 0x5C
                #expect((judge(inside) == nil) == isAllowed, "\(byte)")
                #expect((judgeStream(inside) == nil) == isAllowed, "\(byte)")
                let outside = [UInt8](repeating: 0x20, count: pad) + [byte] + Array("[]".utf8)
                let isSpace = [0x20, 0x0A, 0x0D, 0x09].contains(byte)
                #expect((judge(outside) == nil) == isSpace, "\(byte)")
            }
        }
    }

    // MARK: Bounds

    @Test(arguments: [1, 2, 32, 63, 64])
    func `reads as deep as allowed`(_ depth: Int) {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
            let count = open.count > 5 ? depth / 2 : depth
            let inner = count == 0 ? "[]" : "0"
            let text = String(repeating: open, count: count) + inner + String(repeating: close, count: count)
            #expect(judge(text) == nil)
            #expect(judgeStream(Array(text.utf8)) == nil)
        }
    }

    @Test(arguments: [65, 66, 100, 1_000, 100_000])
    func `refuses what is deeper`(_ depth: Int) {
        for open in ["[", "{\"a\":"] {
            let text = String(repeating: open, count: depth)
            #expect(judge(text) == .tooDeep)
            #expect(judgeStream(Array(text.utf8)) == .tooDeep)
        }
    }

    @Test func `counts values of all kinds up to 100,000`() {
        func array(_ element: String, _ count: Int) -> String {
            "[" + Array(repeating: element, count: count).joined(separator: ",") + "]"
        }
        for element in ["0", "\"\"", "null", "{}", "[]"] {
            #expect(judge(array(element, 99_999)) == nil)
            #expect(judge(array(element, 100_000)) == .tooManyValues)
        }
        #expect(judgeStream(Array(array("0", 99_999).utf8)) == nil)
        #expect(judgeStream(Array(array("0", 100_000).utf8)) == .tooManyValues)
        #expect(judge(array("{\"a\":0}", 49_999)) == nil)
        #expect(judge(array("{\"a\":0}", 50_000)) == .tooManyValues)
    }

    @Test func `reads names up to 64 KiB after unescaping`() {
        let longest = String(repeating: "n", count: 65_536)
        let escaped = String(repeating: "\\u006e", count: 65_536)
        for name in [longest, escaped] {
            #expect(judge("{\"\(name)\":1}") == nil)
            #expect(judge("{\"\(name)x\":1}") == .nameTooLong)
            #expect(judgeStream(Array("{\"\(name)\":1}".utf8)) == nil)
            #expect(judgeStream(Array("{\"\(name)x\":1}".utf8)) == .nameTooLong)
        }
        #expect(judge("{\"\(longest)\":1,\"\(escaped)\":2}")?.category == "duplicateName")
        #expect(judge("[\"\(longest)x\"]") == nil)
    }

    // MARK: Duplicate names

    @Test(arguments: [
        #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, #"{"\u0061":1,"a":2}"#, #"{"x":[{"y":{"a":1,"b":2,"a":3}}]}"#,
        #"{"":1,"":2}"#, #"{"a/b":1,"a\/b":2}"#, #"{"é":1,"\u00e9":2}"#, #"{"😀":1,"\ud83d\ude00":2}"#,
        #"{"a":{"a":1},"a":1}"#, #"{"longer than eight bytes":1,"b":2,"longer than eight bytes":3}"#,
        #"{"a\u0000":1,"a\u0000":2}"#, #"[{"a":1},{"a":1,"a":1}]"#,
    ])
    func `refuses a name that comes twice`(_ text: String) {
        #expect(judge(text)?.category == "duplicateName")
        #expect(judgeStream(Array(text.utf8))?.category == "duplicateName")
    }

    @Test(arguments: [
        #"{"a":1,"b":2}"#, #"{"a":{"a":{"a":1}}}"#, #"[{"a":1},{"a":1}]"#, #"{"a":1,"a\u0000":2,"a\u0000\u0000":3}"#,
        #"{"a":1,"A":2}"#, #"{"longer than eight bytes":1,"longer than eight bites":2}"#,
        #"{"abcdefgh":1,"abcdefghi":2}"#,
        #"{"\u0000":1,"":2}"#, #"{"x":{"b":1,"c":{"b":1}},"b":1,"c":2}"#,
    ])
    func `accepts names that differ or lie in different objects`(_ text: String) {
        #expect(judge(text) == nil)
        #expect(judgeStream(Array(text.utf8)) == nil)
    }

    @Test func `what is wrong in form counts before a duplicate`() {
        #expect(judge(#"{"a":1,"a":2"#)?.category == "syntax")
        #expect(judge(#"{"a":1,"a":2}"#) == .duplicateName(offset: 8))
    }

    @Test(arguments: 1...40)
    func `finds the one duplicate among names, at each place`(_ count: Int) {
        var scratch = JSONScratch(seed: 9)
        for repeated in 0..<count {
            let names = (0..<count).map { "name \($0)" } + ["name \(repeated)"]
            let members = names.map { "\"\($0)\":{\"name 0\":[]}" }.joined(separator: ",")
            #expect(judge(Array("{\(members)}".utf8), &scratch)?.category == "duplicateName")
            let distinct = names.dropLast().map { "\"\($0)\":{\"name 0\":[]}" }.joined(separator: ",")
            #expect(judge(Array("{\(distinct)}".utf8), &scratch) == nil)
        }
    }

    @Test func `agrees with a plain model about random objects`() {
        var generator = SeededGenerator(seed: 42)
        var scratch = JSONScratch(seed: 7)
        var refusedCount = 0
        for _ in 0..<400 {
            var hasDuplicate = false
            let text = Self.randomObject(&generator, depth: 0, &hasDuplicate)
            let error = judge(Array(text.utf8), &scratch)
            #expect((error?.category == "duplicateName") == hasDuplicate, "\(text)")
            #expect(judgeStream(Array(text.utf8))?.category == error?.category)
            if hasDuplicate { refusedCount += 1 }
        }
        #expect(refusedCount > 20 && refusedCount < 380)
    }

    private static func randomObject(
        _ generator: inout SeededGenerator, depth: Int, _ hasDuplicate: inout Bool
    ) -> String {
        var seen: Set<[UInt8]> = []
        var members: [String] = []
        for _ in 0..<Int.random(in: 0...(depth == 0 ? 60 : 24), using: &generator) {
            let name = "n\(Int.random(in: 0..<4_000, using: &generator))"
            if !seen.insert(Array(name.utf8)).inserted { hasDuplicate = true }
            let spelled = Bool.random(using: &generator) ? name : "\\u006e" + name.dropFirst()
            let value =
                depth < 3 && Int.random(in: 0..<12, using: &generator) == 0
                ? randomObject(&generator, depth: depth + 1, &hasDuplicate) : "1"
            members.append("\"\(spelled)\":\(value)")
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    // MARK: Cuts

    static let samples = [
        #"{"a":[1,-2.5e+10,{"b":"x\u00e9\ud83d\ude00\n"}],"c":true,"d":null,"é😀":false,"":{}} "#,
        "[\"\u{e9}\u{20ac}\u{1F600} and more plain text behind it\", 0.5, \"\\\\\" ]",
    ]

    @Test func `refuses every truncation`() {
        for sample in Self.samples {
            let bytes = Array(sample.utf8)
            let whole = bytes.reversed().drop { $0 == 0x20 }.count
            for count in 0..<whole {
                #expect(judge(Array(bytes[..<count]))?.category == "syntax")
                #expect(judgeStream(Array(bytes[..<count]))?.category == "syntax")
            }
        }
    }

    @Test func `the incremental reader gives the same however the text is cut`() {
        for sample in Self.samples + [#"{"a":1,"\u0061":2}"#, #"["\ud83d\udx"]"#, "[1e+,2]", "[\"\u{20ac}\",nulL]"] {
            let bytes = Array(sample.utf8)
            let whole = judge(bytes)?.category
            let offsets = judgeStream(bytes)
            for first in 0...bytes.count {
                let cut = judgeStream(bytes, cuts: [first])
                #expect(cut?.category == whole)
                if case .syntax = offsets { #expect(cut == offsets) }
                for second in first...bytes.count where second % 5 == 0 {
                    #expect(judgeStream(bytes, cuts: [first, second])?.category == whole)
                }
            }
        }
    }
}
