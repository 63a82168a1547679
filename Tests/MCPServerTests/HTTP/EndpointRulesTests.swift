import MCPServer
import NIOCore
import Testing
import Wire

@Suite(.timeLimit(.minutes(1)))
struct EndpointRulesTests {
    static let body = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#

    @Test(arguments: [
        (Request.get("/mcp"), 400, nil),
        (Request.get("/mcp", ["Host: localhost", "Accept: application/json"]), 406, nil),
        (Request.get("/mcp", method: "PUT"), 405, "GET, POST, DELETE"),
        (Request.get("/mcp", method: "OPTIONS"), 405, "GET, POST, DELETE"),
        (Request.get("/mcp", method: "HEAD"), 405, "GET, POST, DELETE"),
        (Request.post(body, path: "/page"), 405, "GET, HEAD"),
        (Request.get("/page", method: "DELETE"), 405, "GET, HEAD"),
        (Request.get("/page"), 200, nil), (Request.get("/page?x=1"), 200, nil),
        (Request.post(body, path: "/"), 404, nil), (Request.post(body, path: "/mcp/"), 404, nil),
        (Request.post(body, path: "/MCP"), 404, nil), (Request.post(body, path: "//mcp"), 404, nil),
        (Request.post(body, path: "/mcp;x"), 404, nil), (Request.post(body, path: "/mcp/../mcp"), 404, nil),
        (Request.post(body, path: "/%6dcp"), 404, nil), (Request.get("/pages"), 404, nil),
    ])
    func `knows its paths and methods`(_ request: String, _ status: Int, _ allow: String?) async throws {
        try await TestServer.with({ $0.pages = [EndpointRulesTests.page] }) { server in
            let client = try await server.connect()
            try await client.send(request)
            if request.hasPrefix("HEAD") {
                // Says how long the answer would be, and does not give it.
                await client.close()
                return
            }
            let answer = try #require(await client.answer())
            #expect(answer.status == status)
            #expect(answer.fields["allow"] == allow)
            if status >= 400 { #expect(answer.errorCode != nil) }
            // The connection is still good.
            #expect(try await client.ask(Request.get("/page"))?.body == "{}")
            await client.close()
        }
    }

    static let page = HTTPPage(path: "/page") { HTTPPage.Contents(form: .json, body: ByteBuffer(string: "{}")) }

    @Test(arguments: [
        ("Content-Type: application/json", 400), ("Content-Type: Application/JSON; charset=utf-8", 400),
        ("Content-Type: text/plain", 415), ("Content-Type: application/jsonx", 415), ("Content-Type:", 415),
        ("Content-Encoding: gzip", 415), ("Accept: application/json", 400), ("Accept: */*", 400),
        ("Accept: text/event-stream", 400), ("Accept: text/html, application/*;q=0.1", 400),
        ("Accept: text/html", 406), ("Origin: null", 403), ("Origin: http://evil.example", 403),
        ("Origin: http://localhost", 403), ("Origin: https://good.example", 400),
        ("Origin: https://good.example:443", 403), ("Origin: HTTPS://GOOD.example", 400),
        ("Origin: https://good.example\r\nOrigin: https://good.example", 400),
        ("Mcp-Session-Id: a\r\nMcp-Session-Id: a", 400),
    ])
    func `looks at a head before its body`(_ field: String, _ status: Int) async throws {
        try await TestServer.with({ $0.allowedOrigins = ["https://good.example"] }) { server in
            // What passes fails later for want of a session.
            try await server.expect(status, Request.post(EndpointRulesTests.body, [field]))
        }
    }

    @Test(arguments: [
        ("localhost", 200), ("LocalHost:1", 200), ("127.0.0.1", 200), ("127.0.0.1:9000", 200), ("[::1]", 200),
        ("[::1]:80", 200), ("evil.example", 421), ("127.0.0.1.evil.example", 421), ("localhost.evil.example:80", 421),
        ("127.0.0.2", 421), ("10.0.0.1", 421), ("[::2]", 421),
    ])
    func `is known by loopback names on a loopback address`(_ host: String, _ status: Int) async throws {
        try await TestServer.with({ $0.pages = [EndpointRulesTests.page] }) { server in
            try await server.expect(status, Request.get("/page", ["Host: \(host)"]))
        }
    }

    @Test func `is known by the names it was given`() async throws {
        let change = { (settings: inout HTTPServerSettings) in
            settings.pages = [EndpointRulesTests.page]
            settings.allowedHosts = ["tools.example"]
        }
        try await TestServer.with(change) { server in
            try await server.expect(200, Request.get("/page", ["Host: tools.example:443"]))
            try await server.expect(421, Request.get("/page", ["Host: localhost"]))
        }
    }

    @Test func `lets its own pages call on a loopback address`() async throws {
        try await TestServer.with({ $0.pages = [EndpointRulesTests.page] }) { server in
            let port = server.http.localAddress.port ?? 0
            for (origin, status) in [
                ("http://localhost:\(port)", 200), ("http://127.0.0.1:\(port)", 200), ("http://localhost:1", 403),
                ("https://localhost:\(port)", 403),
            ] {
                let request = Request.get("/page", ["Host: localhost", "Origin: \(origin)"])
                try await server.expect(status, request)
            }
        }
    }

    @Test func `lets every name but no page call through a path, unless told otherwise`() async throws {
        let path = "/tmp/mcp-endpoint-\(UInt32.random(in: .min ... .max)).sock"
        let settings: (inout HTTPServerSettings) -> Void = {
            $0.pages = [EndpointRulesTests.page]
            $0.socketPath = path
        }
        try await TestServer.with(settings) { server in
            #expect(server.http.localAddress.pathname == path)
            try await server.expect(200, Request.get("/page", ["Host: tools.example.com"]))
            try await server.expect(403, Request.get("/page", ["Host: localhost", "Origin: http://localhost"]))
            try await server.expect(200, Request.modern("tools/list"))
        }
        try await TestServer.with({
            settings(&$0)
            $0.allowedOrigins = ["https://app.example.com"]
            $0.allowedHosts = ["tools.example.com"]
        }) { server in
            let origin = "Origin: https://app.example.com"
            try await server.expect(200, Request.get("/page", ["Host: tools.example.com", origin]))
            try await server.expect(421, Request.get("/page", ["Host: localhost", origin]))
        }
    }

    @Test func `wants to know how long a body is`() async throws {
        try await TestServer.with { server in
            let request = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\r\n"
            try await server.expect(411, request)
        }
    }

    @Test(arguments: [
        ("GET /mcp HTTP/1.1\r\n\r\n", 400), ("GARBAGE\r\n\r\n", 400), ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n", 400),
        ("POST /mcp HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    ])
    func `answers bytes that are not HTTP, once, and closes`(_ request: String, _ status: Int) async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            try await client.send(request + request)
            let said = await client.untilClosed()
            #expect(said.hasPrefix("HTTP/1.1 \(status) "))
            #expect(said.components(of: "HTTP/1.1 ") == 1)
            #expect(server.metric(#"mcp_errors_total{error_type="malformed_http"}"#) == 1)
        }
    }
}

extension String {
    /// How often `part` is in the text.
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
