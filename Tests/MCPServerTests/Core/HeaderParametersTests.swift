import NIOCore
import Testing
import Wire

@testable import MCPServer

@Suite struct HeaderParametersTests {
    private static let schema = #"""
        {"type":"object","properties":{
            "region":{"type":"string","x-mcp-header":"Region"},
            "deep":{"type":"object","properties":{"count":{"type":"integer","x-mcp-header":"Deep-Count"}}},
            "dry":{"type":"boolean","x-mcp-header":"dry"},
            "other":{"type":"string","default":{"x-mcp-header":"not one"}}}}
        """#

    private func match(_ arguments: String, _ fields: KeyValuePairs<String, String>) throws -> Bool {
        let parameters = try HeaderParameters(JSONValue.parse(Self.schema))
        return parameters.match(
            fields.map { ParameterField(name: Array($0.key.utf8), value: Array($0.value.utf8)) },
            ByteBuffer(string: arguments))
    }

    @Test(
        arguments: [
            ("{}", [:], true), (#"{"other":"x"}"#, [:], true), (#"{"region":null}"#, [:], true),
            (#"{"region":"eu"}"#, ["region": "eu"], true), (#"{"region":"eu"}"#, [:], false),
            (#"{"region":"eu"}"#, ["region": "EU"], false), ("{}", ["region": "eu"], false),
            (#"{"region":null}"#, ["region": ""], false), (#"{"region":""}"#, ["region": ""], true),
            (#"{"region":"é"}"#, ["region": "=?base64?w6k=?="], true),
            (#"{"region":"\u00e9"}"#, ["region": "=?base64?w6k=?="], true),
            (#"{"region":"é"}"#, ["region": "=?base64?w6k?="], false), (#"{"region":"eu"}"#, ["region": "  eu "], true),
            (#"{"region":"eu"}"#, ["region": "eu", "region": "eu"], false),
            (#"{"deep":{"count":42}}"#, ["deep-count": "42"], true),
            (#"{"deep":{"count":42}}"#, ["deep-count": "42.0"], true),
            (#"{"deep":{"count":42}}"#, ["deep-count": "43"], false), (#"{"deep":{"count":42}}"#, [:], false),
            (#"{"deep":7}"#, [:], true), (#"{"count":42}"#, [:], true), (#"{"dry":true}"#, ["dry": "true"], true),
            (#"{"dry":true}"#, ["dry": "false"], false), (#"{"region":{"a":1}}"#, ["region": "x"], false),
            // Nobody has asked for it: intermediaries may add what they like.
            ("{}", ["unknown": "x"], true),
        ] as [(String, KeyValuePairs<String, String>, Bool)])
    func `compares fields with arguments`(
        _ arguments: String, _ fields: KeyValuePairs<String, String>, _ isMatch: Bool
    ) throws {
        #expect(try match(arguments, fields) == isMatch)
    }

    @Test(arguments: [
        #"{"properties":{"a":{"type":"string","x-mcp-header":""}}}"#,
        #"{"properties":{"a":{"type":"string","x-mcp-header":"a b"}}}"#,
        #"{"properties":{"a":{"type":"string","x-mcp-header":7}}}"#,
        #"{"properties":{"a":{"type":"number","x-mcp-header":"A"}}}"#,
        #"{"properties":{"a":{"x-mcp-header":"A"}}}"#,
        #"{"properties":{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}}}"#,
        #"{"properties":{"a":{"type":"array","items":{"type":"string","x-mcp-header":"A"}}}}"#,
        #"{"anyOf":[{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}]}"#,
        #"{"$defs":{"d":{"type":"string","x-mcp-header":"A"}}}"#,
    ])
    func `refuses annotations for which clients drop the tool`(_ schema: String) {
        #expect(throws: HeaderParameters.SchemaMistake.self) { try HeaderParameters(JSONValue.parse(schema)) }
    }

    @Test func `is checked in modern calls over HTTP, behind the name of the tool`() async throws {
        try await TestServer.with(tools: [Regional()]) { server in
            func call(_ region: String, _ fields: [String]) -> String {
                Request.modern(
                    "tools/call", #""name":"regional","arguments":{"region":"\#(region)"},"#, name: "regional",
                    fields: fields)
            }
            let right = try await server.ask(call("eu", ["mcp-param-REGION: eu"]))
            #expect(right.status == 200 && right.errorCode == nil)
            for fields in [[], ["Mcp-Param-Region: us"], ["Mcp-Param-Region: eu", "Mcp-Param-Region: eu"]] {
                let wrong = try await server.ask(call("eu", fields))
                #expect(wrong.status == 400)
                #expect(wrong.errorCode == -32_020)
                #expect(wrong.json?["id"] == 1)
            }
            // Legacy clients know nothing of it.
            let session = try await server.openSession(.v2025_11_25)
            let legacy = try await server.ask(
                Request.legacy("tools/call", #"{"name":"regional","arguments":{"region":"eu"}}"#, session: session))
            #expect(legacy.json?["result"] != nil)
        }
    }
}

/// Has an argument that is repeated in the head.
private struct Regional: SynchronousTool {
    let definition = ToolDefinition(
        name: "regional", description: "Knows a region.",
        inputSchema: #"{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}"#)

    func run(_ call: ToolCall) throws -> ToolResult { .text(try call.arguments.string("region")) }
}
