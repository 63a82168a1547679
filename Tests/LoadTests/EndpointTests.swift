import Testing

@testable import mcp_load

@Suite struct EndpointTests {
    @Test(arguments: [
        ("http://127.0.0.1:8080/mcp", "127.0.0.1", 8080, "/mcp", "127.0.0.1:8080"),
        ("http://localhost", "localhost", 80, "/", "localhost"),
        ("HTTP://host:1?a=b#part", "host", 1, "/?a=b", "host:1"),
        ("http://[::1]:65535/a/b?c", "::1", 65535, "/a/b?c", "[::1]:65535"),
    ])
    func `reads a URL`(url: String, host: String, port: Int, target: String, authority: String) throws {
        let endpoint = try Endpoint(url)
        #expect(endpoint.host == host)
        #expect(endpoint.port == port)
        #expect(endpoint.target == target)
        #expect(endpoint.authority == authority)
    }

    @Test func `knows what is to be sealed, and its port`() throws {
        let endpoint = try Endpoint("HTTPS://tools.example/mcp")
        #expect(endpoint.isSealed && endpoint.port == 443)
        #expect(endpoint.place == "https://tools.example/mcp")
        #expect(try Endpoint("https://[::1]:8443").port == 8_443)
        #expect(!(try Endpoint("http://h").isSealed))
    }

    @Test(arguments: [
        "", "127.0.0.1:8080", "ftp://host/", "https://", "http://", "http://:80/", "http://host:0/",
        "http://host:65536/",
        "http://host:+1/", "http://host:/", "http://[::1/", "http://[::1]x/", "http://user@host/", "http://ho st/",
        "http://hö/",
        "http://host/\r\nX: y",
    ])
    func `refuses what is not a URL of an HTTP endpoint`(url: String) {
        #expect(throws: EndpointError.self) { try Endpoint(url) }
    }
}
