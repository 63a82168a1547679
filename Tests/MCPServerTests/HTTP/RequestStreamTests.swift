import MCPServer
import Synchronization
import Testing
import Wire

@Suite(.timeLimit(.minutes(1))) struct RequestStreamTests {
    private static let token = #""_meta":{"progressToken":"p"}"#

    private func events(_ body: String) -> [JSONValue] {
        StreamEvent.all(in: body).compactMap(\.message)
    }

    @Test func `becomes an event stream when something is said before the answer`() async throws {
        try await TestServer.with(tools: [Talkative()]) { server in
            let session = try await server.openSession(.v2025_11_25)
            let client = try await server.connect()
            // The connection goes on after a stream as after any other answer.
            for _ in 0..<2 {
                let text = Request.legacy("tools/call", #"{"name":"talk",\#(Self.token)}"#, session: session)
                let answer = try #require(try await client.ask(text))
                #expect(answer.status == 200)
                #expect(answer.fields["content-type"] == "text/event-stream")
                #expect(answer.fields["x-accel-buffering"] == "no")
                let messages = events(answer.body)
                #expect(
                    messages.map { $0["method"]?.stringValue } == [
                        "notifications/progress", "notifications/message", "notifications/progress", nil,
                    ])
                #expect(messages.last?["id"] == 1)
                #expect(messages.last?["result"]?["content"]?[0]?["text"] == "said")
            }
            await client.close()
            #expect(server.metric(#"mcp_requests_total{method="tools/call",status="success"}"#) == 2)
        }
    }

    @Test func `stays JSON when nothing is said, or may be said`() async throws {
        try await TestServer.with(tools: [Talkative(), Plain()]) { server in
            let session = try await server.openSession(.v2025_11_25)
            let plain = try await server.ask(
                Request.legacy("tools/call", #"{"name":"plain",\#(Self.token)}"#, session: session))
            #expect(plain.fields["content-type"] == "application/json")
            let body =
                #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"talk",\#(Self.token)}}"#
            let onlyJSON = try await server.ask(
                Request.post(body, ["Accept: application/json", "Mcp-Session-Id: \(session)"]))
            #expect(onlyJSON.fields["content-type"] == "application/json")
            #expect(onlyJSON.json?["result"]?["content"]?[0]?["text"] == "said")
            // A modern client that wants neither progress nor log messages.
            let silent = try await server.ask(Request.modern("tools/call", #""name":"talk","#, name: "talk"))
            #expect(silent.fields["content-type"] == "application/json")
        }
        try await TestServer.with({ $0.streamsAnswers = false }, tools: [Talkative()]) { server in
            let session = try await server.openSession(.v2025_11_25)
            let answer = try await server.ask(
                Request.legacy("tools/call", #"{"name":"talk",\#(Self.token)}"#, session: session))
            #expect(answer.fields["content-type"] == "application/json")
        }
    }

    @Test func `ends a stream with the connection for a client of HTTP 1.0`() async throws {
        try await TestServer.with({ $0.hasSessions = false }, tools: [Talkative()]) { server in
            let client = try await server.connect()
            let text = Request.legacy("tools/call", #"{"name":"talk",\#(Self.token)}"#, session: nil)
                .replacingOccurrence(of: "HTTP/1.1", with: "HTTP/1.0")
            try await client.send(text)
            let whole = await client.untilClosed()
            #expect(!whole.lowercased().contains("transfer-encoding"))
            #expect(whole.contains("Connection: close"))
            #expect(whole.contains(#""text":"said""#))
        }
    }

    @Test func `cancels what a legacy client cancels, in its own session only`() async throws {
        let gate = Gate()
        try await TestServer.with(tools: [gate]) { server in
            let session = try await server.openSession(.v2025_11_25)
            let other = try await server.openSession(.v2025_11_25)
            let client = try await server.connect()
            try await client.send(Request.legacy("tools/call", #"{"name":"gate"}"#, session: session))
            await gate.begun.wait()
            func cancel(_ id: String, _ session: String) async throws {
                let body = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#
                try await server.expect(202, Request.post(body, ["Mcp-Session-Id: \(session)"]))
            }
            try await cancel("1", other)
            try await cancel(#""1""#, session)
            try await cancel("2", session)
            #expect(!gate.cancelled.isRaised)
            // The same id again would be answered twice.
            try await server.expect(400, Request.legacy("tools/call", #"{"name":"gate"}"#, session: session))
            try await cancel("1", session)
            await gate.cancelled.wait()
            let answer = try #require(await client.answer())
            #expect(answer.status == 200)
            // It has ended well nevertheless: cancelling is a wish.
            #expect(answer.json?["result"]?["content"]?[0]?["text"] == "open")
            await client.close()
            #expect(try await server.ask(Request.legacy("ping", session: session)).status == 200)
        }
    }

    @Test func `cancels what runs in a session that its client ends`() async throws {
        let gate = Gate()
        try await TestServer.with(tools: [gate]) { server in
            let session = try await server.openSession(.v2025_11_25)
            let client = try await server.connect()
            try await client.send(Request.legacy("tools/call", #"{"name":"gate"}"#, session: session))
            await gate.begun.wait()
            let end = Request.get("/mcp", ["Host: 127.0.0.1", "Mcp-Session-Id: \(session)"], method: "DELETE")
            try await server.expect(204, end)
            await gate.cancelled.wait()
            await client.close()
        }
    }

    @Test func `lets a handler go that waits for a modern client which has left`() async throws {
        let talker = Endless()
        try await TestServer.with(tools: [talker]) { server in
            let client = try await server.connect()
            try await client.stopReading()
            let meta =
                #""_meta":{"progressToken":"p","io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#
            let body = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"endless",\#(meta)}}"#
            try await client.send(
                Request.post(
                    body, ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", "Mcp-Name: endless"]))
            // Until the socket and the connection hold all that they may, and the handler waits.
            var last = -1
            while talker.count == 0 || talker.count != last {
                last = talker.count
                try await Task.sleep(for: .milliseconds(100))
            }
            try await client.closeOutput()
            await talker.ended.wait()
            await client.close()
        }
    }

    @Test func `sends everything in order and once, however much there is`() async throws {
        try await TestServer.with({ $0.hasSessions = false }, tools: [Flood()]) { server in
            let client = try await server.connect()
            let text = Request.legacy("tools/call", #"{"name":"flood",\#(Self.token)}"#, session: nil)
            let answer = try #require(try await client.ask(text))
            let steps = events(answer.body).compactMap { $0["params"]?["progress"]?.int64Value }
            #expect(steps == Array(1...Flood.count))
            await client.close()
        }
    }
}

/// Says something until it is cancelled.
private final class Endless: Tool {
    let definition = ToolDefinition(name: "endless", description: "Never ends.", inputSchema: #"{"type":"object"}"#)
    let ended = Signal()
    private let steps = Mutex(0)

    var count: Int { steps.withLock { $0 } }

    func run(_ call: ToolCall) async throws -> ToolResult {
        let text = String(repeating: "x", count: 16_000)
        while !Task.isCancelled {
            await call.context.report(progress: Double(count), text)
            steps.withLock { $0 += 1 }
        }
        ended.raise()
        return .text("cancelled")
    }
}

/// Says a lot.
private struct Flood: Tool {
    static let count: Int64 = 50
    let definition = ToolDefinition(name: "flood", description: "Says a lot.", inputSchema: #"{"type":"object"}"#)

    func run(_ call: ToolCall) async throws -> ToolResult {
        let text = String(repeating: "x", count: 4_000)
        for step in 1...Flood.count { await call.context.report(progress: Double(step), text) }
        return .text("done")
    }
}

extension String {
    fileprivate func replacingOccurrence(of old: String, with new: String) -> String {
        guard let range = firstRange(of: old) else { return self }
        return replacingCharacters(range, with: new)
    }

    private func replacingCharacters(_ range: Range<String.Index>, with new: String) -> String {
        String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
    }
}
