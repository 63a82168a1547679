import MCPServer
import NIOCore
import Testing
import Wire

/// The judge finds what is wrong; one that lets everything pass would prove nothing.
@Suite(
    .enabled(if: PublishedSchemas.beside != nil, "the schemas are not in ../shared/spec/schema"),
    .timeLimit(.minutes(1)))
struct ConversationTests {
    /// Hears `message` from a server that was asked for `method`, and must find that this is not allowed.
    private func refuses(
        _ message: String, to method: String = "tools/call", _ version: MCPProtocolVersion, _ part: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let conversation = Conversation(version)
        conversation.ask(#"{"jsonrpc":"2.0","id":1,"method":"\#(method)"}"#)
        let complaints = conversation.complaints(about: message)
        #expect(complaints.contains { $0.contains(part) }, "\(complaints)", sourceLocation: sourceLocation)
    }

    @Test(arguments: MCPProtocolVersion.allCases)
    func `finds what is wrong in every revision`(_ version: MCPProtocolVersion) {
        let file = "\(version.text).json"
        func result(_ members: String) -> String {
            #"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete",\#(members)}}"#
        }
        refuses(result(#""isError":false"#), version, "\(file) CallToolResult: \"content\" is required")
        refuses(result(#""content":[{"type":"text"}]"#), version, "\(file) CallToolResult: /content/0")
        refuses(result(#""content":{}"#), version, "\(file) CallToolResult: /content: must be an array")
        refuses(result(#""tools":[{"name":"x"}]"#), to: "tools/list", version, "inputSchema")
        refuses(result(#""tools":7"#), to: "tools/list", version, "\(file) ListToolsResult: /tools: must be an array")
        refuses(result(#""a":1"#), to: "no/such/method", version, "there is no result of no/such/method")
        refuses(#"{"jsonrpc":"2.0","id":2,"result":{}}"#, version, "answers nothing that was asked")
        refuses(#"{"jsonrpc":"1.0","id":1,"result":{}}"#, version, "/jsonrpc: must be")
        refuses(#"{"jsonrpc":"2.0","id":1,"error":{"code":"x","message":"m"}}"#, version, "/error/code")
        refuses(#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602}}"#, version, "message")
        refuses(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32602,"message":"m"}}"#, version, "/id")
        refuses(
            #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}"#, version, "progressToken")
        refuses(#"{"jsonrpc":"2.0","method":"notifications/else"}"#, version, "nobody knows notifications/else")
    }

    @Test func `finds what another revision has`() {
        refuses(#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#, .v2026_07_28, "\"resultType\" is required")
        let ask =
            #"{"jsonrpc":"2.0","id":4,"method":"elicitation/create","params":{"message":"m","requestedSchema":{"type":"object","properties":{}}}}"#
        refuses(ask, .v2025_03_26, "2025-03-26.json has no ElicitRequest")
        refuses(ask, .v2026_07_28, "a modern server sends no requests")
        let link = #"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"resource_link","uri":"a:b","name":"n"}]}}"#
        refuses(link, .v2025_03_26, "/content/0")
        refuses("[]", .v2025_11_25, "2025-11-25.json has no JSONRPCBatchResponse")
        refuses(
            #"{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"m"}}"#, .v2026_07_28,
            "UnsupportedProtocolVersionError")
        refuses(
            #"{"jsonrpc":"2.0","id":1,"result":{"resultType":"task","taskId":"x","status":"working"}}"#, .v2026_07_28,
            "ext-tasks.json CreateTaskResult")
        refuses(
            #"{"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"x","status":"completed"}}"#,
            .v2026_07_28, "ext-tasks.json TaskStatusNotification")
        refuses("{", .v2025_11_25, "no JSON")
    }

    @Test func `has nothing against what is right, and counts it`() {
        let tally = Conversation.Tally()
        Conversation.$tally.withValue(tally) {
            let conversation = Conversation()
            conversation.ask(#"{"jsonrpc":"2.0","id":1,"method":"initialize"}"#)
            conversation.hear(
                #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-03-26","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}"#
            )
            #expect(conversation.revision == .v2025_03_26)
            conversation.ask(
                #"[{"jsonrpc":"2.0","id":2,"method":"ping"},{"jsonrpc":"2.0","id":"2","method":"tools/call"}]"#)
            conversation.hear(
                #"[{"jsonrpc":"2.0","id":2,"result":{}},{"jsonrpc":"2.0","id":"2","result":{"content":[]}}]"#)
            conversation.hear(#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"}}"#)
        }
        #expect(tally.count == 4)
    }

    // MARK: Where messages are heard

    @Test func `makes an issue of what is wrong`() async throws {
        await withKnownIssue("it is wrong on purpose") {
            _ = await RecordingOutlet(.v2025_11_25).send(
                ByteBuffer(string: #"{"jsonrpc":"2.0","method":"notifications/message"}"#))
        } matching: {
            $0.comments.contains { $0.rawValue.contains("LoggingMessageNotification: \"params\" is required") }
        }
    }

    /// What a client sends, and what comes back, over HTTP.
    private func hears(
        _ request: String, _ answer: String, _ part: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for size in [1, 7, 100_000] {
            let transcript = HTTPTranscript()
            var (sent, received) = (Array(request.utf8)[...], Array(answer.utf8)[...])
            while !sent.isEmpty {
                transcript.send(sent.prefix(size))
                sent = sent.dropFirst(size)
            }
            while !received.isEmpty {
                transcript.receive(received.prefix(size))
                received = received.dropFirst(size)
            }
            let complaints = transcript.complaints()
            #expect(complaints.contains { $0.contains(part) }, "\(complaints)", sourceLocation: sourceLocation)
        }
    }

    private static func answer(_ body: String, _ type: String = "application/json") -> String {
        "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test func `hears bodies, and events as they come`() {
        let wrong = #"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete"}}"#
        hears(Request.modern("tools/call"), Self.answer(wrong), "2026-07-28.json CallToolResult")
        hears(Request.modern("tools/list"), Self.answer("{}"), "\"jsonrpc\" is required")
        hears(Request.modern("tools/list"), Self.answer("no JSON"), "no JSON")
        let old = Request.post(#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#, ["MCP-Protocol-Version: 2025-06-18"])
        hears(old, Self.answer(wrong), "2025-06-18.json CallToolResult")
        // The answer belongs to the second request; the stream is not at its end.
        let events = "id: 1\ndata: \(wrong)\n\n"
        let stream =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "\(String(events.utf8.count, radix: 16))\r\n\(events)\r\n"
        let chunked =
            "POST /mcp HTTP/1.1\r\nMCP-Protocol-Version: 2025-06-18\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "2b;a=b\r\n" + #"{"jsonrpc":"2.0","id":1,"method":"prompts/g"# + "\r\n4\r\n" + #"et"}"#
            + "\r\n0\r\nX: y\r\n\r\n"
        hears(chunked + Request.modern("tools/call"), Self.answer(wrong) + Self.answer(wrong), "GetPromptResult")
        let page = Request.get("/health") + Request.get("/health", method: "HEAD")
        let pages = Self.answer("{}") + "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
        hears(page + Request.modern("tools/call"), pages + stream, "2026-07-28.json CallToolResult")
    }

    @Test func `hears what is said in a session`() {
        let id = "session of a test"
        let begin = HTTPTranscript()
        begin.send(Request.initialize(.v2025_06_18).utf8)
        let result =
            #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}"#
        begin.receive(Self.answer(result).replacing("OK\r\n", with: "OK\r\nMcp-Session-Id: \(id)\r\n").utf8)
        #expect(begin.complaints() == [])
        let event = #"data: {"jsonrpc":"2.0","method":"notifications/message","params":{}}"#
        hears(
            Request.get("/mcp", ["Mcp-Session-Id: \(id)"]), Self.answer(event + "\n\n", "text/event-stream"),
            "2025-06-18.json LoggingMessageNotification")
    }

    /// Exactly as many messages as there are: none is missed, and none is judged twice.
    private func hears(
        _ count: Int, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
    ) async throws {
        let tally = Conversation.Tally()
        try await Conversation.$tally.withValue(tally, operation: body)
        #expect(tally.count == count, sourceLocation: sourceLocation)
    }

    @Test func `hears everything that is said without a transport`() async throws {
        let core = Core(
            server: MCPServer(ServerInfo(name: "test", version: "1"), tools: [Talkative()], logger: silentLogger))
        try await hears(4) {
            let call = #"{"name":"talk","_meta":{"progressToken":1}}"#
            let outlet = RecordingOutlet(.v2025_11_25)
            _ = try await core.ask("tools/call", call, .v2025_11_25, outlet: outlet)
            #expect(outlet.sent.count == 3)
        }
        let batch = #"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"no"}]"#
        try await hears(2) { _ = try await core.answer(to: batch, .v2025_03_26) }
    }

    @Test func `hears everything that is said over HTTP`() async throws {
        try await TestServer.with({ $0.servesHTTPSSE = true }, tools: [Talkative(), Plain()]) { server in
            try await hears(20) {
                let client = try await server.connect()
                for _ in 0..<10 { _ = try await client.ask(Request.modern("tools/list")) }
                for _ in 0..<10 { _ = try await client.ask(Request.modern("no/such/method")) }
                await client.close()
            }
            let call = #"{"name":"talk","_meta":{"progressToken":1}}"#
            try await hears(1 + 4 + 4) {
                let session = try await server.openSession(.v2025_11_25)
                _ = try await server.ask(Request.legacy("tools/call", call, session: session))
                _ = try await server.ask(
                    Request.get(
                        "/mcp",
                        [
                            "Host: localhost", "Accept: text/event-stream", "Mcp-Session-Id: \(session)",
                            "Last-Event-ID: 1-0",
                        ]))
            }
            try await hears(2) {
                let stream = try await server.connect()
                try await stream.send(Request.get("/sse", ["Host: localhost", "Accept: text/event-stream"]))
                let said = await stream.received(until: "\n\n")
                let start = try #require(said.firstRange(of: "data: ")).upperBound
                let path = String(said[start...].prefix { $0 != "\n" })
                let hello = Request.initialize(.v2024_11_05).replacing("/mcp", with: path)
                try await server.expect(202, hello)
                _ = await stream.received(until: "protocolVersion")
                try await server.expect(202, hello)
                _ = await stream.received(until: "error")
                await stream.close()
            }
        }
    }
}
