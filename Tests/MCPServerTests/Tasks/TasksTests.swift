import NIOCore
import Testing
import Wire

@testable import MCPServer

@Suite(.timeLimit(.minutes(1))) struct TasksTests {
    private let gate = Gate()
    private let core: Core

    init() {
        let tools: [any Tool] = [
            Plain(), Supporting(.optional, "job", Outcome.asking), Supporting(.required, "long", Outcome.text),
            Supporting(.optional, "wrong", Outcome.isError), Supporting(.optional, "broken", Outcome.protocolError),
            Supporting(.optional, "gated", { [gate] call in try await gate.run(call) }),
        ]
        core = Core(server: MCPServer(ServerInfo(name: "test", version: "1"), tools: tools, logger: silentLogger))
    }

    private func legacy(
        _ method: String, _ params: String, _ session: ClientSession? = nil, outlet: (any MessageOutlet)? = nil
    ) async throws -> Core.Asked {
        try await core.ask(method, params, .v2025_11_25, session: session, outlet: outlet)
    }

    private func modern(
        _ method: String, _ members: String, declares: Bool = true, principal: [UInt8]? = nil
    ) async throws -> Core.Asked {
        let extensions = declares ? #""extensions":{"io.modelcontextprotocol/tasks":{}},"# : ""
        let meta =
            #""_meta":{"io.modelcontextprotocol/clientCapabilities":{\#(extensions)"elicitation":{}}}"#
        let body = #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":{\#(members),\#(meta)}}"#
        let answer = try await core.answer(to: body, .v2026_07_28, principal: principal)
        return Core.Asked(answer: answer, json: try JSONValue.parse(String(buffer: answer.body)))
    }

    private func id(_ task: JSONValue?) throws -> String {
        let id = try #require(task?["taskId"]?.stringValue)
        #expect(id.utf8.count == 32)
        for time in ["createdAt", "lastUpdatedAt"] {
            #expect(task?[time]?.stringValue?.hasSuffix("Z") == true)
        }
        return id
    }

    /// Asks until the task is in another state than these.
    private func settled(
        _ id: String, while states: Set<String> = ["working"], principal: [UInt8]? = nil
    ) async throws -> JSONValue {
        while true {
            let asked = try await modern("tasks/get", #""taskId":"\#(id)""#, principal: principal)
            let task = try #require(asked.result)
            #expect(task["resultType"] == "complete")
            if let status = task["status"]?.stringValue, !states.contains(status) { return task }
            await Task.yield()
        }
    }

    // MARK: 2025-11-25

    @Test func `offers tasks to those who know them`() async throws {
        for version in MCPProtocolVersion.allCases {
            let tools = try await core.ask("tools/list", "{}", version).result?["tools"]?.arrayValue ?? []
            let support = tools.map { $0["execution"]?["taskSupport"]?.stringValue }
            #expect(
                support
                    == (version == .v2025_11_25
                        ? [nil, "optional", "required", "optional", "optional", "optional"]
                        : Array(repeating: nil, count: 6)))
        }
        let params = #"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}"#
        let capabilities = try await legacy("initialize", params).result?["capabilities"]
        #expect(capabilities?["tasks"] == ["cancel": [:], "requests": ["tools": ["call": [:]]], "list": [:]])
        let discovered = try await core.ask("server/discover", "{}", .v2026_07_28).result?["capabilities"]
        #expect(discovered?["extensions"] == ["io.modelcontextprotocol/tasks": [:]])
        #expect(discovered?["tasks"] == nil)
        let without = Core()
        #expect(try await without.ask("tasks/get", #"{"taskId":"x"}"#, .v2025_11_25).errorCode == -32_601)
    }

    @Test func `runs a call as a task, asks on the way, and gives its result later`() async throws {
        var capabilities = ClientCapabilities()
        capabilities.showsForms = true
        let posted = RecordingOutlet(.v2025_11_25)
        let session = ClientSession(version: .v2025_11_25, capabilities: capabilities, outlet: posted)
        let created = try await legacy("tools/call", #"{"name":"job","task":{"ttl":60000}}"#, session).result?["task"]
        let id = try id(created)
        #expect(created?["status"] == "working" || created?["status"] == "input_required")
        #expect(created?["ttl"] == 60_000 && created?["pollInterval"]?.int64Value != nil)
        let name = #""result":{"action":"accept","content":{"name":"Ann"}}"#
        let outlet = AnsweringOutlet(core.server, session, ["elicitation/create": name])
        let result = try await legacy("tasks/result", #"{"taskId":"\#(id)"}"#, session, outlet: outlet)
        #expect(result.text == "Hello, Ann!")
        let related: JSONValue = ["io.modelcontextprotocol/related-task": ["taskId": .string(id)]]
        #expect(result.result?["_meta"] == related)
        #expect(outlet.sent.first?["params"]?["_meta"] == related)
        let state = try await legacy("tasks/get", #"{"taskId":"\#(id)"}"#, session).result
        #expect(state?["status"] == "completed" && state?["ttl"] == 60_000)
        let list = try await legacy("tasks/list", "{}", session).result?["tasks"]?.arrayValue
        #expect(list?.map { $0["taskId"] } == [.string(id)])
        #expect(try await legacy("tasks/list", "{}", ClientSession(version: .v2025_11_25)).result?["tasks"] == [])
        #expect(try await legacy("tasks/cancel", #"{"taskId":"\#(id)"}"#, session).errorCode == -32_602)
    }

    @Test func `refuses what does not go as a task, and what goes as nothing else`() async throws {
        let session = ClientSession(version: .v2025_11_25)
        #expect(try await legacy("tools/call", #"{"name":"plain","task":{}}"#, session).errorCode == -32_601)
        #expect(try await legacy("tools/call", #"{"name":"long"}"#, session).errorCode == -32_601)
        #expect(try await core.ask("tools/call", #"{"name":"long"}"#, .v2025_06_18).errorCode == -32_601)
        for wrong in ["7", #"{"ttl":"long"}"#, #"{"ttl":-1}"#] {
            #expect(try await legacy("tools/call", #"{"name":"job","task":\#(wrong)}"#, session).errorCode == -32_602)
        }
        for method in ["tasks/get", "tasks/result", "tasks/cancel"] {
            #expect(try await legacy(method, #"{"taskId":"nothing"}"#, session).errorCode == -32_602)
            #expect(try await legacy(method, "{}", session).errorCode == -32_602)
        }
        // Older clients have never heard of it.
        #expect(try await core.ask("tools/call", #"{"name":"wrong","task":{}}"#, .v2025_06_18).text == "no")
    }

    @Test func `cancels a task, and not with those who wait for it`() async throws {
        let session = ClientSession(version: .v2025_11_25)
        let created = try await legacy("tools/call", #"{"name":"gated","task":{}}"#, session).result?["task"]
        let id = try id(created)
        await gate.begun.wait()
        let waiting = Task { try await legacy("tasks/result", #"{"taskId":"\#(id)"}"#, session).errorCode }
        waiting.cancel()
        #expect(try await waiting.value == -32_800)
        #expect(!gate.cancelled.isRaised)
        let cancelled = try await legacy("tasks/cancel", #"{"taskId":"\#(id)"}"#, session).result
        #expect(cancelled?["status"] == "cancelled")
        await gate.cancelled.wait()
        #expect(try await legacy("tasks/result", #"{"taskId":"\#(id)"}"#, session).errorCode == -32_800)
        #expect(try await legacy("tasks/get", #"{"taskId":"\#(id)"}"#, session).result?["status"] == "cancelled")
    }

    // MARK: 2026-07-28

    @Test func `answers a client that knows tasks with one`() async throws {
        let created = try await modern("tools/call", #""name":"job""#).result
        #expect(created?["resultType"] == "task" && created?["ttlMs"] == 300_000)
        let id = try id(created)
        let asking = try await settled(id)
        #expect(asking["status"] == "input_required")
        let key = try #require(asking["inputRequests"]?.objectValue?.members.first)
        #expect(key.value["method"] == "elicitation/create")
        let answers = #""inputResponses":{"other":1,"\#(key.name)":{"action":"accept","content":{"name":"Ann"}}}"#
        let updated = try await modern("tasks/update", #""taskId":"\#(id)",\#(answers)"#)
        #expect(updated.result == ["resultType": "complete"])
        let task = try await settled(id, while: ["working", "input_required"])
        #expect(task["status"] == "completed" && task["inputRequests"] == nil)
        #expect(task["result"]?["content"]?[0]?["text"] == "Hello, Ann!")
        // Answers that nobody waits for, and cancelling what is over, are nothing.
        #expect(try await modern("tasks/update", #""taskId":"\#(id)",\#(answers)"#).errorCode == nil)
        #expect(try await modern("tasks/cancel", #""taskId":"\#(id)""#).result == ["resultType": "complete"])
        #expect(try await modern("tasks/update", #""taskId":"\#(id)""#).errorCode == -32_602)
    }

    @Test func `calls a tool's error a result, and an error of the protocol a failure`() async throws {
        let wrong = try await settled(id(try await modern("tools/call", #""name":"wrong""#).result))
        #expect(wrong["status"] == "completed" && wrong["result"]?["isError"] == true)
        let broken = try await settled(id(try await modern("tools/call", #""name":"broken""#).result))
        #expect(broken["status"] == "failed" && broken["error"]?["code"] == -32_602)
    }

    @Test func `waits for those who know no tasks, if the tool allows it`() async throws {
        let inline = try await modern("tools/call", #""name":"wrong""#, declares: false)
        #expect(inline.result?["resultType"] == "complete" && inline.text == "no")
        let refused = try await modern("tools/call", #""name":"long""#, declares: false)
        let required: JSONValue = ["requiredCapabilities": ["extensions": ["io.modelcontextprotocol/tasks": [:]]]]
        #expect(refused.errorCode == -32_021 && refused.answer.status == 400)
        #expect(refused.json["error"]?["data"] == required)
        let asked = try await modern("tasks/get", #""taskId":"x""#, declares: false)
        #expect(asked.errorCode == -32_021 && asked.answer.status == 400)
        for method in ["tasks/result", "tasks/list"] {
            #expect(try await modern(method, #""taskId":"x""#).errorCode == -32_601)
        }
    }

    @Test func `tells nobody else of a task`() async throws {
        let ann = Array(repeating: 1 as UInt8, count: 16)
        let id = try id(try await modern("tools/call", #""name":"wrong""#, principal: ann).result)
        _ = try await settled(id, principal: ann)
        for principal in [nil, Array(repeating: 2 as UInt8, count: 16)] {
            #expect(try await modern("tasks/get", #""taskId":"\#(id)""#, principal: principal).errorCode == -32_602)
        }
    }

    @Test func `tells a subscription what becomes of a task`() async throws {
        let id = try id(try await modern("tools/call", #""name":"gated""#).result)
        let outlet = RecordingOutlet(.v2026_07_28)
        let meta =
            #""_meta":{"io.modelcontextprotocol/clientCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}}"#
        let listening = Task {
            let body =
                #"{"jsonrpc":"2.0","id":9,"method":"subscriptions/listen","params":{"notifications":{"taskIds":["\#(id)","x"]},\#(meta)}}"#
            return try await core.answer(to: body, .v2026_07_28, outlet: outlet)
        }
        while outlet.sent.isEmpty { await Task.yield() }
        #expect(outlet.sent[0]["params"]?["notifications"] == ["taskIds": [.string(id)]])
        gate.opened.raise()
        while outlet.sent.count < 2 { await Task.yield() }
        core.server.changes.end()
        _ = try await listening.value
        let told = outlet.sent[1]
        #expect(told["method"] == "notifications/tasks")
        #expect(told["params"]?["taskId"] == .string(id) && told["params"]?["status"] == "completed")
        #expect(told["params"]?["_meta"]?["io.modelcontextprotocol/subscriptionId"] == 9)
        let refused = try await modern(
            "subscriptions/listen", #""notifications":{"taskIds":["\#(id)"]}"#, declares: false)
        #expect(refused.errorCode == -32_021)
    }

    // MARK: Keeping

    @Test func `forgets tasks when their time has come`() async throws {
        let store = TaskStore()
        var scratch = JSONScratch(seed: 1)
        let body = ByteBuffer(string: #"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#)
        let envelope = try body.withByteView { bytes throws(JSONRPCError) in
            try JSONRPCEnvelope.scan(bytes, scratch: &scratch)
        }
        let message = IncomingMessage(body: body, envelope: envelope, version: .v2026_07_28)
        let call = ToolCall(arguments: ToolArguments(), version: .v2026_07_28)
        let task = ServerTask(call, of: message, timeToLive: .seconds(60)) { _ in }
        task.start { [gate] in
            do { return .success(try await gate.run(call)) } catch { return .failure(error) }
        }
        #expect(store.add(task, at: .now()))
        #expect(store.find(task.id, by: nil, at: .now()) === task)
        #expect(store.find(task.id, by: nil, at: .now() + .seconds(61)) == nil)
        await gate.cancelled.wait()
        #expect(store.find(task.id, by: nil, at: .now()) == nil)
    }
}

/// A tool that supports tasks.
private struct Supporting: Tool {
    let definition: ToolDefinition
    private let body: @Sendable (ToolCall) async throws -> ToolResult

    init(_ support: TaskSupport, _ name: String, _ body: @escaping @Sendable (ToolCall) async throws -> ToolResult) {
        definition = ToolDefinition(name: name, description: "Works.", inputSchema: #"{"type":"object"}"#)
            .supportingTasks(support)
        self.body = body
    }

    func run(_ call: ToolCall) async throws -> ToolResult { try await body(call) }
}

private enum Outcome {
    static func asking(_ call: ToolCall) async throws -> ToolResult {
        let name = try await call.context.elicit("Name?", [.text("name")])
        return .text("Hello, \(name["name"]?.stringValue ?? "?")!")
    }

    static func text(_ call: ToolCall) async throws -> ToolResult { .text("done") }
    static func isError(_ call: ToolCall) async throws -> ToolResult { .error("no") }
    static func protocolError(_ call: ToolCall) async throws -> ToolResult { throw MCPError.invalidParams("no") }
}
