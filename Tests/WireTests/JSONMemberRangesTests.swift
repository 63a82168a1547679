import Testing

@testable import Wire

@Suite struct `JSON member ranges` {
    /// Names and values as they are spelled.
    private func members(_ text: String, from start: Int = 0) -> [String] {
        Array(text.utf8).withUnsafeBytes { raw in
            let bytes = ByteView(raw)
            return JSONMemberRanges(of: ByteRange(from: start, to: bytes.count), in: bytes).map { member in
                #expect(bytes[member.range].string.hasPrefix("\""))
                #expect(bytes[member.range].string.hasSuffix(bytes[member.value.range].string))
                return "\(bytes[member.name.range].string)=\(bytes[member.value.range].string)"
            }
        }
    }

    @Test(
        arguments: [
            ("{}", []), (" {}", []), ("{ }", []), ("[]", []), ("1", []), ("", []),
            (#"{"a":1}"#, ["a=1"]),
            (#"{"a":-1.5e+3,"b":true,"c":null,"d":"x"}"#, ["a=-1.5e+3", "b=true", "c=null", "d=\"x\""]),
            ("{ \"a\"\n:\t1\r, \"b\" : \"\" }", ["a=1", "b=\"\""]),
            (#"{"a":{"a":[1,{"b":2}],"c":"}"},"d":[[],{}]}"#, [#"a={"a":[1,{"b":2}],"c":"}"}"#, "d=[[],{}]"]),
            (#"{"a\"":"\\","":"]\"}","b":["\"]"]}"#, [#"a\"="\\""#, #"="]\"}""#, #"b=["\"]"]"#]),
        ] as [(String, [String])])
    func `are given as they stand`(text: String, expected: [String]) {
        #expect(members(text) == expected)
    }

    @Test func `are found by name, escaped or not`() {
        let text = Array(#"{"x":{"a":0},"\u0061":1,"b":[2]}"#.utf8)
        text.withUnsafeBytes { raw in
            let bytes = ByteView(raw)
            let whole = ByteRange(start: 0, length: bytes.count)
            #expect(JSONMemberRanges.value(of: "a", in: whole, bytes)?.kind == .number)
            #expect(JSONMemberRanges.value(of: "b", in: whole, bytes).map { bytes[$0.range].string } == "[2]")
            #expect(JSONMemberRanges.value(of: "c", in: whole, bytes) == nil)
        }
    }

    @Test func `end within the text where it is not valid`() {
        let text = #"{"a":{"b":[1,"x\"y",true]},"c":-1.5e3,"d":"\u0041"}"#
        for length in 0..<text.utf8.count { _ = members(String(text.prefix(length))) }
        for broken in [
            "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":}", "{\"a\":{", "{\"a\":\"x", "{a:1}", "{\"a\" 1}", "{,}",
        ] {
            #expect(members(broken).count <= 1)
        }
        #expect(members("abc", from: 9).isEmpty)
    }
}
