import MCPServer
import Testing
import Wire

@Suite struct ValueCodingTests {
    private struct Everything: Codable, Equatable {
        var text = "a\"é"
        var flag = true
        var number = 0.1
        var float: Float = 0.1
        var integer = -7
        var big = UInt64.max
        var none: Int?
        var list = [[1], []]
        var map = ["k": ["x": 1.5]]
        var maybe: [String?] = ["a", nil]
        var kind = Kind.second
        var any: JSONValue = ["n": 1, "l": [true, nil]]
        var choice = Choice.pair(1, named: "x")
        var empty = Empty()

        enum Kind: String, Codable { case first, second }
        enum Choice: Codable, Equatable { case pair(Int, named: String) }
        struct Empty: Codable, Equatable {}
    }

    @Test func `encodes as JSON coders do, and decodes the same value`() throws {
        let json = try JSONValue(encoding: Everything())
        let expected = try JSONValue.parse(
            #"""
            {"text":"a\"é","flag":true,"number":0.1,"float":0.1,"integer":-7,"big":18446744073709551615,
             "list":[[1],[]],"map":{"k":{"x":1.5}},"maybe":["a",null],"kind":"second","any":{"n":1,"l":[true,null]},
             "choice":{"pair":{"_0":1,"named":"x"}},"empty":{}}
            """#)
        #expect(json == expected)
        #expect(try json.decode(Everything.self) == Everything())
    }

    @Test(
        arguments: [
            (#"{"a":"x","b":[1]}"#, "/a: must be an integer of 64 bits"),
            (#"{"a":1.5,"b":[1]}"#, "/a: must be an integer of 64 bits"),
            (#"{"b":[1]}"#, "\"a\" is required"), (#"{"a":1,"b":[1,300]}"#, "/b/1: must be an integer of 8 bits"),
            (#"{"a":1,"b":{}}"#, "/b: must be an array"), (#"{"a":1,"b":[],"c":[]}"#, "/c: must be an object"),
            (#"{"a":1,"b":[],"c":{"d/~":1}}"#, "/c/d~1~0: must be a string"),
        ])
    func `says where arguments cannot be decoded`(_ arguments: String, _ message: String) throws {
        struct Shape: Decodable {
            var a: Int
            var b: [UInt8]
            var c: [String: String]?
        }
        let error = #expect(throws: ToolInputError.self) { try ToolArguments(parsing: arguments).decode(Shape.self) }
        #expect(error?.message == message)
    }

    @Test func `reads integers however they are spelled`() throws {
        #expect(try JSONValue.parse("[1.0,1e2,-0]").decode([Int].self) == [1, 100, 0])
        #expect(try JSONValue.parse("[18446744073709551615]").decode([UInt64].self) == [.max])
    }

    @Test func `refuses numbers that JSON does not have`() {
        #expect(throws: EncodingError.self) { try JSONValue(encoding: [Double.nan]) }
        #expect(throws: EncodingError.self) { try JSONValue(encoding: ["x": Float.infinity]) }
    }

    @Test func `takes null for nothing where a value may be missing`() throws {
        struct Shape: Decodable { var a: Int? }
        #expect(try JSONValue.parse(#"{"a":null}"#).decode(Shape.self).a == nil)
        #expect(try JSONValue.parse("{}").decode(Shape.self).a == nil)
    }
}
