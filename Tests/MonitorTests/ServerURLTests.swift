import Testing

@testable import mcp_monitor

struct ServerURLTests {
    @Test(arguments: [
        ("http://host", "http", "host", 80, "/"), ("https://Host.Example/mcp", "https", "host.example", 443, "/mcp"),
        ("HTTP://127.0.0.1:9000/mcp?a=b#c", "http", "127.0.0.1", 9_000, "/mcp?a=b"),
        ("https://[::1]:8443", "https", "::1", 8_443, "/"), ("http://h?x=1", "http", "h", 80, "/?x=1"),
    ])
    func `reads what it can reach`(text: String, scheme: String, host: String, port: Int, target: String) throws {
        let url = try ServerURL(text)
        #expect(url.origin == ServerURL.Origin(isSecure: scheme == "https", host: host, port: port))
        #expect(url.target == target)
    }

    @Test(arguments: [
        "", "host", "127.0.0.1:9000/mcp", "ftp://host/", "http://", "http://:80/", "http://host:0/",
        "http://host:65536/",
        "http://host:x/", "http://host:+80/", "http://user:pw@host/", "http://a b/", "http://höst/", "http://[::1/",
        "http://[evil]/", "http://[]/", "http://ho\r\nst/", "http://a\"b/", "http://a\\b/",
    ])
    func `refuses everything else`(text: String) {
        #expect(throws: ServerURLError.self) { _ = try ServerURL(text) }
    }

    @Test func `writes hosts as requests name them`() throws {
        #expect(try ServerURL("http://a:80/").origin.authority == "a")
        #expect(try ServerURL("https://a:80/").origin.authority == "a:80")
        #expect(try ServerURL("https://[::1]:443/").origin.authority == "[::1]")
    }

    @Test func `keeps a query to itself`() throws {
        #expect(try ServerURL("https://a/mcp?key=secret").description == "https://a/mcp")
    }

    @Test(arguments: [
        ("https://b/x", "https://b/x"), ("//b:1/x", "http://b:1/x"), ("/x?y", "http://a:1/x?y"),
        ("c", "http://a:1/one/c"),
        ("../c", "http://a:1/c"), ("../../../c", "http://a:1/c"), ("./c/.", "http://a:1/one/c/"),
        ("?z", "http://a:1/one/two?z"),
        ("", "http://a:1/one/two?q"), ("c#frag", "http://a:1/one/c"), ("c?u=http://e/", "http://a:1/one/c?u=http://e/"),
    ])
    func `resolves where a redirect leads`(location: String, expected: String) throws {
        #expect(try ServerURL("http://a:1/one/two?q").resolving(location) == ServerURL(expected))
    }

    @Test(arguments: ["mailto:x", "http://", "a b", "http://u@h/", "javascript:x", "file:///etc/passwd"])
    func `leads nowhere else`(location: String) throws {
        #expect(try ServerURL("http://a:1/one/two?q").resolving(location) == nil)
    }
}
