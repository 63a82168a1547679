import MCPServer
import Testing
import Wire

/// The rows that are about single fields, paths, methods and bodies, in the order of the tables.
extension StrictnessTests {
    private static let large = String(repeating: "a", count: 17_000)

    static let moreHeads: [Row] = [
        // Lines and sizes.
        ends(get("GET /mcp http/1.1"), 400), ends(get("GET /mcp HTTP/2.0"), 505),
        ends(get("get\u{7F} /mcp HTTP/1.1"), 400),
        ends(get("GET /a%2 HTTP/1.1"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost\r\nA: \(large)\r\n"), 431),
        ends(
            get(
                "GET /mcp HTTP/1.1",
                "Host: localhost\r\n" + String(repeating: "A: \(large.prefix(1_000))\r\n", count: 40)),
            431),
        // Authorities.
        ends(get("GET localhost:9000 HTTP/1.1"), 400, 421), ends(get("GET https://localhost/mcp HTTP/1.1"), 400, 421),
        ends(get("GET /mcp HTTP/1.1", "Host: elsewhere.example\r\n"), 421),
        ends(get("POST /nothing HTTP/1.1", "Host: elsewhere.example\r\nContent-Length: 0\r\n"), 421),
        ends(get("GET /mcp HTTP/1.1", "Host: local host\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: \"localhost\"\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost:65536\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost:\r\n"), 400),
        // Fields.
        ends(get("GET /mcp HTTP/1.1", "Host: localhost\r\nA: b\rc\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost\r\nA: b\nB: c\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost\r\nA: b\u{7F}c\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost\r\nA: b\r\n\tc\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", " Host: localhost\r\n"), 400),
        ends(get("GET /mcp HTTP/1.1", "Host: localhost\r\nA\u{0}: b\r\n"), 400),
        stays(get("GET /nothing HTTP/1.1", "Host: localhost\r\nA: b\tc\r\n"), 404),
        // Never acted on: the answer is that to a plain request, and the last one.
        ends(get("GET /nothing HTTP/1.1", "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"), 404),
        ends(get("GET /nothing HTTP/1.1", "Host: localhost\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n"), 404),
        ends(get("GET /nothing HTTP/1.1", "Host: localhost\r\nHTTP2-Settings: AAAA\r\n"), 404),
    ]

    static let paths: [Row] = [
        "//mcp", "/mcp/", "/mcp/..", "/mcp/../mcp", "/./mcp", "/%6dcp", "/mcp%2f", "/%2fmcp", "/mcp;x", "/MCP",
        "/mcp//",
        "/",
    ].flatMap { path in
        let head = "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        return [
            stays("\(head)Content-Length: \(ping.utf8.count)\r\n\r\n\(ping)", 404),
            // The body is read on, as far as it goes, and is no request.
            stays(
                "\(head)Transfer-Encoding: chunked\r\n\r\n1E\r\nGET /mcp HTTP/1.1\r\nHost: a\r\n\r\n\r\n0\r\n\r\n", 404),
        ]
    }

    static let methods: [Row] = ["PUT", "PATCH", "OPTIONS", "post", "BREW"].map { method in
        stays(
            "\(method) /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(ping.utf8.count)\r\n\r\n\(ping)", 405)
    }

    private static func pinged(_ fields: String) -> String {
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\n\(fields)Content-Length: \(ping.utf8.count)\r\n\r\n\(ping)"
    }

    static let types: [Row] =
        [
            "", "Content-Type: text/plain\r\n", "Content-Type: application/jsonp\r\n",
            "Content-Type: application/xml, a/b\r\n",
        ]
        .map { stays(pinged($0), 415) } + [
            stays(pinged("Content-Type: application/json\r\nContent-Encoding: identity\r\n"), 415),
            stays(pinged("Content-Type: application/json\r\nAccept: application/xml, image/*\r\n"), 406),
            stays(pinged("Content-Type: application/json\r\nContent-Type: application/json\r\n"), 400),
        ]
        + [
            "Authorization: Bearer a", "MCP-Protocol-Version: 2025-11-25", "Mcp-Method: ping", "Mcp-Name: a",
            "Mcp-Session-Id: a", "Origin: http://localhost",
        ].map { stays(pinged("Content-Type: application/json\r\n\($0)\r\n\($0)\r\n"), 400) }
        + [
            "http://localhost.evil.example", "https://127.0.0.1", "http://127.0.0.1:1", "HTTP://EVIL", "", "file://",
        ].map { stays(pinged("Content-Type: application/json\r\nOrigin: \($0)\r\n"), 403) }

    static let lengths: [Row] = [
        ends(post("Content-Length: \r\n"), 400), ends(post("Content-Length: 1 1\r\n"), 400),
        ends(post("Content-Length: 1;\r\n"), 400), ends(post("Content-Length: 0000000000000000001\r\n"), 400),
        ends(post("Content-Length: 1, 1\r\n"), 400), ends(post("Content-Length: 1.0\r\n"), 400),
        ends(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400, 501),
        ends(post("Transfer-Encoding: identity\r\n"), 400, 501),
        ends(post("Transfer-Encoding: chunked;a=b\r\n"), 400, 501),
        ends(post("Transfer-Encoding: \u{0B}chunked\r\n"), 400, 501),
        ends("POST /mcp HTTP/1.0\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 501),
        ends(post("Transfer-Encoding: chunked\r\n", "\r\n"), 400),
        ends(post("Transfer-Encoding: chunked\r\n", " 1\r\nx"), 400),
        ends(post("Transfer-Encoding: chunked\r\n", "1 \r\nx"), 400),
        ends(post("Transfer-Encoding: chunked\r\n", "-1\r\nx"), 400),
        ends(post("Transfer-Encoding: chunked\r\n", "0x1\r\nx"), 400),
        ends(post("Transfer-Encoding: chunked\r\n", "1\rx\r\n0\r\n\r\n"), 400),
        ends(post("Transfer-Encoding: chunked\r\n", "1\r\nx0\r\n\r\n"), 400),
        ends(post("Transfer-Encoding: chunked\r\n", "1\r\nx\n0\r\n\r\n"), 400),
        ends(post("Transfer-Encoding: chunked\r\n", "0\r\n\n"), 400),
        // Each extension is within its bound; together they are not.
        ends(
            post(
                "Transfer-Encoding: chunked\r\n",
                String(repeating: "1;\(String(repeating: "a", count: 250))\r\n \r\n", count: 17)), 400, 413),
        // A body that grows beyond the limit, in chunks that are each within it.
        ends(
            post(
                "Transfer-Encoding: chunked\r\n",
                String(repeating: "8000\r\n\(String(repeating: " ", count: 32_768))\r\n", count: 33)), 413),
    ]

    @Test(arguments: moreHeads + paths + methods + types + lengths)
    func `judges each field and each line by itself`(_ row: Row) async throws {
        try await check(row)
    }

    @Test func `says which methods there are`() async throws {
        for (hasSessions, allowed) in [(true, "GET, POST, DELETE"), (false, "POST")] {
            try await TestServer.with({ $0.hasSessions = hasSessions }) { server in
                let answer = try await server.ask(Request.get("/mcp", method: "PUT"))
                #expect(answer.status == 405)
                #expect(answer.fields["allow"] == allowed)
            }
        }
    }

    // MARK: JSON and JSON-RPC

    private static func utf16(_ text: String, bigEndian: Bool) -> [UInt8] {
        text.utf16.flatMap { unit in
            let (high, low) = (UInt8(truncatingIfNeeded: unit >> 8), UInt8(truncatingIfNeeded: unit))
            return bigEndian ? [high, low] : [low, high]
        }
    }

    private static func argument(_ value: String) -> String {
        #"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":\#(value)}}"#
    }

    static let moreBodies: [Row] =
        says(
            -32_700,
            [
                "// a\n" + ping, ping + "//", argument("Infinity"), argument("-NaN"), argument("1e"), argument("-"),
                argument("1.5.5"), argument("1E+"), argument("tru"), argument("True"), argument(#""\u{7}""#),
                argument("\"\t\""),
                argument(#""\'""#), argument(#""\U0061""#), argument("'a'"), argument("[1 2]"), argument("[,1]"),
                argument("{a:1}"), argument(#"{"a" 1}"#), argument(#"{"a":}"#), argument("[1}"),
                String(ping.dropLast()),
            ])
        + [utf16(ping, bigEndian: true), utf16(ping, bigEndian: false), [0xEF, 0xBB, 0xBF] + Array(ping.utf8)].map {
            Row(input: $0, statuses: [400], closes: false, code: -32_700)
        }
        // Lone surrogates: the first half without the second, the second alone, and both in the wrong order.
        + says(
            -32_700,
            [#""\ud800""#, #""\udc00""#, #""\udc00\ud800""#, #""\ud800\u0061""#, #""\ud83dx""#].map { argument($0) })
        // Names, however they are written and however deep they are.
        + says(
            -32_600,
            [
                argument(#"[[[{"b":{"x":1,"x":1}}]]]"#), argument(#"{"é":1,"\u00e9":1}"#),
                argument(#"{"😀":1,"\ud83d\ude00":1}"#),
                argument(#"{"":1,"":1}"#), #"{"jsonrpc":"2.0","id":1,"id":1,"method":"ping"}"#,
                #"{"jsonrpc":"2.0","\u006asonrpc":"2.0","id":1,"method":"ping"}"#,
                // Names that differ in case are different names.
                #"{"jsonrpc":"2.0","id":1,"Method":"ping"}"#, #"{"JSONRPC":"2.0","id":1,"method":"ping"}"#,
                #"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#,
                #"{"jsonrpc":"2.0","id":18446744073709551616,"method":"ping"}"#,
                #"{"jsonrpc":"2.0","id":1e400,"method":"ping"}"#, #"{"jsonrpc":"2.0","id":1,"method":null}"#,
                #"{"jsonrpc":"2.0 ","id":1,"method":"ping"}"#, #"{"jsonrpc":null,"id":1,"method":"ping"}"#,
                #"{"jsonrpc":"2.0","id":1,"method":"ping","error":{"code":1,"message":""}}"#,
                #"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}"#, "true", "[[]]", "[1]", "{}",
                argument("[" + String(repeating: "1,", count: 100_000) + "1]"),
                argument("[" + String(repeating: "{},", count: 100_000) + "{}]"),
                argument("{\"\(String(repeating: "n", count: 65_537))\":1}"),
                argument(String(repeating: "{\"a\":", count: 100_000)),
            ])

    @Test(arguments: moreBodies)
    func `answers each kind of bad text with its error`(_ row: Row) async throws {
        try await checkBody(row)
    }

    @Test(
        arguments: [
            // 32 levels always pass, and as many as the bound says.
            argument(String(repeating: "[", count: 30) + String(repeating: "]", count: 30)),
            argument(String(repeating: "[", count: 62) + String(repeating: "]", count: 62)),
            argument("[" + String(repeating: "1,", count: 99_000) + "1]"),
            argument("{\"\(String(repeating: "n", count: 65_536))\":1}"),
            argument(#"{"x":1,"X":2,"\u00e9":1,"e\u0301":2,"é ":3}"#), argument(#""\ud83d\ude00\u0000""#),
            argument("1e1000000000"), argument(String(repeating: "9", count: 100_000)),
            "\r\n\t " + ping + " \n",
        ])
    func `takes what is within the bounds`(_ text: String) async throws {
        try await TestServer.with({ $0.hasSessions = false }) { server in
            let answer = try await server.ask(Request.post(text))
            #expect(answer.body == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        }
    }

    @Test func `keeps names apart that differ in case or normalization`() async throws {
        try await TestServer.with({ $0.hasSessions = false }) { server in
            let arguments = "{\"text\":\"\",\"Text\":1,\"\u{E9}\":2,\"e\u{301}\":3}"
            let answer = try await server.ask(
                Request.post(
                    #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":\#(arguments)}}"#,
                    ["MCP-Protocol-Version: 2025-11-25"]))
            // Of bytes: to `String` the last two names would be equal.
            #expect(Array(answer.body.utf8).firstRange(of: Array(arguments.utf8)) != nil, "\(answer.body)")
        }
    }

    @Test func `says nothing to a notification but whether it was taken`() async throws {
        try await TestServer.with { server in
            let session = try await server.openSession(.v2025_11_25)
            let cancelled = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"#
            let taken = try await server.ask(Request.post(cancelled, ["Mcp-Session-Id: \(session)"]))
            #expect(taken.status == 202)
            #expect(taken.body.isEmpty)
            let refused = try await server.ask(Request.post(cancelled))
            #expect(refused.status == 400)
            #expect(refused.json?["id"] == nil)
        }
    }

    /// A field of a modern call that is missing or says something else than the body, and the code of the refusal.
    static let mirrored: [(String, String?)] = [
        ("MCP-Protocol-Version", "2025-06-18"), ("MCP-Protocol-Version", "2026-07-28 "), ("Mcp-Method", nil),
        ("Mcp-Method", "tools/list"), ("Mcp-Method", ""), ("Mcp-Name", nil), ("Mcp-Name", "Echo"), ("Mcp-Name", ""),
        ("Mcp-Name", "=?base64?ZWNo*w==?="), ("Mcp-Name", "=?base64?ZWNobwo=?="), ("Mcp-Name", "=?base64?ZWNobw=="),
        ("Mcp-Name", "=?base64?AAAA?="),
    ]

    @Test(arguments: mirrored)
    func `refuses a head that says something else than its body`(_ name: String, _ value: String?) async throws {
        try await TestServer.with { server in
            let request = Request.modern("tools/call", #""name":"echo","arguments":{"text":"x"},"#, name: "echo")
            let lines = request.split(separator: "\r\n", omittingEmptySubsequences: false).compactMap { line in
                line.hasPrefix(name + ":") ? value.map { "\(name): \($0)" } : String(line)
            }
            let answer = try await server.ask(lines.joined(separator: "\r\n"))
            // White space around a value does not belong to it.
            let isEqual = value == "2026-07-28 "
            #expect(answer.status == (isEqual ? 200 : 400))
            #expect(answer.errorCode == (isEqual ? nil : -32_020))
        }
    }

    @Test(
        arguments: [
            #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#, #""_meta":{}"#, #""a":1"#,
            #""_meta":{"io.modelcontextprotocol/clientCapabilities":{}}"#,
        ])
    func `wants to be told the revision and what the client can do`(_ params: String) async throws {
        try await TestServer.with { server in
            let answer = try await server.ask(
                Request.post(
                    #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{\#(params)}}"#,
                    ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/list"]))
            #expect(answer.status == 400)
            #expect(answer.errorCode == -32_602 || answer.errorCode == -32_020, "\(answer.body)")
        }
    }
}
