import Testing

@testable import Wire

/// Hostile texts take linear time. The bounds are those for release builds times what a debug build costs on a busy
/// machine; something quadratic would exceed them by far.
@Suite(.serialized) struct JSONScannerTimeTests {
    #if DEBUG
        private static let allowance = 40.0
    #else
        private static let allowance = 4.0
    #endif

    private static func expectFast(
        _ text: String, _ releaseMilliseconds: Double, error expected: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let bytes = Array(text.utf8)
        let clock = ContinuousClock()
        var error: JSONError?
        let elapsed = clock.measure { error = judge(bytes) }
        #expect(error?.category == expected, sourceLocation: sourceLocation)
        #expect(elapsed < .milliseconds(releaseMilliseconds * allowance), sourceLocation: sourceLocation)
    }

    @Test func `50,000 members`() {
        let members = (0..<50_000).map { "\"member \($0)\":1" }.joined(separator: ",")
        Self.expectFast("{\(members)}", 50)
        Self.expectFast("{\(members),\"\\u006dember 0\":1}", 50, error: "duplicateName")
    }

    @Test func `names that are alike in their first and last bytes`() {
        let members = (0..<50_000).map { "\"same start \($0) same end\":1" }.joined(separator: ",")
        Self.expectFast("{\(members)}", 50)
    }

    @Test func `objects with many names within each other`() {
        // 60 levels with 800 names each, all of the same names.
        var text = ""
        for _ in 0..<60 { text += "{" + (0..<800).map { "\"n\($0)\":0," }.joined() + "\"in\":" }
        text += "0" + String(repeating: "}", count: 60)
        Self.expectFast(text, 50)
    }

    @Test func `many objects of 17 members`() {
        let object = "{" + (0..<17).map { "\"n\($0)\":0" }.joined(separator: ",") + "}"
        Self.expectFast("[" + Array(repeating: object, count: 5_000).joined(separator: ",") + "]", 50)
    }

    @Test func `one name of 64 KiB again and again`() {
        let name = String(repeating: "x", count: 65_000)
        Self.expectFast("[" + Array(repeating: "{\"\(name)\":0}", count: 15).joined(separator: ",") + "]", 20)
        let members = (0..<15).map { "\"\(name)\($0)\":0" }.joined(separator: ",")
        Self.expectFast("{\(members)}", 20)
    }

    @Test func `numbers, white space and escapes of 1 MiB`() {
        Self.expectFast(String(repeating: "9", count: 1 << 20), 20)
        Self.expectFast("1e" + String(repeating: "9", count: 1 << 20), 20)
        Self.expectFast(String(repeating: " \n", count: 1 << 19) + "1", 20)
        Self.expectFast("\"" + String(repeating: "\\\"", count: 1 << 19) + "\"", 20)
        Self.expectFast("\"" + String(repeating: "\\ud83d\\ude00", count: 1 << 16) + "\"", 20)
        Self.expectFast("\"" + String(repeating: "é€😀", count: 1 << 16) + "\"", 20)
    }

    @Test func `a hash table is left empty by a text that is refused half-way`() {
        var scratch = JSONScratch(seed: 3)
        let open = "{" + (0..<500).map { "\"n\($0)\":0," }.joined()
        for _ in 0..<50 {
            #expect(judge(Array(String(repeating: open + "\"in\":", count: 5).utf8), &scratch)?.category == "syntax")
            #expect(judge(Array((open + "\"end\":0}").utf8), &scratch) == nil)
        }
    }
}
