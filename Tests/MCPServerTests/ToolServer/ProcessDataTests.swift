import MCPServer
import NIOCore
import Testing
import Wire

@testable import mcp_tool_server

struct ProcessDataTests {
    /// What the tool makes of `data`, as JSON text.
    private func process(_ data: String, _ operation: String) throws -> JSONValue {
        let arguments = JSONObject(dictionaryLiteral: ("operation", .string(operation))).description
        let call = ToolCall(
            arguments: try ToolArguments(parsing: "{\"data\":\(data),\(arguments.dropFirst())"), version: .v2026_07_28)
        let json = try #require(try ProcessData().run(call).structuredContent)
        return try JSONValue.parse(String(buffer: json))
    }

    @Test(arguments: [
        (
            #"{"a":"x","b":1.50,"c":["x"],"d":null,"e":{"f":"x"}}"#,
            #"{"a":"X","b":1.50,"c":["x"],"d":null,"e":{"f":"x"}}"#
        ),
        ("{}", "{}"), (#"{"straße":"straße \u00e9\ud83d\ude00"}"#, #"{"straße":"STRASSE É😀"}"#),
        (#"{"\"\\":"a\"b\\c\n"}"#, #"{"\"\\":"A\"B\\C\n"}"#), (#"{"":""}"#, #"{"":""}"#),
        (#"{"n":123456789012345678901234567890e400}"#, #"{"n":123456789012345678901234567890e400}"#),
    ])
    func `turns the texts of the top level to upper case`(_ data: String, _ expected: String) throws {
        #expect(try process(data, "transform")["result"] == JSONValue.parse(expected))
    }

    @Test(arguments: [
        ("{}", true, []), (#"{"a":1,"b":"null","c":[null]}"#, true, []), (#"{"a":null}"#, false, ["a"]),
        (#"{"a":1,"b":null,"\u0063":null}"#, false, ["b", "c"]),
    ])
    func `tells whether a value of the top level is null`(_ data: String, _ valid: Bool, _ keys: [String]) throws {
        let result = try process(data, "validate")["result"]
        #expect(result?["valid"] == .bool(valid))
        #expect(result?["null_keys"] == .array(keys.map { .string($0) }))
    }

    @Test func `lists keys and types`() throws {
        let data = #"{"s":"","n":-1e5,"t":true,"f":false,"z":null,"a":[],"o":{},"\"":1}"#
        let expected: JSONValue = [
            "keys": ["s", "n", "t", "f", "z", "a", "o", "\""],
            "types": [
                "s": "string", "n": "number", "t": "boolean", "f": "boolean", "z": "null", "a": "array", "o": "object",
                "\"": "number",
            ],
        ]
        #expect(try process(data, "analyze")["result"] == expected)
    }

    @Test(arguments: ["", "none", "TRANSFORM", "transform ", "\"é\n"])
    func `gives the data back for any other operation`(_ operation: String) throws {
        let data = #"{"b": "x",  "a":[1, 2.0]}"#
        let result = try process(data, operation)
        #expect(result["result"] == (try JSONValue.parse(data)))
        #expect(result["operation"] == .string(operation))
    }

    @Test func `says how many bytes came and when`() throws {
        let result = try process(#"{ "é" : "\u00e9" }"#, "none")
        #expect(result["input_size"] == 19)
        let time = try #require(result["processed_at"]?.stringValue)
        #expect(time.wholeMatch(of: /20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d\.\d{3}Z/) != nil)
    }

    @Test(arguments: [
        ("{}", "\"data\" is required"), (#"{"data":{}}"#, "\"operation\" is required"),
        (#"{"data":[],"operation":"x"}"#, "\"data\" must be an object"),
        (#"{"data":"{}","operation":"x"}"#, "\"data\" must be an object"),
        (#"{"data":null,"operation":"x"}"#, "\"data\" must be an object"),
        (#"{"data":{},"operation":null}"#, "\"operation\" must be a string"),
    ])
    func `says what is wrong with its arguments`(_ arguments: String, _ message: String) throws {
        let call = ToolCall(arguments: try ToolArguments(parsing: arguments), version: .v2026_07_28)
        #expect(throws: ToolInputError(message)) { try ProcessData().run(call) }
    }

    @Test func `agrees with a tree for random objects`() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<500 {
            guard case .object(let object) = JSONValue.random(depth: 3, using: &random) else { continue }
            let data = JSONValue.object(object).description
            let upper = object.mapValues { $0.stringValue.map { .string($0.uppercased()) } ?? $0 }
            #expect(try process(data, "transform")["result"] == .object(upper))
            let isValid = object.allSatisfy { !$0.value.isNull }
            #expect(try process(data, "validate")["result"]?["valid"] == .bool(isValid))
            #expect(try process(data, "analyze")["result"]?["keys"] == .array(object.map { .string($0.name) }))
            #expect(try process(data, "")["result"] == .object(object))
        }
    }
}

extension JSONObject {
    fileprivate var description: String { JSONValue.object(self).description }
}
