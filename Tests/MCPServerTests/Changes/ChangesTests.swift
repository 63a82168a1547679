import NIOCore
import Testing
import Wire

@testable import MCPServer

@Suite(.timeLimit(.minutes(1))) struct ChangesTests {
    private let core = Core()

    @Test(arguments: MCPProtocolVersion.allCases)
    func `offers what it is given while it runs`(_ version: MCPProtocolVersion) async throws {
        try core.server.replaceTools([Plain()])
        try core.server.replaceResources([], templates: [Files()])
        try core.server.replacePrompts([Greeting()])
        func names(_ method: String, _ list: String) async throws -> [String] {
            let result = try await core.ask(method, "{}", version).result
            return result?[list]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? []
        }
        #expect(try await names("tools/list", "tools") == ["plain"])
        #expect(try await names("resources/list", "resources").isEmpty)
        #expect(try await names("resources/templates/list", "resourceTemplates") == ["files"])
        #expect(try await names("prompts/list", "prompts") == ["greeting"])
        #expect(try await core.ask("tools/call", #"{"name":"plain"}"#, version).text == "hello")
        #expect(try await core.ask("tools/call", #"{"name":"echo"}"#, version).errorCode == -32_602)
    }

    @Test func `refuses two things of one name, and goes on with what it had`() async throws {
        let outlet = PostOutlet()
        let session = ClientSession(version: .v2025_11_25, outlet: outlet)
        session.listen(to: core.server.changes)
        #expect(throws: CatalogError(kind: .tool, name: "plain")) { try core.server.replaceTools([Plain(), Plain()]) }
        #expect(throws: CatalogError(kind: .resource, name: "test://note")) {
            try core.server.replaceResources([Note(), Lost(), Note()], templates: [])
        }
        let error = #expect(throws: CatalogError.self) {
            try core.server.replacePrompts([Greeting(), Greeting()])
        }
        #expect("\(try #require(error))" == #"two prompts have the name "greeting""#)
        #expect("\(CatalogError(kind: .resource, name: "a:b"))" == #"two resources have the URI "a:b""#)
        #expect(outlet.methods.isEmpty)
        let tools = try await core.ask("tools/list", "{}", .v2025_11_25).result?["tools"]?.arrayValue
        #expect(tools?.map { $0["name"] } == ["echo", "plain", "broken"])
        let resources = try await core.ask("resources/list", "{}", .v2025_11_25).result?["resources"]?.arrayValue
        #expect(resources?.map { $0["name"] } == ["note", "lost"])
        session.end()
    }

    @Test func `cannot be built with two things of one name`() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = MCPServer(ServerInfo(name: "test", version: "1"), tools: [Plain(), Plain()], logger: silentLogger)
        }
        let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(said.contains(#"two tools have the name "plain""#))
    }

    // MARK: Sessions

    @Test func `tells sessions of changes, and of resources that they have named`() async throws {
        let outlet = PostOutlet()
        let session = ClientSession(version: .v2025_11_25, outlet: outlet)
        session.listen(to: core.server.changes)
        func ask(_ method: String, _ uri: String) async throws -> Int64? {
            try await core.ask(method, #"{"uri":"\#(uri)"}"#, .v2025_11_25, session: session).errorCode
        }
        core.server.announce(.resource("test://note"))
        #expect(outlet.methods.isEmpty)
        #expect(try await ask("resources/subscribe", "test://note") == nil)
        #expect(try await ask("resources/subscribe", "test://nothing") == -32_002)
        core.server.announce(.resource("test://note"))
        core.server.announce(.resource("test://lost"))
        core.server.announce(.resources)
        try core.server.replaceTools([Plain()])
        #expect(try await ask("resources/unsubscribe", "test://note") == nil)
        core.server.announce(.resource("test://note"))
        session.end()
        core.server.announce(.prompts)
        #expect(
            outlet.methods == [
                "notifications/resources/updated", "notifications/resources/list_changed",
                "notifications/tools/list_changed",
            ])
        #expect(outlet.sent[0]["params"] == ["uri": "test://note"])
    }

    @Test func `has no subscriptions without a session, and does not offer them`() async throws {
        let asked = try await core.ask("resources/subscribe", #"{"uri":"test://note"}"#, .v2025_11_25)
        #expect(asked.errorCode == -32_601)
        let modern = try await core.ask("resources/subscribe", #"{"uri":"test://note"}"#, .v2026_07_28)
        #expect(modern.errorCode == -32_601 && modern.answer.status == 404)
        try await TestServer.with({ $0.hasSessions = false }) { server in
            let capabilities = try await server.ask(Request.initialize(.v2025_11_25)).json?["result"]?["capabilities"]
            #expect(capabilities?["tools"] == [:] && capabilities?["resources"] == [:])
        }
        try await TestServer.with { server in
            let capabilities = try await server.ask(Request.initialize(.v2025_11_25)).json?["result"]?["capabilities"]
            #expect(capabilities?["tools"] == ["listChanged": true])
            #expect(capabilities?["resources"] == ["subscribe": true, "listChanged": true])
        }
    }

    @Test func `keeps what a session is told until its client listens`() async throws {
        try await TestServer.with(tools: [Plain()]) { server in
            let session = try await server.openSession(.v2025_11_25)
            server.server.announce(.tools)
            let client = try await server.connect()
            let listen = Request.get(
                "/mcp", ["Host: localhost", "Accept: text/event-stream", "Mcp-Session-Id: \(session)"])
            try await client.send(listen)
            _ = await client.received(until: "tools/list_changed")
            server.server.announce(.prompts)
            let said = await client.received(until: "prompts/list_changed")
            #expect(said.components(separatedBy: "tools/list_changed") == 2)
            // The server stops: listeners are let go at once.
            async let drained: Void = server.http.drain(timeout: .seconds(20))
            #expect(await client.untilClosed().contains("0\r\n\r\n"))
            await drained
        }
    }

    // MARK: Modern subscriptions

    private func listen(_ filter: String, id: String = "7") -> String {
        let meta =
            #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#
        let body =
            #"{"jsonrpc":"2.0","id":\#(id),"method":"subscriptions/listen","params":{"notifications":\#(filter),\#(meta)}}"#
        return Request.post(body, ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: subscriptions/listen"])
    }

    @Test(arguments: [true, false]) func `tells a modern client of what it has asked for`(_ streams: Bool) async throws
    {
        try await TestServer.with({ $0.streamsAnswers = streams }) { server in
            let client = try await server.connect()
            try await client.send(
                listen(#"{"toolsListChanged":true,"resourceSubscriptions":["test://note"]}"#, id: #""x""#))
            _ = await client.received(until: "acknowledged")
            server.server.announce(.prompts)
            server.server.announce(.resource("test://other"))
            server.server.announce(.resource("test://note"))
            server.server.announce(.tools)
            _ = await client.received(until: "tools/list_changed")
            await server.http.drain(timeout: .seconds(20))
            let messages = StreamEvent.all(in: try #require(await client.answer()).body).compactMap(\.message)
            let methods = messages.map { $0["method"]?.stringValue }
            #expect(
                methods == [
                    "notifications/subscriptions/acknowledged", "notifications/resources/updated",
                    "notifications/tools/list_changed", nil,
                ])
            #expect(
                messages[0]["params"]?["notifications"]
                    == ["toolsListChanged": true, "resourceSubscriptions": ["test://note"]])
            for message in messages.dropLast() {
                #expect(message["params"]?["_meta"]?["io.modelcontextprotocol/subscriptionId"] == "x")
            }
            #expect(messages[3]["id"] == "x" && messages[3]["result"]?["resultType"] == "complete")
            #expect(messages[3]["result"]?["_meta"]?["io.modelcontextprotocol/subscriptionId"] == "x")
        }
    }

    @Test func `lets go of a subscription when its client leaves`() async throws {
        try await TestServer.with { server in
            for _ in 0..<3 {
                let client = try await server.connect()
                try await client.send(listen(#"{"toolsListChanged":true}"#))
                _ = await client.received(until: "acknowledged")
                await client.close()
            }
            while server.server.changes.subscriptionCount > 0 { await Task.yield() }
        }
    }

    @Test(arguments: [
        "7", "{\"toolsListChanged\":1}", "{\"resourceSubscriptions\":{}}", "{\"resourceSubscriptions\":[1]}",
    ])
    func `refuses filters that are none`(_ filter: String) async throws {
        let asked = try await core.ask("subscriptions/listen", #"{"notifications":\#(filter)}"#, .v2026_07_28)
        #expect(asked.errorCode == -32_602)
    }

    @Test func `refuses to listen without an event stream, and in sessions`() async throws {
        let asked = try await core.ask("subscriptions/listen", #"{"notifications":{}}"#, .v2026_07_28)
        #expect(asked.answer.status == 406)
        #expect(try await core.ask("subscriptions/listen", "{}", .v2025_11_25).errorCode == -32_601)
    }

    // MARK: Queue

    @Test func `keeps a change once, however often it happens`() async throws {
        let body = ByteBuffer(string: #"{"notifications":{"toolsListChanged":true,"resourceSubscriptions":["a","b"]}}"#)
        let filter = try body.withByteView { bytes throws(MCPError) in
            try SubscriptionFilter(ByteRange(start: 0, length: bytes.count), bytes)
        }
        let queue = ChangeQueue(filter)
        for _ in 0..<100 {
            for change in [.resource("b"), .tools, .resource("a"), .prompts, .resource("c")] as [ServerChange] {
                queue.changed(change)
            }
        }
        #expect(await queue.next() == .change(.resource("b")))
        #expect(await queue.next() == .change(.tools))
        queue.hubEnds()
        // What was waiting still goes out.
        #expect(await queue.next() == .change(.resource("a")))
        #expect(await queue.next() == nil)
    }

    @Test func `ends waiting when it is cancelled`() async throws {
        let body = ByteBuffer(string: #"{"notifications":{}}"#)
        let filter = try body.withByteView { bytes throws(MCPError) in
            try SubscriptionFilter(ByteRange(start: 0, length: bytes.count), bytes)
        }
        let queue = ChangeQueue(filter)
        let task = Task { await queue.next() }
        task.cancel()
        #expect(await task.value == nil)
    }
}

/// Keeps what is posted in a session of 2025-11-25, in order.
private final class PostOutlet: MessageOutlet {
    private let recording = RecordingOutlet(.v2025_11_25)

    var sent: [JSONValue] { recording.sent }
    var methods: [String] { sent.compactMap { $0["method"]?.stringValue } }

    func send(_ message: ByteBuffer) async -> Bool { await recording.send(message) }
    func post(_ message: ByteBuffer) { recording.keep(message) }
}

extension String {
    /// In how many parts `separator` cuts the text.
    fileprivate func components(separatedBy separator: String) -> Int { ranges(of: separator).count + 1 }
}
