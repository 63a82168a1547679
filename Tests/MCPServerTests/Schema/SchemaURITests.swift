import Testing

@testable import MCPServer

@Suite struct SchemaURITests {
    /// RFC 3986 §5.4, the examples that schemas could have.
    @Test(
        arguments: [
            ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
            ("//g", "http://g"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q#s"),
            ("g#s", "http://a/b/c/g#s"), ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"), ("..", "http://a/b/"),
            ("../g", "http://a/b/g"), ("../..", "http://a/"), ("../../g", "http://a/g"), ("../../../g", "http://a/g"),
            ("g:h", "g:h"), ("./g/../h", "http://a/b/c/h"),
        ])
    func `resolves references as RFC 3986 does`(_ reference: String, _ result: String) {
        #expect(SchemaURI.resolve(reference, against: "http://a/b/c/d;p?q") == result)
    }

    @Test func `takes fragments apart`() {
        #expect(SchemaURI.split("a#b%2Fc") == ("a", "b/c"))
        #expect(SchemaURI.split("a") == ("a", ""))
        #expect(SchemaURI.split("#%zz") == ("", "%zz"))
    }
}
