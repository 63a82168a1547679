import MCPServer
import NIOCore
import Testing
import Wire

@Suite(.timeLimit(.minutes(1)))
struct EndpointConnectionTests {
    // MARK: Session era

    @Test(arguments: MCPProtocolVersion.legacy)
    func `serves a session from initialize to DELETE`(_ version: MCPProtocolVersion) async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            let opened = try #require(try await client.ask(Request.initialize(version)))
            #expect(opened.status == 200)
            #expect(opened.fields["content-type"] == "application/json")
            #expect(opened.json?["result"]?["protocolVersion"] == .string("\(version.text)"))
            let session = try #require(opened.fields["mcp-session-id"])
            #expect(session.count == 32)

            let initialized = Request.post(
                #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, ["Mcp-Session-Id: \(session)"])
            let accepted = try #require(try await client.ask(initialized))
            #expect(accepted.status == 202)
            #expect(accepted.body.isEmpty)

            let listed = try #require(try await client.ask(Request.legacy("tools/list", session: session)))
            #expect((listed.json?["result"]?["tools"]?[0]?["outputSchema"] != nil) == (version >= .v2025_06_18))
            #expect(listed.fields["mcp-session-id"] == nil)
            let call = Request.legacy("tools/call", #"{"name":"plain"}"#, session: session)
            #expect(try await client.ask(call)?.json?["result"]?["content"]?[0]?["text"] == "hello")
            let unknown = try #require(try await client.ask(Request.legacy("nope", session: session)))
            #expect(unknown.status == 200)
            #expect(unknown.errorCode == -32_601)

            let end = Request.get("/mcp", ["Host: localhost", "mcp-session-id: \(session)"], method: "DELETE")
            #expect(try await client.ask(end)?.status == 204)
            #expect(try await client.ask(end)?.status == 404)
            let late = try #require(try await client.ask(Request.legacy("ping", session: session)))
            #expect(late.status == 404)
            #expect(late.json?["id"] == 1)
            await client.close()
        }
    }

    @Test func `gives every session an id of its own`() async throws {
        try await TestServer.with { server in
            var ids: Set<String> = []
            for _ in 0..<20 { ids.insert(try await server.openSession(.v2025_11_25)) }
            #expect(ids.count == 20)
        }
    }

    @Test(arguments: [
        "00000000000000000000000000000000", "x", "", "00000000-0000-0000-0000-000000000000", "ABCDEF",
    ])
    func `knows no session that it did not open`(_ id: String) async throws {
        try await TestServer.with { server in
            let answer = try await server.ask(Request.legacy("ping", session: id))
            #expect(answer.status == 404)
            #expect(answer.json?["id"] == 1)
            #expect(answer.errorCode != nil)
            let end = Request.get("/mcp", ["Host: localhost", "Mcp-Session-Id: \(id)"], method: "DELETE")
            try await server.expect(404, end)
        }
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        #"{"jsonrpc":"2.0","id":1,"result":{}}"#, #"{"jsonrpc":"2.0","id":1,"method":"server/discover"}"#,
    ])
    func `wants a session for everything but initialize`(_ body: String) async throws {
        try await TestServer.with { server in
            try await server.expect(400, Request.post(body))
        }
    }

    @Test func `does not initialize a session twice`() async throws {
        try await TestServer.with { server in
            let session = try await server.openSession(.v2025_06_18)
            let again = Request.initialize(.v2025_06_18)
                .replacing("Accept:", with: "Mcp-Session-Id: \(session)\r\nAccept:")
            let answer = try await server.ask(again)
            #expect(answer.status == 400)
            #expect(answer.errorCode == -32_600)
            try await server.expect(200, Request.legacy("ping", session: session))
        }
    }

    @Test func `refuses the version header of a revision that nobody knows`() async throws {
        try await TestServer.with { server in
            let session = try await server.openSession(.v2025_06_18)
            let ping = { (version: String) in
                Request.post(
                    #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
                    ["Mcp-Session-Id: \(session)", "MCP-Protocol-Version: \(version)"])
            }
            try await server.expect(200, ping("2025-06-18"))
            try await server.expect(400, ping("1999-01-01"))
            try await server.expect(400, ping("2026-07-28"))
        }
    }

    @Test func `ends sessions that nobody uses, and refuses to have too many`() async throws {
        try await TestServer.with({ $0.maximumSessions = 2 }) { server in
            let first = try await server.openSession(.v2025_11_25)
            _ = try await server.openSession(.v2025_11_25)
            let third = try await server.ask(Request.initialize(.v2025_11_25))
            #expect(third.status == 503)
            #expect(third.fields["retry-after"] == "1")
            #expect(third.fields["mcp-session-id"] == nil)
            #expect(third.errorCode == -31_503)
            let end = Request.get("/mcp", ["Host: localhost", "Mcp-Session-Id: \(first)"], method: "DELETE")
            try await server.expect(204, end)
            _ = try await server.openSession(.v2025_11_25)
        }
        try await TestServer.with({ $0.sessionIdleTimeout = .zero }) { server in
            let session = try await server.openSession(.v2025_11_25)
            try await server.expect(404, Request.legacy("ping", session: session))
        }
    }

    @Test func `takes batches only where 2025-03-26 was settled on`() async throws {
        try await TestServer.with { server in
            let batch = #"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]"#
            for version in MCPProtocolVersion.legacy {
                let session = try await server.openSession(version)
                let answer = try await server.ask(Request.post(batch, ["Mcp-Session-Id: \(session)"]))
                if version == .v2025_03_26 {
                    #expect(answer.status == 200)
                    #expect(answer.json?.arrayValue?.map { $0["id"] } == [1, 2])
                } else {
                    #expect(answer.status == 400)
                    #expect(answer.errorCode == -32_600)
                }
            }
            try await server.expect(400, Request.post(batch))
            try await server.expect(400, Request.post("[]"))
        }
    }

    @Test func `serves without sessions if told so`() async throws {
        try await TestServer.with({ $0.hasSessions = false }) { server in
            let opened = try await server.ask(Request.initialize(.v2025_06_18))
            #expect(opened.status == 200)
            #expect(opened.fields["mcp-session-id"] == nil)
            let listed = try await server.ask(Request.legacy("tools/list", session: nil))
            // Without any word of the revision it is taken for 2025-03-26.
            #expect(listed.json?["result"]?["tools"]?[0]?["annotations"]?["title"] == "Echo")
            let newer = Request.post(
                #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, ["MCP-Protocol-Version: 2025-11-25"])
            #expect(try await server.ask(newer).json?["result"]?["tools"]?[0]?["title"] == "Echo")
            let ended = try await server.ask(Request.get("/mcp", method: "DELETE"))
            #expect(ended.status == 405)
            #expect(ended.fields["allow"] == "POST")
        }
    }

    // MARK: Modern era

    @Test func `serves modern requests without anything before them`() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            let discovered = try #require(try await client.ask(Request.modern("server/discover")))
            #expect(discovered.status == 200)
            #expect(discovered.json?["result"]?["resultType"] == "complete")
            #expect(discovered.json?["result"]?["supportedVersions"]?[0] == "2026-07-28")
            let call = Request.modern(
                "tools/call", #""name":"echo","arguments":{"text":"é"},"#, name: "echo",
                fields: ["Mcp-Session-Id: ignored", "Last-Event-ID: 7"])
            let called = try #require(try await client.ask(call))
            #expect(called.json?["result"]?["structuredContent"] == ["text": "é"])
            #expect(called.fields["mcp-session-id"] == nil)
            let read = Request.modern("resources/read", #""uri":"test://note","#, name: "test://note")
            #expect(try await client.ask(read)?.json?["result"]?["ttlMs"] == 1_500)
            let unknown = try #require(try await client.ask(Request.modern("nope")))
            #expect(unknown.status == 404)
            #expect(unknown.errorCode == -32_601)
            #expect(unknown.json?["id"] == 1)
            let tool = try #require(
                try await client.ask(Request.modern("tools/call", #""name":"nope","#, name: "nope")))
            #expect(tool.status == 200)
            #expect(tool.errorCode == -32_602)
            await client.close()
        }
    }

    @Test(arguments: ["initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"])
    func `has no methods of the session era for modern clients`(_ method: String) async throws {
        try await TestServer.with { server in
            let answer = try await server.ask(Request.modern(method))
            #expect(answer.status == 404)
            #expect(answer.errorCode == -32_601)
        }
    }

    @Test func `checks a modern request in the order of the specification`() async throws {
        let body = { (meta: String) in #"{"jsonrpc":"2.0","id":"i","method":"tools/list","params":{\#(meta)}}"# }
        let version = #""io.modelcontextprotocol/protocolVersion":"2026-07-28""#
        let capabilities = #""io.modelcontextprotocol/clientCapabilities":{}"#
        let right = #""_meta":{\#(version),\#(capabilities)}"#
        let fields = ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/list"]
        let cases: [(what: String, request: String, status: Int, code: Int64)] = [
            // Before all: who asks and how.
            (
                "origin before JSON", Request.post("{", fields + ["Origin: http://evil.example"]), 403, -31_403
            ),
            ("content type before JSON", Request.post("{", fields + ["Content-Type: text/plain"]), 415, -31_415),
            ("accept before JSON", Request.post("{", fields + ["Accept: image/png"]), 406, -31_406),
            // JSON, then message.
            ("JSON before headers", Request.post("{", ["Mcp-Method: x"]), 400, -32_700),
            ("message", Request.post(#"{"jsonrpc":"2.0","id":1}"#, fields), 400, -32_600),
            ("batch", Request.post("[" + body(right) + "]", fields), 400, -32_600),
            // Repeated lines before the envelope.
            ("repeated line", Request.post(body(#""_meta":{\#(version)}"#), fields + fields), 400, -32_020),
            // The envelope before the headers.
            ("no capabilities", Request.post(body(#""_meta":{\#(version)}"#)), 400, -32_602),
            ("no version", Request.post(body(#""_meta":{\#(capabilities)}"#), fields), 400, -32_602),
            ("no envelope", Request.post(body(""), fields), 400, -32_602),
            (
                "wrong type",
                Request.post(body(#""_meta":{"io.modelcontextprotocol/protocolVersion":1,\#(capabilities)}"#), fields),
                400, -32_602
            ),
            // Headers before support, in order.
            (
                "version header", Request.post(body(right.replacing("2026-07-28", with: "1900-01-01")), fields), 400,
                -32_020
            ),
            ("no version header", Request.post(body(right), ["Mcp-Method: tools/list"]), 400, -32_020),
            (
                "method header",
                Request.post(body(right), ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: TOOLS/LIST"]),
                400, -32_020
            ),
            ("no method header", Request.post(body(right), ["MCP-Protocol-Version: 2026-07-28"]), 400, -32_020),
            ("name header", Request.modern("tools/call", #""name":"echo","#, name: "plain"), 400, -32_020),
            ("no name header", Request.modern("tools/call", #""name":"nope","#), 400, -32_020),
            // Support before the method.
            ("version", Request.modern("nope", version: "1900-01-01"), 400, -32_022),
            ("version of the session era", Request.modern("tools/list", version: "2025-11-25"), 400, -32_022),
            // The method before its parameters.
            ("method", Request.modern("nope", #""cursor":1,"#), 404, -32_601),
            ("parameters", Request.modern("tools/list", #""cursor":"x","#), 200, -32_602),
        ]
        try await TestServer.with { server in
            let client = try await server.connect()
            for (what, request, status, code) in cases {
                let answer = try #require(try await client.ask(request), "\(what)")
                #expect(answer.status == status, "\(what)")
                #expect(answer.errorCode == code, "\(what)")
                #expect(answer.json?["jsonrpc"] == "2.0", "\(what)")
                if code == -32_022 {
                    #expect(answer.json?["error"]?["data"]?["supported"]?[0] == "2026-07-28", "\(what)")
                    #expect(answer.json?["error"]?["data"]?["requested"] != nil, "\(what)")
                }
            }
            await client.close()
        }
    }

    @Test func `finds a name that is encoded in its header`() async throws {
        try await TestServer.with { server in
            // Base64 of "echo".
            let call = Request.modern(
                "tools/call", #""name":"\u0065cho","arguments":{"text":"x"},"#, name: "=?base64?ZWNobw==?=")
            let answer = try await server.ask(call)
            #expect(answer.json?["result"]?["structuredContent"] == ["text": "x"])
        }
    }

    @Test func `accepts modern notifications and refuses modern responses`() async throws {
        try await TestServer.with { server in
            let version = ["MCP-Protocol-Version: 2026-07-28"]
            let cancelled = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#
            try await server.expect(202, Request.post(cancelled, version))
            let response = try await server.ask(Request.post(#"{"jsonrpc":"2.0","id":1,"result":{}}"#, version))
            #expect(response.status == 400)
            #expect(response.errorCode == -32_600)
        }
    }

    @Test func `cancels the handler of a legacy client that leaves when told to`() async throws {
        let gate = Gate()
        try await TestServer.with(
            {
                $0.hasSessions = false
                $0.cancelsLegacyCalls = true
            }, tools: [gate]
        ) { server in
            let client = try await server.connect()
            try await client.send(Request.legacy("tools/call", #"{"name":"gate"}"#, session: nil))
            await gate.begun.wait()
            await client.close()
            await gate.cancelled.wait()
        }
    }

    @Test func `cancels the handler of a modern client that leaves, not of a legacy one`() async throws {
        let modern = Gate()
        try await TestServer.with(tools: [modern]) { server in
            let client = try await server.connect()
            try await client.send(Request.modern("tools/call", #""name":"gate","#, name: "gate"))
            await modern.begun.wait()
            await client.close()
            await modern.cancelled.wait()
        }
        let legacy = Gate()
        try await TestServer.with(tools: [legacy]) { server in
            let session = try await server.openSession(.v2025_11_25)
            let client = try await server.connect()
            try await client.send(Request.legacy("tools/call", #"{"name":"gate"}"#, session: session))
            await legacy.begun.wait()
            await client.close()
            // Served by the same loop, after the end of the other connection.
            try await server.expect(200, Request.legacy("ping", session: session))
            #expect(!legacy.cancelled.isRaised)
            legacy.opened.raise()
        }
    }

    // MARK: Both eras

    @Test func `serves both eras on one connection`() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            let opened = try #require(try await client.ask(Request.initialize(.v2025_06_18)))
            let session = try #require(opened.fields["mcp-session-id"])
            for _ in 0..<3 {
                #expect(try await client.ask(Request.modern("tools/list"))?.json?["result"]?["ttlMs"] != nil)
                let legacy = try await client.ask(Request.legacy("tools/list", session: session))
                #expect(legacy?.json?["result"]?["tools"] != nil)
                #expect(legacy?.json?["result"]?["ttlMs"] == nil)
            }
            await client.close()
        }
    }

    @Test func `answers pipelined requests in order, also when the first one waits`() async throws {
        let gate = Gate()
        try await TestServer.with(tools: [gate, Plain(), Echo()]) { server in
            let client = try await server.connect()
            let call = { (id: Int, name: String) in
                Request.modern("tools/call", #""name":"\#(name)","#, name: name)
                    .replacing(#""id":1"#, with: #""id":\#(id)"#)
            }
            try await client.send(call(1, "gate") + call(2, "plain") + call(3, "plain"))
            await gate.begun.wait()
            gate.opened.raise()
            for id in 1...3 { #expect(await client.answer()?.json?["id"] == .integer(id)) }
            await client.close()
        }
    }

    @Test func `answers as an event to a client that accepts nothing else`() async throws {
        try await TestServer.with { server in
            let call = Request.modern(
                "tools/call", "\"name\":\"echo\",\"arguments\":{\"text\":\"a\\nb\",\n\"n\":\r\n1},", name: "echo",
                fields: ["Accept: text/event-stream"])
            let answer = try await server.ask(call)
            #expect(answer.status == 200)
            #expect(answer.fields["content-type"] == "text/event-stream")
            let lines = answer.body.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count == 4)
            #expect(lines[0] == "event: message")
            #expect(lines[2].isEmpty && lines[3].isEmpty)
            let message = try JSONValue.parse(String(lines[1].dropFirst("data: ".count)))
            #expect(message["result"]?["structuredContent"] == ["text": "a\nb", "n": 1])
        }
    }

    @Test func `answers an error of HTTP as JSON, also to a client that accepts only events`() async throws {
        try await TestServer.with { server in
            let answer = try await server.ask(Request.modern("no/such", fields: ["Accept: text/event-stream"]))
            #expect(answer.status == 404)
            #expect(answer.fields["content-type"] == "application/json")
            #expect(answer.errorCode == -32_601)
        }
    }

    @Test(arguments: [1, 100, 1_048_576])
    func `refuses bodies over the limit, declared or discovered`(_ limit: Int) async throws {
        try await TestServer.with({ $0.maximumRequestBytes = limit }) { server in
            let head = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            let declared = try await server.ask(head + "Content-Length: \(limit + 1)\r\n\r\n")
            #expect(declared.status == 413)
            #expect(declared.errorCode == -31_413)
            let chunk = String(limit + 1, radix: 16)
            let discovered = try await server.ask(
                head + "Transfer-Encoding: chunked\r\n\r\n\(chunk)\r\n" + String(repeating: " ", count: limit + 1))
            #expect(discovered.status == 413)
            // Just as much is read.
            let exact = try await server.ask(
                head + "Content-Length: \(limit)\r\n\r\n" + String(repeating: "1", count: limit))
            #expect(exact.status == 400)
            #expect(server.metric(#"mcp_errors_total{error_type="too_large"}"#) == 2)
        }
    }

    @Test func `survives anything that a client sends`() async throws {
        var random = SeededGenerator(seed: 42)
        let whole = Request.modern("tools/call", #""name":"echo","arguments":{"text":"x"},"#, name: "echo")
        try await TestServer.with { server in
            for _ in 0..<150 {
                var bytes = Array(whole.utf8)
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...127, using: &random)
                }
                let client = try await server.connect()
                try? await client.send(String(decoding: bytes, as: UTF8.self) + Request.get("/none"))
                await client.close()
            }
            try await server.expect(200, Request.modern("tools/list"))
        }
    }
}
