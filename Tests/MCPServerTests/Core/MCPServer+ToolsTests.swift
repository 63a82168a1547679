import MCPServer
import NIOCore
import Testing
import Wire

struct MCPServerToolsTests {
    let core = Core()

    @Test(arguments: MCPProtocolVersion.allCases)
    func `lists tools with the members that a revision knows`(_ version: MCPProtocolVersion) async throws {
        let tools = try #require(try await core.ask("tools/list", nil, version).result?["tools"]?.arrayValue)
        #expect(tools.map { $0["name"] } == ["echo", "plain", "broken"])
        #expect((tools[0]["title"] == "Echo") == (version >= .v2025_06_18))
        #expect((tools[0]["outputSchema"] == ["type": "object"]) == (version >= .v2025_06_18))
        #expect((tools[0]["annotations"]?["readOnlyHint"] == true) == (version >= .v2025_03_26))
        // The title of a revision that has it in the annotations only.
        #expect((tools[0]["annotations"]?["title"] == "Echo") == (version == .v2025_03_26))
        #expect(tools[0]["inputSchema"]?["required"] == ["text"])
        let expected: JSONValue = [
            "name": "plain", "description": "Says hello.", "inputSchema": ["type": "object"],
        ]
        #expect(tools[1] == expected)
    }

    @Test(arguments: MCPProtocolVersion.allCases)
    func `gives structured content to revisions that know it, and its text to all`(
        _ version: MCPProtocolVersion
    ) async throws {
        let asked = try await core.ask(
            "tools/call", #"{"name":"echo","arguments":{"text":"a\"b","n":1.50}}"#, version)
        #expect(asked.text == #"{"text":"a\"b","n":1.50}"#)
        let structured = try JSONValue.parse(#"{"text":"a\"b","n":1.50}"#)
        let expected = version >= .v2025_06_18 ? structured : JSONValue?.none
        #expect(asked.result?["structuredContent"] == expected)
        #expect(asked.result?["content"]?[0]?["type"] == "text")
        #expect(asked.result?["isError"] == nil)
        #expect(asked.answer.problem == nil)
    }

    @Test(arguments: MCPProtocolVersion.allCases)
    func `runs a tool that waits`(_ version: MCPProtocolVersion) async throws {
        let asked = try await core.ask("tools/call", #"{"name":"plain"}"#, version)
        #expect(asked.text == "hello")
        #expect(asked.result?["structuredContent"] == nil)
    }

    @Test(arguments: MCPProtocolVersion.allCases)
    func `tells of bad arguments as the revision demands`(_ version: MCPProtocolVersion) async throws {
        for arguments in ["", #","arguments":{}"#, #","arguments":{"text":1}"#] {
            let asked = try await core.ask("tools/call", #"{"name":"echo"\#(arguments)}"#, version)
            if version >= .v2025_11_25 {
                #expect(asked.result?["isError"] == true)
                #expect(asked.text?.hasPrefix("The arguments do not match the schema of the tool: ") == true)
                #expect(asked.answer.problem == .toolError)
            } else {
                #expect(asked.errorCode == -32_602)
            }
            #expect(asked.answer.status == 200)
        }
    }

    @Test(arguments: MCPProtocolVersion.allCases)
    func `hides what a tool has thrown`(_ version: MCPProtocolVersion) async throws {
        let asked = try await core.ask("tools/call", #"{"name":"broken"}"#, version)
        #expect(asked.result?["isError"] == true)
        #expect(asked.text == "The tool failed.")
        #expect(!asked.json.description.contains("hunter2"))
        #expect(asked.answer.problem == .handlerFailed)
    }

    @Test(arguments: MCPProtocolVersion.allCases)
    func `refuses unknown tools and malformed calls`(_ version: MCPProtocolVersion) async throws {
        for params in [
            "{}", #"{"name":7}"#, #"{"name":"nope"}"#, #"{"name":"ECHO"}"#, #"{"name":"echo","arguments":[]}"#,
            #"{"name":"echo","arguments":null}"#, #"{"name":"echo","arguments":"x"}"#, "[]",
        ] {
            let asked = try await core.ask("tools/call", params, version)
            #expect(asked.errorCode == -32_602, "\(params)")
            #expect(asked.answer.status == 200)
        }
        #expect(try await core.ask("tools/call", nil, version).errorCode == -32_602)
    }

    @Test func `finds a tool by an escaped name`() async throws {
        #expect(try await core.ask("tools/call", #"{"name":"\u0070lain"}"#, .v2025_11_25).text == "hello")
    }

    @Test func `repeats a long unknown name only in part`() async throws {
        let name = String(repeating: "é\\\"", count: 10_000)
        let asked = try await core.ask("tools/call", #"{"name":"\#(name)"}"#, .v2026_07_28)
        #expect(asked.errorCode == -32_602)
        #expect(asked.answer.body.readableBytes < 1_000)
    }
}
