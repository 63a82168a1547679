import Testing
import Wire

@testable import MCPServer

@Suite struct TypeProbeTests {
    private struct All: Codable, Described {
        var text: String
        var flag: Bool
        var number: Double
        var float: Float?
        var integer: Int
        var small: UInt8
        var signed: Int16?
        var big: UInt64
        var level: Level
        var list: [[Int]]
        var set: Set<String>
        var map: [String: Level]
        var maybe: [String?]
        var any: JSONValue
        var wrapped: Wrapped
        var renamed: Int

        enum Level: Int, Codable, CaseIterable { case low = 1, high = 2 }
        struct Wrapped: RawRepresentable, Codable { var rawValue: String }
        enum CodingKeys: String, CodingKey {
            case text, flag, number, float, integer, small, signed, big, level, list, set, map, maybe, any, wrapped
            case renamed = "other_name"
        }

        static var properties: [Property] {
            Property("other_name", "Renamed.")
        }
    }

    @Test func `knows what types look like in JSON`() throws {
        let expected = try JSONValue.parse(
            #"""
            {"type":"object","properties":{
                "text":{"type":"string"},"flag":{"type":"boolean"},"number":{"type":"number"},"float":{"type":"number"},
                "integer":{"type":"integer"},"small":{"type":"integer","minimum":0,"maximum":255},
                "signed":{"type":"integer","minimum":-32768,"maximum":32767},"big":{"type":"integer","minimum":0},
                "level":{"type":"integer","enum":[1,2]},
                "list":{"type":"array","items":{"type":"array","items":{"type":"integer"}}},
                "set":{"type":"array","items":{"type":"string"},"uniqueItems":true},
                "map":{"type":"object","additionalProperties":{"type":"integer","enum":[1,2]}},
                "maybe":{"type":"array","items":{"anyOf":[{"type":"string"},{"type":"null"}]}},
                "any":{},"wrapped":{"type":"string"},"other_name":{"type":"integer","description":"Renamed."}},
             "required":["text","flag","number","integer","small","big","level","list","set","map","maybe","any",
                "wrapped","other_name"]}
            """#)
        #expect(try TypeProbe.output(All.self) == expected)
    }

    private struct Tree: Codable { var name: String; var children: [Tree]; var next: [String: Tree]? }
    private struct Forest: Codable { var first: Tree; var others: [Tree] }

    @Test func `follows types that hold themselves`() throws {
        let tree = try TypeProbe.input(Tree.self)
        #expect(tree["properties"]?["children"]?["items"] == ["$ref": "#"])
        let schema = try TypeProbe.output(Forest.self)
        #expect(schema["properties"]?["first"] == ["$ref": "#/$defs/Tree"])
        #expect(schema["properties"]?["others"]?["items"] == ["$ref": "#/$defs/Tree"])
        #expect(schema["$defs"]?["Tree"]?["properties"]?["next"]?["additionalProperties"] == ["$ref": "#/$defs/Tree"])
        let compiled = try JSONSchema(schema)
        let good = #"{"first":{"name":"a","children":[{"name":"b","children":[]}]},"others":[]}"#
        #expect(compiled.violations(in: .init(string: good)).isEmpty)
        let bad = #"{"first":{"name":"a","children":[{"name":1,"children":[]}]},"others":[]}"#
        #expect(compiled.violations(in: .init(string: bad)).map(\.path) == ["/first/children/0/name"])
    }

    private struct Misspelt: ToolInput {
        var city: String
        static var properties: [Property] { Property("citty") }
    }
    private enum Closed: String, Codable { case only }
    private struct Holder: Codable { var closed: Closed }
    private struct Numbers: Codable { var map: [Int: String] }
    private enum Choice: Codable { case one(Int), other }

    @Test func `refuses types that it cannot describe`() {
        #expect(throws: SchemaDerivationError.self) { try TypeProbe.input(Misspelt.self) }
        #expect(throws: SchemaDerivationError.self) { try TypeProbe.input(Holder.self) }
        #expect(throws: SchemaDerivationError.self) { try TypeProbe.input(Numbers.self) }
        #expect(throws: SchemaDerivationError.self) { try TypeProbe.input(Choice.self) }
        #expect(throws: SchemaDerivationError.self) { try TypeProbe.input(String.self) }
        #expect(throws: SchemaDerivationError.self) { try TypeProbe.input([Int].self) }
    }

    @Test func `describes no arguments`() throws {
        #expect(
            try TypeProbe.input(NoInput.self) == ["type": "object", "properties": [:], "additionalProperties": false])
    }
}
