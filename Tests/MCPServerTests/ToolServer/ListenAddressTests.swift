import Testing

@testable import mcp_tool_server

struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:9000", "127.0.0.1", 9_000), ("localhost:0", "localhost", 0), ("[::1]:65535", "::1", 65_535),
        ("0.0.0.0:00080", "0.0.0.0", 80),
    ])
    func `reads an address`(_ text: String, _ host: String, _ port: Int) {
        #expect(ListenAddress(argument: text) == .tcp(host: host, port: port))
    }

    @Test func `reads a path`() {
        #expect(ListenAddress(argument: "unix:/run/a b:1.sock") == .unix(path: "/run/a b:1.sock"))
        #expect(ListenAddress(argument: "unix:x") == .unix(path: "x"))
        let long = String(repeating: "x", count: 103)
        #expect(ListenAddress(argument: "unix:\(long)") == .unix(path: long))
        #expect(ListenAddress(argument: "unix:\(long)x") == nil)
    }

    @Test(arguments: [
        "", ":", "unix:", "unix:a\0b", ":80", "localhost", "localhost:", "localhost:65536", "localhost:-1",
        "localhost:+1", "localhost:8o",
        "::1:80", "[]:80", "a b:80", "localhost:123456", "localhost:80 ",
    ])
    func `refuses what is none`(_ text: String) {
        #expect(ListenAddress(argument: text) == nil)
    }

    @Test func `writes what it reads`() {
        for text in ["127.0.0.1:9000", "[::1]:80", "unix:/run/x.sock"] {
            #expect(ListenAddress(argument: text)?.description == text)
        }
    }
}
