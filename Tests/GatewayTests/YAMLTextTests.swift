import Testing

@testable import Gateway

/// What is written as YAML is read as the same text, by the parser that reads configurations.
@Suite struct YAMLTextTests {
    private let hard: [String] = [
        "", " ", "a b", " a", "a ", "~", "null", "Null", "NULL", "true", "True", "yes", "NO", "on", "Off", "y", "N",
        "1",
        "0", "-1", "+1", "01", "0x1F", "0o17", "0b1", "1_000", "1.5", "1e3", "1E+3", ".5", "5.", "0x1p3", ".inf",
        "-.inf",
        ".nan", "12:30", "12:30:45", "190:20:30.15", "2026-07-28", "2026-07-28T10:00:00Z", "a:", "a: b", ":a", "a #b",
        "#a",
        "- a", "-", "--- a", "...", "? a", "[a]", "{a}", "a, b", "a,b", "&a", "*a", "&a *a", "!a", "|", ">", "'a'",
        "\"a\"",
        "%a", "@a", "`a", "=", "<<", "\\", "\\n", "a\nb", "a\r\nb", "\ta", "\u{0}", "\u{7F}", "\u{85}", "\u{A0}",
        "\u{2028}", "a\u{FEFF}", "\u{FFFE}", "\u{E000}", "\u{202E}", "\u{E0001}", "ä", "日本", "😀", "e\u{301}", "./a.log",
        "[::1]:8080", "/run/a file", "gw:",
    ]

    private let easy: [String] = [
        "a", "tools", "env:GATEWAY_KEY", "file:/etc/gw/tls.key", "http://10.0.0.11:9000/mcp", "127.0.0.1:8080", "10s",
        "250ms", "5m", "1h", "4MiB", "50%", "12.5%", "100/min", "10.0.0.0/8", "192.0.2.1", "identity+tool", "p95",
        "redis://redis:6379/0", "/mcp", "per-client", "512B",
    ]

    /// Reads `text`, which must be a list of texts.
    private func texts(in text: String) throws -> [String] {
        let document = YAMLDocument(try ConfigurationText(Array(text.utf8)))
        #expect(document.problem == nil)
        return try #require(document.root?.elements).map { node in
            guard case .scalar(let text, _) = node.content else {
                Issue.record("\(node.shownKind)")
                return ""
            }
            #expect(!node.isNull && !node.isPlainLiteral, "\(text.shown)")
            return text
        }
    }

    /// Differences one by one: a comparison of long lists says nothing.
    private func check(_ texts: [String]) throws {
        let block = try self.texts(in: texts.map { "- \(YAMLText.scalar($0))  # \(YAMLText.comment($0))\n" }.joined())
        let flow = try self.texts(in: "[\(texts.map(YAMLText.scalar).joined(separator: ", "))]\n")
        try #require(block.count == texts.count && flow.count == texts.count)
        for (index, text) in texts.enumerated() {
            #expect(Array(block[index].unicodeScalars) == Array(text.unicodeScalars), "\(text.shown)")
            #expect(Array(flow[index].unicodeScalars) == Array(text.unicodeScalars), "\(text.shown)")
        }
    }

    private func checkNames(_ names: Set<String>) throws {
        let text = names.map { "\(YAMLText.scalar($0)): 1\n" }.joined()
        let document = YAMLDocument(try ConfigurationText(Array(text.utf8)))
        #expect(document.problem == nil)
        let entries = try #require(document.root?.entries)
        #expect(entries.allSatisfy { $0.nameProblem == nil && !$0.isNameLiteral })
        let isEqual = Set(entries.map(\.name)) == names
        #expect(isEqual)
    }

    @Test func `what is easy to mistake comes back`() throws {
        try check(hard)
        try checkNames(Set(hard))
        for text in hard { #expect(YAMLText.scalar(text).hasPrefix("\""), "\(text.shown)") }
    }

    @Test func `what nobody can mistake has no quotes, and comes back`() throws {
        try check(easy)
        try checkNames(Set(easy))
        for text in easy { #expect(YAMLText.scalar(text) == text) }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>) func `random text comes back`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let signs = Array("&*!|>%@`{}[],:?-#'\"\\\t\n\r ~<=.+_/ \u{85}\u{2028}\u{FEFF}ä😀".unicodeScalars)
        let words = Array("0123456789eExXoTZ.:-+_nulltrueyesnoaBz".unicodeScalars)
        func scalar() -> Unicode.Scalar {
            switch random.next(below: 4) {
            case 0: signs[random.next(below: signs.count)]
            case 1: Unicode.Scalar(UInt32(random.next(below: 0x11_0000))) ?? "x"
            default: words[random.next(below: words.count)]
            }
        }
        let texts = (0..<400).map { index in
            // Every third is made of what numbers and words are made of.
            let scalars = (0..<random.next(below: 12)).map { _ in
                index % 3 == 0 ? words[random.next(below: words.count)] : scalar()
            }
            // The parser drops a byte order mark at the beginning of a text, so no configuration has one there.
            return String(String.UnicodeScalarView(scalars.drop { $0 == "\u{FEFF}" }))
        }
        try check(texts)
        try checkNames(Set(texts))
    }
}
