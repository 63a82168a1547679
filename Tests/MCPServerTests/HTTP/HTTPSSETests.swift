import MCPServer
import Testing
import Wire

@Suite(.timeLimit(.minutes(1))) struct HTTPSSETests {
    private func with(loops: Int = 1, tools: [any Tool] = [Talkative()], _ body: (TestServer) async throws -> Void)
        async throws
    {
        try await TestServer.with({ $0.servesHTTPSSE = true }, tools: tools, loops: loops, body)
    }

    /// Opens the event stream; gives it, and where to post.
    private func open(_ server: TestServer, fields: [String] = []) async throws -> (RawClient, String) {
        let client = try await server.connect()
        try await client.send(
            Request.get("/sse", ["Host: 127.0.0.1", "Accept: text/event-stream"] + fields))
        let said = await client.received(until: "\n\n")
        #expect(said.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(said.contains("Content-Type: text/event-stream"))
        let start = try #require(said.firstRange(of: "event: endpoint\ndata: "))
        let path = String(said[start.upperBound...].prefix { $0 != "\n" })
        #expect(path.hasPrefix("/messages?sessionId="))
        return (client, path)
    }

    private func post(_ body: String, to path: String, fields: [String] = []) -> String {
        Request.post(body, ["Accept: */*"] + fields, path: path)
    }

    private static let hello =
        #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#

    @Test(arguments: [1, 2]) func `answers on the stream what is posted`(_ loops: Int) async throws {
        try await with(loops: loops) { server in
            for _ in 0..<4 {
                let (stream, path) = try await open(server)
                let posted = try await server.ask(post(Self.hello, to: path))
                #expect(posted.status == 202 && posted.body == "Accepted")
                _ = await stream.received(until: "protocolVersion")
                let call =
                    #"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"talk","_meta":{"progressToken":1}}}"#
                try await server.expect(202, post(call, to: path))
                let said = StreamEvent.all(in: await stream.received(until: #""id":2"#)).compactMap(\.message)
                #expect(
                    said.map { $0["method"]?.stringValue } == [
                        nil, "notifications/progress", "notifications/message", "notifications/progress", nil,
                    ])
                #expect(said.first?["result"]?["protocolVersion"] == "2024-11-05")
                #expect(said.last?["result"]?["content"]?[0]?["text"] == "said")
                await stream.close()
            }
            #expect(server.metric(#"mcp_requests_total{method="tools/call",status="success"}"#) == 4)
        }
    }

    @Test func `ends with the stream, and takes what runs along`() async throws {
        let gate = Gate()
        try await with(tools: [gate]) { server in
            let (stream, path) = try await open(server)
            try await server.expect(202, post(Self.hello, to: path))
            try await server.expect(
                202, post(#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"gate"}}"#, to: path))
            await gate.begun.wait()
            await stream.close()
            await gate.cancelled.wait()
            try await server.expect(404, post(Self.hello, to: path))
        }
    }

    @Test func `refuses what belongs to no stream`() async throws {
        try await with { server in
            let (stream, path) = try await open(server, fields: ["Authorization: Bearer ann"])
            try await server.expect(400, post(Self.hello, to: "/messages"))
            try await server.expect(400, post(Self.hello, to: "/messages?sessionId=1"))
            try await server.expect(
                404, post(Self.hello, to: "/messages?sessionId=" + String(repeating: "0", count: 32)))
            // Somebody else's.
            try await server.expect(404, post(Self.hello, to: path))
            try await server.expect(404, post(Self.hello, to: path, fields: ["Authorization: Bearer bea"]))
            let mine = path.replacing("sessionId", with: "a=b&sessionId")
            try await server.expect(202, post(Self.hello, to: mine, fields: ["Authorization: Bearer ann"]))
            _ = await stream.received(until: "protocolVersion")
            // What is wrong with a message is said on the stream.
            for (text, code) in [("{", "-32700"), ("[]", "-32600"), (Self.hello, "-32600")] {
                try await server.expect(202, post(text, to: path, fields: ["Authorization: Bearer ann"]))
                #expect(await stream.received(until: code).contains(code))
            }
            await stream.close()
        }
    }

    @Test func `is there only when it is switched on`() async throws {
        try await TestServer.with { server in
            try await server.expect(404, Request.get("/sse"))
            try await server.expect(404, post(Self.hello, to: "/messages"))
        }
        try await with { server in
            try await server.expect(405, post(Self.hello, to: "/sse"))
            try await server.expect(405, Request.get("/messages"))
            try await server.expect(406, Request.get("/sse", ["Host: localhost", "Accept: text/html"]))
            try await server.expect(403, Request.get("/sse", ["Host: localhost", "Origin: http://evil.example"]))
        }
    }

    @Test func `lets its clients go when the server stops`() async throws {
        try await with { server in
            let (stream, _) = try await open(server)
            async let drained: Void = server.http.drain(timeout: .seconds(30))
            #expect(await stream.untilClosed().hasSuffix("0\r\n\r\n"))
            await drained
        }
    }
}
