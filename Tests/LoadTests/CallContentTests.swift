import Testing
import Wire

@testable import mcp_load

@Suite struct CallContentTests {
    @Test func `lists the tools when none is named`() throws {
        let call = try CallContent(tool: nil, arguments: "{}", payload: 0)
        #expect(call.method == "tools/list")
        #expect(call.parameters.isEmpty)
    }

    @Test(arguments: [
        ("{}", 3, #"{"padding":"xxx"}"#),
        (#" {"a":1} "#, 2, #"{"a":1,"padding":"xx"}"#),
        (#"{"a":"<{payload}>","b":"{payload}"}"#, 1, #"{"a":"<x>","b":"x"}"#),
        (#"{"a":"{payload}"}"#, 0, #"{"a":""}"#),
        (#"{"a":[1]}"#, 0, #"{"a":[1]}"#),
    ])
    func `puts the payload into the arguments`(arguments: String, payload: Int, result: String) throws {
        #expect(try CallContent(tool: "t", arguments: arguments, payload: payload).arguments == result)
    }

    @Test func `quotes the name of the tool`() throws {
        let call = try CallContent(tool: "a\"b", arguments: "{}", payload: 0)
        #expect(call.parameters == #""name":"a\"b","arguments":{}"#)
    }

    @Test(arguments: [
        "", "[]", "1", "{", #"{"a":1,"a":2}"#, #"{"a":01}"#, #"{},"x":{}"#, "{}}", #"{"padding":1}"#,
        "{\"a\":\"\u{1}\"}",
    ])
    func `refuses arguments that are not one strict JSON object`(arguments: String) {
        #expect(throws: CallContentError.self) { try CallContent(tool: "t", arguments: arguments, payload: 1) }
    }
}
