import NIOCore
import Testing
import Wire

@testable import MCPServer

@Suite struct JSONSchemaTests {
    @Test(arguments: SchemaCases.all)
    func `accepts and refuses as the keyword demands`(_ group: SchemaCases.Group) throws {
        let schema = try JSONSchema(parsing: group.schema)
        for value in group.accepted {
            #expect(schema.violations(in: ByteBuffer(string: value)).isEmpty, "\(value)")
        }
        for value in group.refused {
            let json = ByteBuffer(string: value)
            #expect(!schema.violations(in: json).isEmpty, "\(value)")
            #expect(schema.violations(in: json, limit: 1).count == 1, "\(value)")
        }
    }

    @Test func `has some hundred cases`() {
        #expect(SchemaCases.all.reduce(0) { $0 + $1.accepted.count + $1.refused.count } >= 500)
    }

    // MARK: What it says

    @Test(
        arguments: [
            (#"{"type":"string"}"#, "1", "must be a string"),
            (#"{"type":["string","null"]}"#, "1", "must be a string or null"),
            (#"{"type":"object","required":["name"]}"#, "{}", "\"name\" is required"),
            (
                #"{"properties":{"a":{"properties":{"b/~":{"type":"integer"}}}}}"#, #"{"a":{"b/~":1.5}}"#,
                "/a/b~1~0: must be an integer"
            ),
            (#"{"properties":{"a":{"items":{"required":["x"]}}}}"#, #"{"a":[{"x":1},{}]}"#, "/a/1: \"x\" is required"),
            (#"{"enum":["a","b",1]}"#, #""c""#, #"must be one of "a", "b", 1"#),
            (#"{"const":{"a":1}}"#, "7", #"must be {"a":1}"#), (#"{"minimum":1.50}"#, "1", "must be at least 1.50"),
            (#"{"minLength":3}"#, #""é""#, "must have 3 characters or more, has 1"),
            (#"{"pattern":"^a"}"#, #""b""#, "must match the pattern ^a"),
            (#"{"additionalProperties":false}"#, #"{"a":1}"#, "/a: is not allowed"),
            (
                #"{"anyOf":[{"type":"string"},{"properties":{"a":{"type":"null"}},"type":"object"}]}"#, #"{"a":1}"#,
                "must match one of: (must be a string) (/a: must be null)"
            ),
            (#"{"oneOf":[true,true,false]}"#, "1", "must match exactly one of 3 schemas, and matches 2"),
            (#"{"maxItems":1}"#, "[1,2]", "must have 1 or fewer elements, has 2"),
            (#"{"dependentRequired":{"a":["b"]}}"#, #"{"a":1}"#, "\"b\" is required where \"a\" is given"),
            (#"{"uniqueItems":true}"#, "[1,2,1.0]", "must not have equal elements, and [2] is there before"),
        ])
    func `says where and what`(_ schema: String, _ value: String, _ sentence: String) throws {
        let violations = try JSONSchema(parsing: schema).violations(in: ByteBuffer(string: value))
        #expect(violations.map(\.description) == [sentence])
    }

    @Test func `reports the first violations, and no more than it was asked for`() throws {
        let schema = try JSONSchema(parsing: #"{"items":{"type":"string"},"maxItems":2}"#)
        let json = ByteBuffer(string: "[1,2,3,4]")
        #expect(schema.violations(in: json, limit: 2).map(\.path) == ["/0", "/1"])
        #expect(schema.violations(in: json, limit: 9).map(\.path) == ["/0", "/1", "/2", "/3", ""])
    }

    @Test func `keeps what it says short, whatever the value`() throws {
        let schema = try JSONSchema(parsing: ##"{"additionalProperties":{"$ref":"#"},"type":"object"}"##)
        let name = String(repeating: "né", count: 10_000)
        var value = "1"
        for _ in 0..<60 { value = #"{"\#(name)":\#(value)}"# }
        let violations = schema.violations(in: ByteBuffer(string: value))
        #expect(violations.count == 1)
        #expect(violations.description.utf8.count < 400)
    }

    // MARK: Mistakes

    @Test(
        arguments: [
            (#"{"type":"text"}"#, "/type"), (#"{"type":[]}"#, "/type"), (#"{"type":["string","string"]}"#, "/type"),
            (#"{"minimum":"1"}"#, "/minimum"), (#"{"multipleOf":0}"#, "/multipleOf"),
            (#"{"multipleOf":-1}"#, "/multipleOf"), (#"{"minLength":-1}"#, "/minLength"),
            (#"{"maxItems":1.5}"#, "/maxItems"), (#"{"pattern":"("}"#, "/pattern"),
            (#"{"patternProperties":{"[":true}}"#, "/patternProperties"), (#"{"items":[true]}"#, "/items"),
            (#"{"items":1}"#, "/items"), (#"{"allOf":[]}"#, "/allOf"), (#"{"allOf":{}}"#, "/allOf"),
            (#"{"required":"a"}"#, "/required"), (#"{"required":["a","a"]}"#, "/required"),
            (#"{"properties":{"a/b":{"type":7}}}"#, "/properties/a~1b/type"),
            (##"{"$ref":"#/$defs/none"}"##, "/$ref"), (##"{"$ref":"#none"}"##, "/$ref"),
            (#"{"$ref":"https://example.org/other"}"#, "/$ref"), (#"{"$ref":7}"#, "/$ref"),
            (#"{"properties":{"a":{"$ref":"other.json"}}}"#, "/properties/a/$ref"),
            (#"{"$schema":"http://json-schema.org/draft-07/schema#"}"#, "/$schema"), (#"{"$id":"a#b"}"#, "/$id"),
            (#"{"$anchor":"a/b"}"#, "/$anchor"), (##"{"$ref":"#"}"##, ""), (##"{"allOf":[{"$ref":"#"}]}"##, ""),
            (##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"not":{"$ref":"#/$defs/a"}}}}"##, "/$defs/a"),
            (#"{"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}}"#, "/$defs/b/$anchor"),
            (#"{"$defs":{"a":{"$id":"x"},"b":{"$id":"x"}}}"#, "/$defs/b/$id"),
            (#"{"dependentRequired":{"a":"b"}}"#, "/dependentRequired/a"), (#"{"uniqueItems":1}"#, "/uniqueItems"),
            (#"{"enum":1}"#, "/enum"), ("7", ""), (#"{"not":null}"#, "/not"), ("{", ""),
        ])
    func `refuses schemas that cannot be used, and says where`(_ schema: String, _ pointer: String) {
        let error = #expect(throws: JSONSchemaError.self) { try JSONSchema(parsing: schema) }
        #expect(error?.pointer == pointer)
        #expect(error?.message.isEmpty == false)
    }

    @Test func `refuses schemas of too many parts`() {
        let parts = (0..<10_001).map { "\"p\($0)\":{}" }.joined(separator: ",")
        #expect(throws: JSONSchemaError.self) { try JSONSchema(parsing: "{\"properties\":{\(parts)}}") }
    }

    // MARK: Bounds

    /// Every level doubles the work of the one below.
    private static let doubling = ##"""
        {"$ref":"#/$defs/n","$defs":{"n":{"items":{"allOf":[{"$ref":"#/$defs/n"},{"$ref":"#/$defs/n"}]}}}}
        """##

    @Test func `gives up on what would take exponential time`() throws {
        let schema = try JSONSchema(parsing: Self.doubling)
        let deep = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
        #expect(schema.violations(in: ByteBuffer(string: deep)).map(\.message) == ["is too complex to be checked"])
        #expect(schema.violations(in: ByteBuffer(string: "[[[[]]]]")).isEmpty)
    }

    @Test func `gives up on references that go round in circles at run time`() throws {
        let schema = try JSONSchema(
            parsing: ##"{"$dynamicAnchor":"a","$dynamicRef":"#a"}"##)
        #expect(schema.violations(in: ByteBuffer(string: "1")).map(\.message) == ["is too complex to be checked"])
    }

    @Test func `has steps enough for the largest values that are read`() throws {
        let schema = try JSONSchema(
            parsing: #"{"items":{"type":"integer","minimum":0},"uniqueItems":true,"unevaluatedItems":false}"#)
        let count = 10_000
        let json = Array(("[" + (0..<count).map(String.init).joined(separator: ",") + "]").utf8)
        json.withUnsafeBytes { json in
            var check = SchemaCheck(schema.compiled, ByteView(json), report: nil)
            let isMatch = check.run()
            #expect(isMatch)
            let steps = SchemaCheck.maximumSteps - check.budget
            #expect(steps * (JSONLimits.valueCount / count) < SchemaCheck.maximumSteps / 3)
        }
    }

    @Test func `survives what is not JSON`() throws {
        var random = SystemRandomNumberGenerator()
        for group in SchemaCases.all {
            let schema = try JSONSchema(parsing: group.schema, JSONSchema.Settings(assertsFormat: true))
            for value in group.accepted + group.refused {
                let bytes = Array(value.utf8)
                for count in 0..<bytes.count { _ = schema.violations(in: ByteBuffer(bytes: bytes.prefix(count))) }
                var changed = bytes
                let place = Int.random(in: 0..<changed.count, using: &random)
                changed[place] = UInt8.random(in: .min ... .max, using: &random)
                _ = schema.violations(in: ByteBuffer(bytes: changed))
            }
        }
    }

    @Test func `asserts formats only when it is told to`() throws {
        let text = #"{"format":"ipv4"}"#
        #expect(try JSONSchema(parsing: text).violations(in: ByteBuffer(string: #""x""#)).isEmpty)
        let strict = try JSONSchema(parsing: text, JSONSchema.Settings(assertsFormat: true))
        #expect(strict.violations(in: ByteBuffer(string: #""x""#)).map(\.message) == ["must be an IPv4 address"])
        #expect(strict.violations(in: ByteBuffer(string: "1")).isEmpty)
    }
}
