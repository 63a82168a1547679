import Testing
import Wire

@Suite struct HTTPTokenListTests {
    private func elements(_ text: String) -> [String] {
        Array(text.utf8).withUnsafeBytes { raw in
            var list = HTTPTokenList(ByteView(raw))
            var found: [String] = []
            while let element = list.next() { found.append(element.string) }
            return found
        }
    }

    @Test(arguments: [
        ("", []), (" ", []), (",", []), (" ,\t, ", []), ("a", ["a"]), ("a,b", ["a", "b"]), (" a ,\tb\t", ["a", "b"]),
        ("a,,b,", ["a", "b"]), (",a", ["a"]), ("a b", ["a b"]),
        ("text/html;q=0.5, */*;q=0.1", ["text/html;q=0.5", "*/*;q=0.1"]),
    ])
    func `splits at commas and skips what is empty`(_ text: String, _ expected: [String]) {
        #expect(elements(text) == expected)
    }

    @Test(arguments: [
        ("application/json", "application/json"), ("application/json;charset=utf-8", "application/json"),
        ("application/json ; a=b;c", "application/json"), (";a", ""), ("", ""), ("a \t", "a"),
    ])
    func `finds a media type without its parameters`(_ text: String, _ expected: String) {
        Array(text.utf8).withUnsafeBytes { #expect(ByteView($0).withoutParameters.string == expected) }
    }
}
