import Testing

@testable import Wire

@Suite struct JSONTextTests {
    /// The text of a JSON string that is given with its quotes.
    private func text(_ json: String) -> (JSONText, [UInt8]) {
        let bytes = Array(json.utf8)
        return (JSONText(range: ByteRange(from: 1, to: bytes.count - 1), isEscaped: json.contains("\\")), bytes)
    }

    private func compare(_ json: String, _ other: String) -> Bool {
        let (text, bytes) = text(json)
        return bytes.withUnsafeBytes { raw in
            Array(other.utf8).withUnsafeBytes { text.equals(ByteView($0), in: ByteView(raw)) }
        }
    }

    @Test(arguments: [
        (#""abc""#, "abc"), (#""""#, ""), (#""\u0061\u0062c""#, "abc"), (#""a\/b""#, "a/b"), (#""\"\\""#, "\"\\"),
        (#""\b\f\n\r\t""#, "\u{8}\u{C}\n\r\t"), (#""\u0000x""#, "\u{0}x"), (#""\u00e9""#, "é"), (#""\u20AC""#, "€"),
        (#""\ud83d\ude00!""#, "😀!"), (#""é€😀""#, "é€😀"), (#""\udbff\udfff""#, "\u{10FFFF}"), (#""\ufeff""#, "\u{FEFF}"),
    ])
    func `resolves escapes`(_ json: String, _ plain: String) {
        let (text, bytes) = text(json)
        #expect(judge(json) == nil)
        #expect(bytes.withUnsafeBytes { text.unescaped(in: ByteView($0)) } == Array(plain.utf8))
        #expect(compare(json, plain))
        #expect(!compare(json, plain + "x"))
        #expect(plain.isEmpty || !compare(json, String(plain.dropLast())))
        #expect(!compare(json, "other"))
    }

    @Test func `compares bytes and not what Swift takes for equal`() {
        #expect("\u{e9}" == "e\u{301}")
        #expect(!compare("\"\u{e9}\"", "e\u{301}"))
        #expect(!compare(#""e\u0301""#, "\u{e9}"))
        #expect(!compare(#""Abc""#, "abc"))
    }

    @Test func `compares texts that are escaped differently`() {
        let spellings = [#""abé""#, #""\u0061bé""#, #""a\u0062\u00e9""#, #""ab\u00E9""#]
        for left in spellings {
            for right in spellings + [#""abe""#, #""\u0061b""#, #""abé\u0000""#] {
                let (leftText, leftBytes) = text(left)
                let (rightText, rightBytes) = text(right)
                let isEqual = leftBytes.withUnsafeBytes { left in
                    rightBytes.withUnsafeBytes { right in
                        leftText.equals(rightText, in: ByteView(left), otherBytes: ByteView(right))
                    }
                }
                #expect(isEqual == spellings.contains(right))
            }
        }
        let (abc, bytes) = text(#""\u0061bc""#)
        bytes.withUnsafeBytes { #expect(abc.equals("abc" as StaticString, in: ByteView($0))) }
    }

    @Test func `does not trap on ranges and escapes that were never validated`() {
        for json in [#""\""#, #""\u""#, #""\u12""#, #""\ud800""#, #""\ud800\""#, #""\x""#, "\"\\"] {
            let (text, bytes) = text(json)
            bytes.withUnsafeBytes { _ = text.unescaped(in: ByteView($0)) }
        }
        let outside = JSONText(range: ByteRange(start: 1_000, length: 50), isEscaped: true)
        #expect([UInt8](arrayLiteral: 1, 2).withUnsafeBytes { outside.unescaped(in: ByteView($0)) }.isEmpty)
    }
}
