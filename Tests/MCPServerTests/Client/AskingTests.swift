import NIOCore
import Testing
import Wire

@testable import MCPServer

@Suite(.timeLimit(.minutes(1))) struct AskingTests {
    private let tool = Curious()
    private let core: Core

    init() {
        core = Core(
            server: MCPServer(
                ServerInfo(name: "test", version: "1"), tools: [tool], prompts: [Greeting()],
                stateKey: Array(repeating: 7, count: 32), logger: silentLogger))
    }

    private static let name = #""result":{"action":"accept","content":{"name":"Ann"}}"#
    private static let said = #""result":{"role":"assistant","content":{"type":"text","text":"Hi"},"model":"m"}"#
    private static let roots = #""result":{"roots":[{"uri":"file:///a"}]}"#
    private static let all: ClientCapabilities = {
        var all = ClientCapabilities()
        all.showsForms = true
        all.samples = true
        all.listsRoots = true
        return all
    }()

    // MARK: In sessions

    private func call(
        _ answers: [String: String?], _ version: MCPProtocolVersion = .v2025_11_25,
        _ capabilities: ClientCapabilities = all
    ) async throws -> (asked: Core.Asked, outlet: AnsweringOutlet) {
        let session = ClientSession(version: version, capabilities: capabilities)
        let outlet = AnsweringOutlet(core.server, session, answers)
        let asked = try await core.ask(
            "tools/call", #"{"name":"curious"}"#, version, session: session, outlet: outlet)
        return (asked, outlet)
    }

    @Test(arguments: [MCPProtocolVersion.v2025_06_18, .v2025_11_25])
    func `sends requests to a legacy client and takes its answers`(_ version: MCPProtocolVersion) async throws {
        let (asked, outlet) = try await call(
            ["elicitation/create": Self.name, "sampling/createMessage": Self.said, "roots/list": Self.roots], version)
        #expect(asked.text == "Hi, Ann in file:///a!")
        #expect(tool.runCount == 1)
        let requests = outlet.sent
        #expect(requests.count == 3)
        #expect(Set(requests.compactMap { $0["id"]?.int64Value }).count == 3)
        let form = requests[0]["params"]
        #expect(form?["message"] == "Name?")
        #expect(form?["requestedSchema"]?["properties"]?["name"]?["type"] == "string")
        #expect(form?["requestedSchema"]?["required"] == ["name"])
    }

    @Test(arguments: [
        (#""result":{"action":"decline"}"#, "no name: decline"), (#""result":{"action":"cancel"}"#, "no name: cancel"),
        (#""result":{"action":"perhaps"}"#, "The tool could not go on: the client's answer is invalid"),
        (#""result":{"action":"accept","content":{}}"#, "The tool could not go on: the client's answer is invalid"),
        (
            #""result":{"action":"accept","content":{"name":7}}"#,
            "The tool could not go on: the client's answer is invalid"
        ),
        (#""result":{"action":"accept","content":7}"#, "The tool could not go on: the client's answer is invalid"),
        (#""error":{"code":-1,"message":"secret"}"#, "The tool could not go on: the client refused with error -1"),
    ])
    func `makes the best of other answers`(_ answer: String, _ text: String) async throws {
        let (asked, _) = try await call(["elicitation/create": answer])
        #expect(asked.text?.hasPrefix(text) == true, "\(asked.text ?? "")")
        #expect((asked.result?["isError"] == true) == text.hasPrefix("The tool"))
    }

    @Test func `gives up on a client that does not answer, and says so`() async throws {
        let (asked, outlet) = try await call([:])
        #expect(asked.text == "The tool could not go on: the client did not answer in time.")
        #expect(outlet.sent.last?["method"] == "notifications/cancelled")
        #expect(outlet.sent.last?["params"]?["requestId"] == outlet.sent.first?["id"])
    }

    @Test func `takes its question back when the call is cancelled`() async throws {
        let session = ClientSession(version: .v2025_11_25, capabilities: Self.all)
        let outlet = AnsweringOutlet(core.server, session, [:])
        let task = Task {
            try await core.ask("tools/call", #"{"name":"curious"}"#, .v2025_11_25, session: session, outlet: outlet)
        }
        await outlet.isSilent.wait()
        task.cancel()
        #expect(try await task.value.errorCode == -32_800)
        #expect(outlet.sent.last?["params"]?["reason"] == "cancelled")
        // The answer comes too late for anything.
        let late = try await core.answer(
            to: "{\"jsonrpc\":\"2.0\",\"id\":1,\(Self.name)}", .v2025_11_25, session: session)
        #expect(late.status == 202)
    }

    @Test func `fails what waits for an answer in a session that ends`() async throws {
        let session = ClientSession(version: .v2025_11_25, capabilities: Self.all)
        let outlet = AnsweringOutlet(core.server, session, [:])
        async let asked = core.ask(
            "tools/call", #"{"name":"curious"}"#, .v2025_11_25, session: session, outlet: outlet)
        await outlet.isSilent.wait()
        session.end()
        #expect(try await asked.text == "The tool could not go on: the client cannot be asked anything.")
    }

    @Test func `asks nobody what they cannot answer`() async throws {
        let (asked, outlet) = try await call([:], .v2025_11_25, ClientCapabilities())
        #expect(asked.text == "The tool could not go on: the client does not support what this needs.")
        #expect(outlet.sent.isEmpty)
        // Without a session there is no way to an answer.
        let alone = try await core.ask(
            "tools/call", #"{"name":"curious"}"#, .v2025_03_26, outlet: RecordingOutlet(.v2025_03_26))
        #expect(alone.errorCode == nil && alone.result?["isError"] == true)
    }

    // MARK: In rounds

    private static let everything = #"{"elicitation":{},"sampling":{},"roots":{}}"#

    private func round(
        _ members: String = "", capabilities: String = everything, arguments: String = "{}"
    ) async throws -> Core.Asked {
        let meta = #""_meta":{"io.modelcontextprotocol/clientCapabilities":\#(capabilities)}"#
        let body =
            #"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"curious","arguments":\#(arguments),\#(members)\#(meta)}}"#
        let answer = try await core.answer(to: body, .v2026_07_28)
        return Core.Asked(answer: answer, json: try JSONValue.parse(String(buffer: answer.body)))
    }

    private func state(_ asked: Core.Asked) throws -> String {
        #expect(asked.result?["resultType"] == "input_required")
        #expect(asked.result?["content"] == nil && asked.result?["ttlMs"] == nil)
        return try #require(asked.result?["requestState"]?.stringValue)
    }

    @Test func `asks a modern client by unfinished results`() async throws {
        let first = try await round()
        let question = try #require(first.result?["inputRequests"]?["question-1"])
        #expect(question["method"] == "elicitation/create" && question["jsonrpc"] == nil && question["id"] == nil)
        let second = try await round(
            #""inputResponses":{"question-1":{"action":"accept","content":{"name":"Ann"}}},"requestState":"\#(try state(first))","#
        )
        let questions = try #require(second.result?["inputRequests"]?.objectValue)
        #expect(questions.members.map(\.name) == ["say", "where"])
        #expect(try state(second) != state(first))
        let third = try await round(
            #""inputResponses":{"say":{"role":"assistant","content":{"type":"text","text":"Hi"},"model":"m"},"where":{"roots":[{"uri":"file:///a"}]}},"requestState":"\#(try state(second))","#
        )
        #expect(third.result?["resultType"] == "complete")
        #expect(third.text == "Hi, Ann in file:///a!")
        #expect(tool.runCount == 3)
    }

    @Test func `asks again for what is missing, and takes nothing that was not asked for`() async throws {
        let without = try await round(#""inputResponses":{"question-1":{"action":"accept","content":{"name":"Ann"}}},"#)
        let state = try state(without)
        let wrongKey = try await round(
            #""inputResponses":{"say":{"role":"assistant","content":{"type":"text","text":"Hi"},"model":"m"}},"requestState":"\#(state)","#
        )
        #expect(wrongKey.result?["inputRequests"]?["question-1"] != nil)
        let half = try await round(
            #""inputResponses":{"question-1":{"action":"accept","content":{"name":"Ann"}}},"requestState":"\#(state)","#
        )
        let rest = try await round(
            #""inputResponses":{"question-1":{"action":"accept","content":{"name":"Eve"}},"where":{"roots":[]}},"requestState":"\#(try self.state(half))","#
        )
        #expect(rest.result?["inputRequests"]?.objectValue?.members.map(\.name) == ["say"])
        let last = try await round(
            #""inputResponses":{"say":{"role":"assistant","content":{"type":"text","text":"Hi"},"model":"m"}},"requestState":"\#(try self.state(rest))","#
        )
        // What was answered once stays so.
        #expect(last.text == "Hi, Ann in !")
    }

    @Test func `refuses a state that was changed, is of another call or of another server`() async throws {
        let state = try state(try await round())
        var other = Array(state.utf8)
        other[20] = other[20] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        let changed = String(decoding: other, as: UTF8.self)
        for wrong in [changed, state + "A", String(state.dropLast(4)), "", "s1.", "s1.AAAA", "x"] {
            let asked = try await round(#""requestState":"\#(wrong)","#)
            #expect(asked.errorCode == -32_602, "\(wrong)")
        }
        #expect(try await round(#""requestState":"\#(state)","#, arguments: #"{"a":1}"#).errorCode == -32_602)
        #expect(try await round(#""requestState":7,"#).errorCode == -32_602)
        #expect(try await round(#""inputResponses":[],"requestState":"\#(state)","#).errorCode == -32_602)
        let stranger = MCPServer(ServerInfo(name: "x", version: "1"), tools: [tool], logger: silentLogger)
        let asked = try await AskingTests(core: Core(server: stranger)).round(#""requestState":"\#(state)","#)
        #expect(asked.errorCode == -32_602)
    }

    private init(core: Core) {
        self.core = core
    }

    @Test func `tells a modern client what it would have to be able to do`() async throws {
        let asked = try await round(capabilities: "{}")
        #expect(asked.errorCode == -32_021 && asked.answer.status == 400)
        #expect(asked.json["error"]?["data"] == ["requiredCapabilities": ["elicitation": ["form": [:]]]])
        let invalid = try await round(
            #""inputResponses":{"question-1":{"action":"perhaps"}},"requestState":"\#(try state(try await round()))","#)
        #expect(invalid.errorCode == -32_602)
    }
}
