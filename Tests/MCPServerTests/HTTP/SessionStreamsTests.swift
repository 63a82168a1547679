import MCPServer
import Testing
import Wire

@Suite(.timeLimit(.minutes(1))) struct SessionStreamsTests {
    private static let token = #""_meta":{"progressToken":"p"}"#

    private func listen(_ session: String, after id: String? = nil) -> String {
        Request.get(
            "/mcp",
            ["Host: 127.0.0.1", "Accept: text/event-stream", "Mcp-Session-Id: \(session)"]
                + (id.map { ["Last-Event-ID: \($0)"] } ?? []))
    }

    private func call(_ tool: String, _ session: String) -> String {
        Request.legacy("tools/call", #"{"name":"\#(tool)",\#(Self.token)}"#, session: session)
    }

    @Test func `gives each event an id, and begins with one that has no data`() async throws {
        try await TestServer.with(tools: [Talkative()]) { server in
            let session = try await server.openSession(.v2025_11_25)
            for number in 1...2 {
                let events = StreamEvent.all(in: try await server.ask(call("talk", session)).body)
                #expect(events.map(\.id) == (0...4).map { "\(number)-\($0)" })
                #expect(events[0].data == "" && events[0].retry == 1_000)
            }
            // Clients of older revisions would read no data as a message.
            let older = try await server.openSession(.v2025_06_18)
            let events = StreamEvent.all(in: try await server.ask(call("talk", older)).body)
            #expect(events.map(\.id) == (1...4).map { "1-\($0)" })
        }
    }

    @Test func `goes on where a connection was cut, on another loop too`() async throws {
        let steps = Steps()
        try await TestServer.with(tools: [steps], loops: 2) { server in
            let session = try await server.openSession(.v2025_11_25)
            let client = try await server.connect()
            try await client.send(call("steps", session))
            steps.allow(2)
            let before = StreamEvent.all(in: await client.received(until: #""progress":2"#))
            #expect(before.compactMap { $0.message?["params"]?["progress"]?.int64Value } == [1, 2])
            await client.close()
            // What is said while nobody is there is kept.
            steps.allow(3)
            await steps.reached(3)
            for _ in 0..<3 {
                // The first of these leaves again, the second comes while the first may still be there.
                let again = try await server.connect()
                try await again.send(listen(session, after: "1-1"))
                let events = StreamEvent.all(in: await again.received(until: #""progress":3"#))
                #expect(events.compactMap { $0.message?["params"]?["progress"]?.int64Value } == [2, 3])
                #expect(events.first?.id == "1-1" && events.last?.id == "1-3")
            }
            let last = try await server.connect()
            try await last.send(listen(session, after: "1-3"))
            _ = await last.received(until: "id: 1-3")
            steps.allow(4)
            let rest = StreamEvent.all(in: try #require(await last.answer()).body)
            #expect(rest.compactMap(\.message).count == 2)
            #expect(rest.last?.message?["result"]?["content"]?[0]?["text"] == "stepped")
            // A stream that is over can be read again.
            let over = try await server.ask(listen(session, after: "1-4"))
            #expect(StreamEvent.all(in: over.body).last?.message?["result"] != nil)
            await last.close()
        }
    }

    @Test func `lets a client go that comes back`() async throws {
        try await TestServer.with(tools: [Leave(speaks: true), Leave(speaks: false)]) { server in
            let session = try await server.openSession(.v2025_11_25)
            // Before anything was said there is a stream for that.
            let silent = try await server.ask(call("leave_silently", session))
            #expect(StreamEvent.all(in: silent.body).map(\.id) == ["1-0", "1-1"])
            let late = try await server.ask(listen(session, after: "1-1"))
            #expect(late.body.contains("back"))
            let first = try await server.ask(call("leave", session))
            let events = StreamEvent.all(in: first.body)
            #expect(events.last?.retry == 250 && events.last?.data == "")
            let id = try #require(events.last?.id)
            #expect(!first.body.contains("result"))
            let rest = try await server.ask(listen(session, after: id))
            #expect(StreamEvent.all(in: rest.body).last?.message?["result"]?["content"]?[0]?["text"] == "back")
            // Others stay.
            for version in [MCPProtocolVersion.v2025_03_26, .v2025_06_18] {
                let session = try await server.openSession(version)
                #expect(try await server.ask(call("leave", session)).body.contains("back"))
            }
        }
    }

    @Test func `refuses a second listener, and events that it has not`() async throws {
        try await TestServer.with({ $0.keptEventBytesPerSession = 300 }, tools: [Talkative()]) { server in
            let session = try await server.openSession(.v2025_11_25)
            let client = try await server.connect()
            try await client.send(listen(session))
            #expect(await client.received(until: "id: 0-0").contains("200 OK"))
            try await server.expect(409, listen(session))
            for id in ["9-1", "1", "-", "a-b", "0-7", "01-1", "99999999999999999999-1"] {
                try await server.expect(400, listen(session, after: id))
            }
            try await server.expect(404, listen(String(repeating: "0", count: 32)))
            // Only the last events are kept.
            _ = try await server.ask(call("talk", session))
            try await server.expect(400, listen(session, after: "1-0"))
            try await server.expect(200, listen(session, after: "1-3"))
            // Closing makes room for another listener.
            await client.close()
            var status = 409
            while status == 409 {
                let next = try await server.connect()
                try await next.send(listen(session))
                status = await next.received(until: "\r\n").contains("200") ? 200 : 409
                await next.close()
            }
            let end = Request.get("/mcp", ["Host: localhost", "Mcp-Session-Id: \(session)"], method: "DELETE")
            try await server.expect(204, end)
        }
    }

    @Test func `has no streams without sessions, and none where answers are JSON only`() async throws {
        for change in [{ $0.hasSessions = false }, { $0.streamsAnswers = false }]
            as [(inout HTTPServerSettings) -> Void]
        {
            try await TestServer.with(change) { server in
                try await server.expect(405, listen(String(repeating: "0", count: 32)))
            }
        }
    }
}

/// Reports each step when it is allowed to.
private final class Steps: Tool {
    let definition = ToolDefinition(name: "steps", description: "Goes on.", inputSchema: #"{"type":"object"}"#)
    private let allowed = (0...4).map { _ in Signal() }
    private let done = (0...4).map { _ in Signal() }

    func allow(_ step: Int) {
        for step in 1...step { allowed[step].raise() }
    }

    func reached(_ step: Int) async { await done[step].wait() }

    func run(_ call: ToolCall) async throws -> ToolResult {
        for step in 1...4 {
            await allowed[step].wait()
            await call.context.report(progress: Double(step))
            done[step].raise()
        }
        return .text("stepped")
    }
}

/// Says something, or not, and lets the client go.
private struct Leave: Tool {
    let definition: ToolDefinition
    private let speaks: Bool

    init(speaks: Bool) {
        self.speaks = speaks
        definition = ToolDefinition(
            name: speaks ? "leave" : "leave_silently", description: "Leaves.", inputSchema: #"{"type":"object"}"#)
    }

    func run(_ call: ToolCall) async throws -> ToolResult {
        if speaks { await call.context.report(progress: 1) }
        await call.context.suspend(for: .milliseconds(250))
        return .text("back")
    }
}
