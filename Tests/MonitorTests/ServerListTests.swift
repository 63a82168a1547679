import Testing

@testable import mcp_monitor

struct ServerListTests {
    private func names(_ list: ServerList) -> [String] { list.servers.map { "\($0.name) \($0.url.description)" } }

    @Test func `names a server after its address unless told otherwise`() throws {
        var list = ServerList()
        try list.append(WatchedServer("http://127.0.0.1:9001/mcp?x=y"))
        try list.append(WatchedServer("eu/tools-1=https://mcp.example.com/mcp?a=b"))
        try list.append(WatchedServer("https://mcp.example.com"))
        #expect(
            names(list) == [
                "127.0.0.1:9001 http://127.0.0.1:9001/mcp", "eu/tools-1 https://mcp.example.com/mcp",
                "mcp.example.com https://mcp.example.com/",
            ])
    }

    @Test(arguments: [
        "=http://a/", "a b=http://a/", "a\"=http://a/", "a=", "a=b", String(repeating: "n", count: 65) + "=http://a/",
    ])
    func `refuses other names and addresses`(text: String) {
        #expect(throws: WatchedServerError.self) { _ = try WatchedServer(text) }
    }

    @Test func `wants different names`() throws {
        var list = ServerList()
        try list.append(WatchedServer("http://a/one"))
        #expect(throws: WatchedServerError.self) { try list.append(WatchedServer("http://a/two")) }
        try list.append(WatchedServer("two=http://a/two"))
        #expect(list.servers.count == 2)
    }

    @Test func `bounds their number`() throws {
        var list = ServerList()
        for number in 0..<256 { try list.append(WatchedServer("s\(number)=http://a/")) }
        #expect(throws: WatchedServerError.self) { try list.append(WatchedServer("more=http://a/")) }
    }

    @Test func `reads a list with commas`() throws {
        var list = ServerList()
        try list.append(commaSeparated: " a=http://a/ ,, http://b:1/mcp,")
        #expect(names(list) == ["a http://a/", "b:1 http://b:1/mcp"])
    }

    @Test func `reads a file`() {
        var list = ServerList()
        let complaints = list.append(
            contents: "# ours\r\n\r\n  a=http://a/mcp # the first\n\thttp://b/#frag\nhttp://c/", ofFile: "f")
        #expect(complaints == [])
        #expect(names(list) == ["a http://a/mcp", "b http://b/", "c http://c/"])
    }

    @Test func `says where a file is wrong`() {
        var list = ServerList()
        let complaints = list.append(
            contents: "http://a/\n  x=ftp://b/?key=secret\nhttp://a/other\n b c=http://d/\n", ofFile: "servers.txt")
        #expect(
            complaints == [
                "servers.txt:2:5: ftp://b/ must begin with http:// or https://",
                "servers.txt:3:1: there is a server a already; give one of them another name, as in other=URL",
                "servers.txt:4:2: the name before = must be 1 to 64 letters, digits and . _ : / [ ] -",
            ])
        #expect(list.servers.count == 1)
    }
}
