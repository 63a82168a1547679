import Testing

@testable import Wire

@Suite struct JSONRPCIDTests {
    private func matches(_ left: String, _ right: String) -> Bool? {
        let left = Scanned("{\"jsonrpc\":\"2.0\",\"id\":\(left),\"result\":1}")
        let right = Scanned("{\"method\":\"m\",\"id\":\(right),\"jsonrpc\":\"2.0\"}")
        guard let leftID = left.envelope?.id, let rightID = right.envelope?.id else { return nil }
        return left.bytes.withUnsafeBytes { leftBytes in
            right.bytes.withUnsafeBytes { rightBytes in
                leftID.matches(rightID, in: ByteView(leftBytes), otherBytes: ByteView(rightBytes))
            }
        }
    }

    @Test(arguments: [
        ("1", "1"), ("0", "-0"), ("-5", "-5"), ("9007199254740993", "9007199254740993"),
        ("18446744073709551615", "18446744073709551615"), ("-9223372036854775808", "-9223372036854775808"),
        (#""a""#, #""a""#), (#""a""#, #""\u0061""#), (#""a\/b""#, #""a/b""#), (#""\ud83d\ude00""#, "\"😀\""),
        (#""""#, #""""#),
    ])
    func `are the same`(_ left: String, _ right: String) {
        #expect(matches(left, right) == true)
        #expect(matches(right, left) == true)
        #expect(streamMatches(left, right))
        #expect(streamMatches(right, left))
    }

    @Test(arguments: [
        ("1", #""1""#), ("1", "2"), ("1", "-1"), ("1", "10"), ("9007199254740993", "9007199254740992"),
        (#""a""#, #""A""#),
        (#""a""#, #""a ""#), (#""\u00e9""#, #""e\u0301""#), (#""""#, "0"), (#""-0""#, #""0""#), (#""a""#, #""ab""#),
        (#""null""#, "0"),
        (#""long text, longer than any number of 64 bits""#, #""long text, longer than any number of 64 bit""#),
    ])
    func `differ`(_ left: String, _ right: String) {
        #expect(matches(left, right) == false)
        #expect(matches(right, left) == false)
        #expect(!streamMatches(left, right))
        #expect(!streamMatches(right, left))
    }

    private func streamMatches(_ answer: String, _ call: String) -> Bool {
        let bytes = Array("{\"jsonrpc\":\"2.0\",\"id\":\(answer),\"result\":1}".utf8)
        let verdict = StreamVerdict(bytes, cuts: Array(1..<bytes.count), expecting: call)
        #expect(verdict.verdict?.hasID == true)
        #expect(verdict.hadWrongID == (verdict.verdict?.idMatches == false))
        return verdict.verdict?.idMatches == true
    }

    @Test func `gives its text without the quotes`() {
        let scanned = Scanned(#"{"jsonrpc":"2.0","id":"x\ny","method":"m"}"#)
        #expect(scanned.string(scanned.envelope?.id?.text) == "x\ny")
        #expect(Scanned(#"{"jsonrpc":"2.0","id":5,"method":"m"}"#).envelope?.id?.text == nil)
    }
}
