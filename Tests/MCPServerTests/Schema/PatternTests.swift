import Testing
import Wire

@testable import MCPServer

@Suite struct PatternTests {
    private func matches(_ pattern: String, _ text: String) throws -> Bool? {
        let pattern = try Pattern(pattern)
        var budget = 100_000
        return Array(text.utf8).withUnsafeBytes { pattern.matches(ByteView($0), budget: &budget) }
    }

    @Test(
        arguments: [
            ("", ["", "x"], []), ("a", ["a", "bab"], ["", "b"]), ("^a", ["ab"], ["ba", ""]),
            ("a$", ["ba"], ["ab", "a\n"]),
            ("^$", [""], ["x", "\n"]), ("a|b|", ["", "c"], []), ("^(a|bc)+$", ["abca", "bc"], ["", "b", "abcb"]),
            ("^a?b*c+$", ["c", "abbcc", "bc"], ["", "ab", "aac"]), ("^a{2}$", ["aa"], ["a", "aaa"]),
            ("^a{2,}$", ["aa", "aaaa"], ["a"]), ("^a{1,3}$", ["a", "aaa"], ["", "aaaa"]), ("^a{0}$", [""], ["a"]),
            ("^a{,3}$", ["a{,3}"], ["a", "aaa"]), ("^{$", ["{"], [""]), ("^a+?b??$", ["a", "aab"], ["b"]),
            ("^(?:(a*)*)*$", ["", "aaa"], ["b"]), ("^(a*)+b$", ["aab", "b"], ["a"]),
            ("^[abc]$", ["a", "c"], ["d", ""]),
            ("^[^abc]$", ["d", "é", "\n"], ["a"]), ("^[a-c-]$", ["-", "b"], ["d"]),
            ("^[\\]\\-\\\\]$", ["]", "-", "\\"], ["["]),
            ("^[]$", [], ["", "a"]), ("^[^]$", ["a", "\n"], [""]), ("^[\\d\\s]$", ["5", " ", "\u{2003}"], ["x"]),
            ("^[\\D]$", ["x"], ["5"]), ("^[^\\w]$", ["é", "-"], ["_", "a"]), ("^\\w+$", ["aZ_9"], ["é", "-"]),
            ("^\\s$", ["\t", "\u{A0}", "\u{FEFF}", "\u{2029}"], ["x", "\u{200B}"]), ("^\\d$", ["0"], ["٠"]),
            ("^.$", ["a", "😀", "é"], ["\n", "\r", "\u{2028}", "ab"]), ("^\\u00e9$", ["\u{E9}"], ["e\u{301}"]),
            ("^\\u{1F600}$", ["😀"], []), ("^\\ud83d\\ude00$", ["😀"], []), ("^\\x41\\cA\\0$", ["A\u{1}\u{0}"], []),
            ("^[\\u0041-\\u{43}]$", ["B"], ["D"]), ("^\\p{Lu}$", ["É"], ["é"]), ("^\\P{L}$", ["1"], ["a"]),
            ("^\\p{Letter}\\p{gc=Nd}$", ["é٣"], ["3é"]), ("^[\\p{Ll}\\p{Nd}]+$", ["é3"], ["É"]),
            ("^\\p{ASCII}+$", ["a~"], ["é"]),
            ("\\bfoo\\b", ["a foo", "foo."], ["afoo", "foo_"]), ("\\Boo\\B", ["fool"], ["foo", "oo"]),
            ("^(?=.*\\d)(?!.*x)", ["a1"], ["a", "1x"]), ("^(?!ab)", ["b", ""], ["abc"]),
            ("a(?=b)", ["ab"], ["ac", "a"]),
            ("a(?!b)", ["ac", "a"], ["ab"]), ("^(?<year>\\d{4})$", ["2024"], ["24"]),
            ("^[.]\\.\\/\\-$", ["../-"], ["a./-"]),
            ("^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z]+$", ["a.b+c@host"], ["a b@host"]),
            ("^\\^\\$\\|\\(\\)$", ["^$|()"], []),
            ("[\\b]", ["\u{8}"], ["b"]),
        ] as [(String, [String], [String])])
    func `matches what it should and nothing else`(_ pattern: String, _ good: [String], _ bad: [String]) throws {
        for text in good { #expect(try matches(pattern, text) == true, "\(text)") }
        for text in bad { #expect(try matches(pattern, text) == false, "\(text)") }
    }

    @Test(arguments: [
        "(", ")", "a)", "[", "[a", "*", "+a", "?", "a**", "a{2}{3}", "\\", "a{3,2}", "[b-a]", "[a-\\d]", "\\1",
        "\\k<a>",
        "(?<=a)b", "(?<!a)", "(?i)a", "(?", "(?<a", "\\p", "\\p{Nope}", "\\p{Script=Greek}", "\\u12", "\\x1",
        "\\u{110000}",
        "\\u{", "\\a", "\\cé", "\\01", "a{1001}{1001}", "(?:(?:a{100}){100}){100}", "a{99999999}",
    ])
    func `refuses what it cannot match`(_ pattern: String) {
        #expect(throws: PatternParser.Mistake.self) { try Pattern(pattern) }
    }

    @Test func `refuses groups that lie too deep`() {
        let pattern = String(repeating: "(", count: 10_000) + String(repeating: ")", count: 10_000)
        #expect(throws: PatternParser.Mistake.self) { try Pattern(pattern) }
    }

    @Test(arguments: ["^(a+)+$", "^(a|aa)+$", "^(a|a?)+$", "(.*)*x", "^(([a-z])+.)+[A-Z]([a-z])+$"])
    func `takes linear time for patterns that are known to explode`(_ pattern: String) throws {
        let pattern = try Pattern(pattern)
        let text = Array(String(repeating: "a", count: 20_000).utf8) + [UInt8(ascii: "!")]
        var budget = 2_000_000
        let isMatch = text.withUnsafeBytes { pattern.matches(ByteView($0), budget: &budget) }
        #expect(isMatch == false)
        #expect(budget > 1_000_000)
    }

    @Test func `has no answer when the budget is used up`() throws {
        let pattern = try Pattern("(?=.*x)y")
        let text = Array(String(repeating: "a", count: 20_000).utf8)
        var budget = 100_000
        #expect(text.withUnsafeBytes { pattern.matches(ByteView($0), budget: &budget) } == nil)
        #expect(budget <= 0)
    }
}
