import MCPServer
import NIOCore
import Testing
import Wire

/// What a strict server says to input that is not quite HTTP, JSON or JSON-RPC, and whether the connection goes on.
@Suite(.timeLimit(.minutes(2))) struct StrictnessTests {
    /// One input, as bytes, and what comes of it.
    struct Row: Sendable, CustomTestStringConvertible {
        var input: [UInt8]
        var statuses: Set<Int>
        var closes: Bool
        /// The code of the JSON-RPC error, if there must be one.
        var code: Int64?

        var testDescription: String {
            String(decoding: input.prefix(160), as: UTF8.self).replacing("\r\n", with: "⏎")
        }
    }

    static func ends(_ text: String, _ statuses: Int...) -> Row {
        Row(input: Array(text.utf8), statuses: Set(statuses), closes: true)
    }

    static func stays(_ text: String, _ statuses: Int...) -> Row {
        Row(input: Array(text.utf8), statuses: Set(statuses), closes: false)
    }

    static func get(_ line: String, _ fields: String = "Host: localhost\r\n") -> String {
        "\(line)\r\n\(fields)\r\n"
    }

    static func post(_ fields: String, _ body: String = "") -> String {
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\(fields)\r\n\(body)"
    }

    static let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#

    // MARK: HTTP

    static let lines: [Row] = [
        ends(get("G(T /mcp HTTP/1.1"), 400), ends(get("GET /a\u{1}b HTTP/1.1"), 400), ends(get("GET /ä HTTP/1.1"), 400),
        ends(get("GET /a#b HTTP/1.1"), 400), ends(get("GET /a\\b HTTP/1.1"), 400), ends(get("GET /%zz HTTP/1.1"), 400),
        ends(get("GET /mcp HTTP/1.2"), 400, 505), ends(get("GET /mcp HTTP/3.0"), 505),
        ends(get("GET  /mcp HTTP/1.1"), 400),
        ends(get("GET\t/mcp HTTP/1.1"), 400), ends(get("GET /mcp HTTP/1.1 x"), 400), ends("GET /mcp\r\n\r\n", 400, 505),
        ends("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 505),
        Row(
            input: [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3, 0x0D, 0x0A, 0x0D, 0x0A], statuses: [400, 505], closes: true),
        ends(get("GET /\(String(repeating: "a", count: 8_200)) HTTP/1.1"), 414),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost\r\nA: \(String(repeating: "a", count: 33_000))\r\n"), 431),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost\r\n" + String(repeating: "A: b\r\n", count: 101)), 431),
        ends(get("CONNECT localhost:1 HTTP/1.1"), 400, 405),
        ends(get("GET http://other.example/mcp HTTP/1.1"), 400, 421),
        ends(get("GET http://a@localhost/mcp HTTP/1.1"), 400, 421), ends(get("GET * HTTP/1.1"), 400),
    ]

    static let fields: [Row] = [
        ends(get("GET /mcp HTTP/1.1", ""), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost\r\nHost: localhost\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: \r\n"), 400), ends(get("GET /mcp HTTP/1.1", "Host: a,b\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: a/b\r\n"), 400), ends(get("GET /mcp HTTP/1.1", "Host: a@b\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost:x\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost\r\nA: b\u{0}c\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost\r\nA: b\u{1}c\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost\r\nA: b\r\n c\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost\r\nA\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost\r\n: b\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost\r\nA : b\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost\r\nA(: b\r\n"), 400),
        ends("GET /mcp HTTP/1.1\nHost: localhost\n\n", 400),
        stays(post("Origin: null\r\nContent-Length: 0\r\n"), 403),
        stays(post("Origin: http://evil.example\r\nContent-Length: 0\r\n"), 403),
        stays(post("Accept: text/html\r\nContent-Length: 0\r\n"), 406),
        stays(post("Content-Encoding: gzip\r\nContent-Length: 0\r\n"), 415),
        stays(post("Mcp-Session-Id: a\r\nMcp-Session-Id: a\r\nContent-Length: 0\r\n"), 400),
        stays(post("Authorization: a\r\nAuthorization: a\r\nContent-Length: 0\r\n"), 400),
        stays(post("Mcp-Method: ping\r\nMcp-Method: ping\r\nContent-Length: \(ping.utf8.count)\r\n", ping), 400),
    ]

    static let bodies: [Row] = [
        ends(post("Content-Length: -1\r\n"), 400), ends(post("Content-Length: +1\r\n"), 400),
        ends(post("Content-Length: 0x1\r\n"), 400), ends(post("Content-Length: 1,1\r\n"), 400),
        ends(post("Content-Length: 1\r\nContent-Length: 1\r\n"), 400),
        ends(post("Content-Length: 1000000000000000000000\r\n"), 400, 413),
        ends(post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400),
        ends(post("Transfer-Encoding: gzip, chunked\r\n"), 400, 501), ends(post("Transfer-Encoding: \r\n"), 400, 501),
        ends(post("Transfer-Encoding: chunked, chunked\r\n"), 400, 501),
        ends("POST /mcp HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 501),
        ends(post("Transfer-Encoding: chunked\r\n", "x\r\n"), 400),
        ends(post("Transfer-Encoding: chunked\r\n", "1234567890ABCDEF0\r\n"), 400, 413),
        ends(post("Transfer-Encoding: chunked\r\n", "1\nx\r\n0\r\n\r\n"), 400),
        ends(post("Transfer-Encoding: chunked\r\n", "1\r\nxy\r\n0\r\n\r\n"), 400),
        ends(post("Transfer-Encoding: chunked\r\n", "1;a=\u{1}\r\nx\r\n0\r\n\r\n"), 400),
        ends(
            post("Transfer-Encoding: chunked\r\n", "1;\(String(repeating: "a", count: 300))\r\nx\r\n0\r\n\r\n"), 400,
            413),
        ends(post(""), 411), stays(post("Expect: something\r\nContent-Length: 0\r\n"), 417),
        ends(get("TRACE /mcp HTTP/1.1"), 405),
        ends(post("Content-Length: 2000000\r\n"), 413),
        ends(post("Transfer-Encoding: chunked\r\n", "1E8480\r\n"), 413),
    ]

    @Test(arguments: lines + fields + bodies)
    func `answers once, and reads on only where nothing can be misread`(_ row: Row) async throws {
        try await check(row)
    }

    /// Sends the bytes of a row, and looks at what comes back and at what follows.
    func check(_ row: Row) async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            try await client.send(bytes: row.input)
            guard !row.closes else {
                let said = await client.untilClosed()
                let status = said.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0) }
                #expect(status.map { row.statuses.contains($0) } == true, "\(said.prefix(200))")
                #expect(said.ranges(of: "HTTP/1.1 ").count == 1)
                // Otherwise it was a time-out that has closed the connection.
                #expect(said.contains("\r\nConnection: close\r\n"), "\(said.prefix(400))")
                return
            }
            let answer = try #require(await client.answer())
            #expect(row.statuses.contains(answer.status), "\(answer)")
            // What follows is read as what it is.
            let next = try #require(try await client.ask(Request.get("/nothing")))
            #expect(next.status == 404)
            await client.close()
        }
    }

    // MARK: JSON and JSON-RPC

    private static func deep(_ levels: Int) -> String {
        #"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"# + String(repeating: "[", count: levels)
            + String(repeating: "]", count: levels) + "}}"
    }

    static func says(_ code: Int64, _ texts: [String]) -> [Row] {
        texts.map { Row(input: Array($0.utf8), statuses: [400], closes: false, code: code) }
    }

    static let notJSON: [Row] =
        says(
            -32_700,
            [
                "", " ", "{", ping + "x", ping + ping, "/* */" + ping, #"{"jsonrpc":"2.0",}"#, "{'a':1}", "[1,]",
                #"{"jsonrpc":"2.0","id":NaN,"method":"ping"}"#, #"{"jsonrpc":"2.0","id":+1,"method":"ping"}"#,
                #"{"jsonrpc":"2.0","id":01,"method":"ping"}"#, #"{"jsonrpc":"2.0","id":.5,"method":"ping"}"#,
                #"{"jsonrpc":"2.0","id":1.,"method":"ping"}"#, #"{"jsonrpc":"2.0","id":0x1,"method":"ping"}"#,
                #"{"jsonrpc":"2.0","id":"\x","method":"ping"}"#,
                "{\"jsonrpc\":\"2.0\",\"id\":\"\u{1}\",\"method\":\"ping\"}",
                #"{"jsonrpc":"2.0","id":"\u12","method":"ping"}"#,
            ])
        + [
            [0xFF, 0xFE], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82],
        ].map { (bytes: [UInt8]) in
            let input = Array(#"{"jsonrpc":"2.0","id":""#.utf8) + bytes + Array(#"","method":"ping"}"#.utf8)
            return Row(input: input, statuses: [400], closes: false, code: -32_700)
        }

    static let notJSONRPC: [Row] = says(
        -32_600,
        [
            #"{"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":1,"\u0061":2}}"#, deep(65), "7", "null", "\"a\"",
            "[]",
            #"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, #"{"id":1,"method":"ping"}"#,
            #"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, #"{"jsonrpc":2.0,"id":1,"method":"ping"}"#,
            #"{"jsonrpc":"2.0","id":1}"#, #"{"jsonrpc":"2.0","id":1,"method":7}"#,
            #"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, #"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
            #"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, #"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#,
        ])

    @Test(arguments: notJSON + notJSONRPC)
    func `answers what is no message with its error`(_ row: Row) async throws {
        try await checkBody(row)
    }

    /// Sends the bytes of a row as the body of a request in a session.
    func checkBody(_ row: Row) async throws {
        try await TestServer.with { server in
            let session = try await server.openSession(.v2025_11_25)
            let client = try await server.connect()
            let head =
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nMcp-Session-Id: \(session)\r\n"
                + "Content-Length: \(row.input.count)\r\n\r\n"
            try await client.send(bytes: Array(head.utf8) + row.input)
            let answer = try #require(await client.answer())
            #expect(row.statuses.contains(answer.status))
            #expect(answer.errorCode == row.code, "\(answer.body)")
            let next = try await client.ask(Request.legacy("ping", session: session))
            #expect(next?.json?["result"] == [:])
            await client.close()
        }
    }

    @Test(arguments: ["1", "-1", #""1""#, #""\u0031""#, #""""#, "9007199254740993", "-9223372036854775808"])
    func `gives ids back as they came`(_ id: String) async throws {
        try await TestServer.with({ $0.hasSessions = false }) { server in
            let answer = try await server.ask(Request.post(#"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"#))
            #expect(answer.body == #"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        }
    }

    @Test func `carries numbers as they came, in no time`() async throws {
        try await TestServer.with({ $0.hasSessions = false }) { server in
            let numbers = "[1.0,1e1000000000,123456789012345678901234567890,-0]"
            let params = #"{"name":"echo","arguments":{"text":"","numbers":\#(numbers)}}"#
            let answer = try await server.ask(
                Request.post(
                    #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":\#(params)}"#,
                    ["MCP-Protocol-Version: 2025-06-18"]))
            #expect(answer.body.contains(#""numbers":\#(numbers)"#))
        }
    }

    @Test(
        arguments: [
            ("MCP-Protocol-Version", "2025-11-25", 400, -32_020), ("Mcp-Method", "TOOLS/CALL", 400, -32_020),
            ("Mcp-Name", "echo2", 400, -32_020), ("Mcp-Name", "=?base64?ZWNobw==?=", 200, 0),
            ("Mcp-Name", "=?base64?ZWNobw?=", 400, -32_020), ("Mcp-Name", "  echo  ", 200, 0),
        ] as [(String, String, Int, Int64)])
    func `compares heads and bodies`(_ name: String, _ value: String, _ status: Int, _ code: Int64) async throws {
        try await TestServer.with { server in
            let request = Request.modern("tools/call", #""name":"echo","arguments":{"text":"x"},"#, name: "echo")
            let lines = request.components(separatedBy: "\r\n").map { line in
                line.hasPrefix(name + ":") ? "\(name): \(value)" : line
            }
            let answer = try await server.ask(lines.joined(separator: "\r\n"))
            #expect(answer.status == status)
            #expect((answer.errorCode ?? 0) == code)
        }
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map { String($0) }
    }
}
