import Testing

@testable import Wire

@Suite struct `JSON element ranges` {
    /// Elements as they are spelled.
    private func elements(_ text: String, from start: Int = 0) -> [String] {
        Array(text.utf8).withUnsafeBytes { raw in
            let bytes = ByteView(raw)
            return JSONElementRanges(of: ByteRange(from: start, to: bytes.count), in: bytes).map {
                bytes[$0.range].string
            }
        }
    }

    @Test(
        arguments: [
            ("[]", []), ("[ ]", []), (" []", []), ("{}", []), ("1", []), ("", []), ("[1]", ["1"]),
            (#"[-1.5e+3,true,null,"x"]"#, ["-1.5e+3", "true", "null", "\"x\""]),
            ("[ {}\n,\t[ ]\r, \"\" ]", ["{}", "[ ]", "\"\""]),
            (
                #"[{"a":[1,{"b":2}],"c":"}]"},[[],{}],"]\"",0]"#,
                [#"{"a":[1,{"b":2}],"c":"}]"}"#, "[[],{}]", #""]\"""#, "0"]
            ),
        ] as [(String, [String])])
    func `are given as they stand`(text: String, expected: [String]) {
        #expect(elements(text) == expected)
    }

    @Test func `end within the text where it is not valid`() {
        let text = #"[{"b":[1,"x\"y",true]},-1.5e3,"\u0041"]"#
        for length in 0..<text.utf8.count { _ = elements(String(text.prefix(length))) }
        for broken in ["[", "[1", "[{", "[\"x", "[,]", "[}", "[a]"] { #expect(elements(broken).count <= 1) }
        #expect(elements("abc", from: 9).isEmpty)
    }
}
