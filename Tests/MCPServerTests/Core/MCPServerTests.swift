import MCPServer
import NIOCore
import Testing
import Wire

struct MCPServerTests {
    let core = Core()

    // MARK: Handshake

    private static let everything: JSONValue = [
        "logging": [:], "tools": ["listChanged": true], "resources": ["subscribe": true, "listChanged": true],
    ]

    @Test(arguments: MCPProtocolVersion.legacy)
    func `settles on the revision that a client asks for`(_ version: MCPProtocolVersion) async throws {
        let asked = try await core.ask(
            "initialize",
            #"{"protocolVersion":"\#(version.text)","capabilities":{},"clientInfo":{"name":"c","version":"1"}}"#,
            version)
        #expect(asked.result?["protocolVersion"] == .string("\(version.text)"))
        #expect(asked.result?["capabilities"] == MCPServerTests.everything)
        #expect(asked.result?["serverInfo"]?["name"] == "test")
        #expect(asked.result?["serverInfo"]?["version"] == "1.2.3")
        #expect((asked.result?["serverInfo"]?["title"] == "Test") == (version >= .v2025_06_18))
        #expect(asked.result?["instructions"] == "Be kind.")
        #expect(asked.answer.handshake?.version == version)
        #expect(asked.answer.status == 200)
    }

    @Test(arguments: ["2026-07-28", "2024-10-07", "1900-01-01", "", "2025-11-25 "])
    func `offers the newest legacy revision to a client that asks for another`(_ version: String) async throws {
        let asked = try await core.ask("initialize", #"{"protocolVersion":"\#(version)"}"#, .v2025_03_26)
        #expect(asked.result?["protocolVersion"] == "2025-11-25")
        #expect(asked.answer.handshake?.version == .v2025_11_25)
    }

    @Test(arguments: [
        nil, "{}", #"{"protocolVersion":5}"#, #"{"protocolVersion":"2025-11-25","capabilities":1}"#,
        #"{"protocolVersion":"2025-11-25","clientInfo":"me"}"#, "[]",
    ])
    func `refuses a malformed initialize`(_ params: String?) async throws {
        let asked = try await core.ask("initialize", params, .v2025_11_25)
        #expect(asked.errorCode == -32_602)
        #expect(asked.answer.handshake?.version == nil)
        #expect(asked.answer.status == 200)
    }

    @Test func `tells a modern client what it offers`() async throws {
        let asked = try await core.ask("server/discover", "{}", .v2026_07_28)
        #expect(
            asked.result?["supportedVersions"]
                == ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"])
        #expect(asked.result?["capabilities"] == MCPServerTests.everything)
        #expect(asked.result?["instructions"] == "Be kind.")
        #expect(asked.result?["serverInfo"] == nil)
        #expect(asked.result?["ttlMs"] == 60_000)
        #expect(asked.result?["cacheScope"] == "public")
    }

    @Test func `offers no resources when it has none`() async throws {
        let core = Core(
            server: MCPServer(ServerInfo(name: "test", version: "1"), tools: [Plain()], logger: silentLogger))
        let discovered = try await core.ask("server/discover", nil, .v2026_07_28)
        #expect(discovered.result?["capabilities"] == ["logging": [:], "tools": ["listChanged": true]])
        #expect(try await core.ask("resources/list", nil, .v2026_07_28).errorCode == -32_601)
        #expect(try await core.ask("resources/list", nil, .v2025_11_25).errorCode == -32_601)
    }

    // MARK: Methods

    @Test(arguments: MCPProtocolVersion.allCases)
    func `answers ping in the session era only`(_ version: MCPProtocolVersion) async throws {
        let asked = try await core.ask("ping", nil, version)
        if version.era == .legacy {
            #expect(asked.result == [:])
        } else {
            #expect(asked.errorCode == -32_601)
            #expect(asked.answer.status == 404)
        }
    }

    @Test(
        arguments: [
            "prompts/list", "prompts/get", "completion/complete", "resources/subscribe",
            "tasks/get", "notifications/initialized", "nope", "", "TOOLS/LIST",
        ], MCPProtocolVersion.allCases)
    func `knows no other methods`(_ method: String, _ version: MCPProtocolVersion) async throws {
        let asked = try await core.ask(method, nil, version)
        #expect(asked.errorCode == -32_601)
        // A legacy client takes 404 for the end of its session.
        #expect(asked.answer.status == (version.era == .modern ? 404 : 200))
        #expect(asked.answer.problem == .methodNotFound)
    }

    @Test func `has methods of one era only in that era`() async throws {
        #expect(try await core.ask("server/discover", nil, .v2025_11_25).errorCode == -32_601)
        #expect(try await core.ask("initialize", #"{"protocolVersion":"x"}"#, .v2026_07_28).errorCode == -32_601)
    }

    @Test(arguments: ["tools/list", "resources/list", "resources/templates/list"])
    func `refuses a cursor that it never gave`(_ method: String) async throws {
        for version in MCPProtocolVersion.allCases {
            #expect(try await core.ask(method, #"{"cursor":""}"#, version).errorCode == -32_602)
            #expect(try await core.ask(method, #"{"\u0063ursor":7}"#, version).errorCode == -32_602)
            #expect(try await core.ask(method, #"{"cursor":null}"#, version).errorCode == nil)
            #expect(try await core.ask(method, nil, version).errorCode == nil)
        }
    }

    @Test func `refuses a state that it never gave`() async throws {
        let params = #"{"name":"echo","arguments":{"text":"x"},"requestState":"s"}"#
        #expect(try await core.ask("tools/call", params, .v2026_07_28).errorCode == -32_602)
        #expect(try await core.ask("tools/call", params, .v2025_11_25).errorCode == nil)
    }

    @Test func `checks the log level of a modern request`() async throws {
        let params = { (level: String) in #"{"_meta":{"io.modelcontextprotocol/logLevel":\#(level)}}"# }
        #expect(try await core.ask("tools/list", params(#""warning""#), .v2026_07_28).errorCode == nil)
        #expect(try await core.ask("tools/list", params(#""loud""#), .v2026_07_28).errorCode == -32_602)
        #expect(try await core.ask("tools/list", params("3"), .v2026_07_28).errorCode == -32_602)
        #expect(try await core.ask("tools/list", params(#""loud""#), .v2025_11_25).errorCode == nil)
    }

    @Test(arguments: ["-9223372036854775808", "0", "18446744073709551615", #""""#, #""\u0000 \"x\"""#])
    func `gives an id back as it came`(_ id: String) async throws {
        let answer = try await core.answer(to: #"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"#, .v2025_06_18)
        #expect(String(buffer: answer.body) == #"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
        #"{"jsonrpc":"2.0","method":"nobody/knows"}"#, #"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        #"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}"#,
    ])
    func `accepts notifications and responses without a word`(_ text: String) async throws {
        let answer = try await core.answer(to: text, .v2025_11_25)
        #expect(answer.status == 202)
        #expect(answer.body.readableBytes == 0)
    }

    // MARK: Batches

    @Test func `answers the requests of a batch in order`() async throws {
        let answer = try await core.answer(
            to: """
                [{"jsonrpc":"2.0","id":1,"method":"ping"}, {"jsonrpc":"2.0","method":"notifications/initialized"},
                 {"jsonrpc":"2.0","id":"b","method":"tools/call","params":{"name":"plain"}},
                 {"jsonrpc":"2.0","id":3,"method":"nope"},
                 {"jsonrpc":"2.0","id":4,"method":"initialize","params":{"protocolVersion":"2025-03-26"}}]
                """, .v2025_03_26)
        let answers = try #require(try JSONValue.parse(String(buffer: answer.body)).arrayValue)
        #expect(answers.map { $0["id"] } == [1, "b", 3, 4])
        #expect(answers[0]["result"] == [:])
        #expect(answers[1]["result"]?["content"]?[0]?["text"] == "hello")
        #expect(answers[2]["error"]?["code"] == -32_601)
        #expect(answers[3]["error"]?["code"] == -32_600)
        #expect(answer.handshake?.version == nil)
    }

    @Test func `accepts a batch of which nothing is to be answered`() async throws {
        let answer = try await core.answer(
            to: #"[{"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0","id":1,"result":{}}]"#, .v2025_03_26)
        #expect(answer.status == 202)
        #expect(answer.body.readableBytes == 0)
    }

    @Test func `bounds the length of a batch`() async throws {
        let one = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
        let batch = { (count: Int) in "[" + Array(repeating: one, count: count).joined(separator: ",") + "]" }
        let longest = try await core.answer(to: batch(MCPServer.maximumBatchCount), .v2025_03_26)
        #expect(try JSONValue.parse(String(buffer: longest.body)).arrayValue?.count == MCPServer.maximumBatchCount)
        let tooLong = try await core.answer(to: batch(MCPServer.maximumBatchCount + 1), .v2025_03_26)
        #expect(try JSONValue.parse(String(buffer: tooLong.body))["error"]?["code"] == -32_600)
        #expect(tooLong.status == 400)
    }
}
