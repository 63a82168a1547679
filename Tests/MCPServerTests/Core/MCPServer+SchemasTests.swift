import Logging
import MCPServer
import NIOCore
import Synchronization
import Testing
import Wire

@Suite struct MCPServerSchemasTests {
    private func core(_ tools: any Tool...) -> Core {
        var core = Core()
        core.server = MCPServer(ServerInfo(name: "test", version: "1"), tools: tools, logger: silentLogger)
        return core
    }

    @Test(arguments: MCPProtocolVersion.allCases)
    func `refuses arguments that do not match before the tool runs`(_ version: MCPProtocolVersion) async throws {
        let tool = Counting()
        let core = core(tool)
        for (arguments, complaint) in [
            ("{}", "\"count\" is required"), (#"{"count":"1"}"#, "/count: must be an integer"),
            (#"{"count":1,"other":2}"#, "/other: is not allowed"),
            (#"{"count":0.5,"a":1}"#, "/count: must be an integer; /a: is not allowed"),
        ] {
            let asked = try await core.ask("tools/call", #"{"name":"count","arguments":\#(arguments)}"#, version)
            let message: String?
            if version >= .v2025_11_25 {
                #expect(asked.result?["isError"] == true)
                #expect(asked.answer.problem == .toolError)
                message = asked.text
            } else {
                #expect(asked.errorCode == -32_602)
                message = asked.errorMessage
            }
            #expect(message == "The arguments do not match the schema of the tool: \(complaint)")
        }
        #expect(tool.calls.withLock { $0 } == 0)
        #expect(try await core.ask("tools/call", #"{"name":"count","arguments":{"count":1.0}}"#, version).text == "1")
        #expect(tool.calls.withLock { $0 } == 1)
    }

    @Test(arguments: ["7", "{}", #"{"n":"x"}"#, "missing"])
    func `takes a result that does not match for a fault of the tool`(_ content: String) async throws {
        let asked = try await core(Fixed(content)).ask("tools/call", #"{"name":"fixed"}"#, .v2026_07_28)
        #expect(asked.result?["isError"] == true)
        #expect(asked.text == "The tool failed.")
        #expect(asked.result?["structuredContent"] == nil)
        #expect(asked.answer.problem == .handlerFailed)
    }

    @Test func `lets errors pass, and results that match`() async throws {
        let right = try await core(Fixed(#" {"n":1,"more":true} "#)).ask(
            "tools/call", #"{"name":"fixed"}"#, .v2025_11_25)
        #expect(right.result?["structuredContent"]?["n"] == 1)
        let failed = try await core(Fixed("error")).ask("tools/call", #"{"name":"fixed"}"#, .v2025_11_25)
        #expect(failed.text == "Sorry.")
        #expect(failed.answer.problem == .toolError)
    }

    @Test(arguments: MCPProtocolVersion.allCases)
    func `shows results that are no objects to the revisions that know them`(
        _ version: MCPProtocolVersion
    ) async throws {
        let core = core(Listing())
        let listed = try await core.ask("tools/list", nil, version).result?["tools"]?[0]
        #expect((listed?["outputSchema"] != nil) == (version >= .v2026_07_28))
        let asked = try await core.ask("tools/call", #"{"name":"listing"}"#, version)
        #expect(asked.text == "[1,2]")
        #expect((asked.result?["structuredContent"] == [1, 2]) == (version >= .v2026_07_28))
    }
}

private final class Counting: SynchronousTool {
    let calls = Mutex(0)
    let definition = ToolDefinition(
        name: "count", description: "Counts.",
        inputSchema: """
            {"type":"object","properties":{"count":{"type":"integer"}},"required":["count"],
             "additionalProperties":false}
            """)

    func run(_ call: ToolCall) throws -> ToolResult {
        .text("\(calls.withLock { $0 += 1; return $0 })")
    }
}

private struct Fixed: Tool {
    let definition = ToolDefinition(
        name: "fixed", description: "Returns what it is told to.", inputSchema: #"{"type":"object"}"#,
        outputSchema: #"{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}"#)
    private let content: String

    init(_ content: String) {
        self.content = content
    }

    func run(_ call: ToolCall) async throws -> ToolResult {
        switch content {
        case "missing": .text("Nothing.")
        case "error": .error("Sorry.")
        default: .structured(ByteBuffer(string: content))
        }
    }
}

private struct Listing: SynchronousTool {
    let definition = ToolDefinition(
        name: "listing", description: "Returns a list.", inputSchema: ["type": "object"],
        outputSchema: ["type": "array", "items": ["type": "integer"]])

    func run(_ call: ToolCall) -> ToolResult { .structured([1, 2]) }
}
