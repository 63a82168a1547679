import Testing
import Wire

@testable import Gateway

@Suite struct `a page of a list of tools` {
    private func read(_ result: String) throws -> (cursor: String?, tools: [String: Bool]) {
        let bytes = Array("{\"jsonrpc\":\"2.0\",\"id\":\"tools-1\",\"result\":\(result)}".utf8)
        return try bytes.withUnsafeBytes { raw in
            var scratch = JSONScratch(seed: 1)
            let view = ByteView(raw)
            let envelope = try JSONRPCEnvelope.scan(view, scratch: &scratch)
            var traits = ToolTraits()
            let page = try ToolListPage(envelope, in: view, addingTo: &traits)
            let tools = traits.isRepeatable.map { (String(decoding: $0.key, as: UTF8.self), $0.value) }
            return (
                page.nextCursor.map { String(decoding: $0, as: UTF8.self) },
                Dictionary(uniqueKeysWithValues: tools)
            )
        }
    }

    @Test func `gives what the hints say, which are false where they are absent`() throws {
        let page = try read(
            """
            {"tools":[ {"name":"a","annotations":{"readOnlyHint":true}} , {"name":"b","annotations":{"idempotentHint":true,
            "readOnlyHint":false}},{"name":"c"},{"annotations":{"destructiveHint":false,"title":"x"},"name":"d",
            "inputSchema":{"type":"object","annotations":{"readOnlyHint":true}}},{"name":"e\\u0031\\"",
            "annotations":{"readOnlyHint":true,"destructiveHint":true}},{"name":"f","annotations":{}}],"ttlMs":1}
            """)
        #expect(page.tools == ["a": true, "b": true, "c": false, "d": false, "e1\"": true, "f": false])
        #expect(page.cursor == nil)
    }

    @Test(
        arguments: [
            (#"{"tools":[]}"#, nil), (#"{"tools":[],"nextCursor":null}"#, nil),
            (#"{"tools":[],"resultType":"complete","nextCursor":""}"#, #""""#),
            (#"{"nextCursor":"a\n\"b","tools":[]}"#, #""a\n\"b""#),
        ] as [(String, String?)])
    func `has a cursor as it stands`(result: String, cursor: String?) throws {
        #expect(try read(result).cursor == cursor)
    }

    @Test func `of which one tool is listed twice says yes only if both do`() throws {
        let yes = #"{"name":"a","annotations":{"readOnlyHint":true}}"#
        #expect(try read("{\"tools\":[\(yes),{\"name\":\"a\"},\(yes)]}").tools == ["a": false])
    }

    @Test(
        arguments: [
            ("[]", .noTools), ("{}", .noTools), (#"{"tools":{}}"#, .noTools), (#"{"tools":null}"#, .noTools),
            (#"{"tools":[1]}"#, .badTool), (#"{"tools":[{}]}"#, .badTool), (#"{"tools":[{"name":1}]}"#, .badTool),
            (#"{"tools":[{"name":"a"},[]]}"#, .badTool),
            (#"{"tools":[{"name":"a","annotations":true}]}"#, .badAnnotations),
            (#"{"tools":[{"name":"a","annotations":null}]}"#, .badAnnotations),
            (#"{"tools":[{"name":"a","annotations":{"readOnlyHint":"true"}}]}"#, .badHint),
            (#"{"tools":[{"name":"a","annotations":{"readOnlyHint":true,"idempotentHint":1}}]}"#, .badHint),
            (#"{"tools":[],"nextCursor":1}"#, .badCursor),
            (#"{"tools":[],"resultType":"input_required"}"#, .otherResultType),
        ] as [(String, ToolListPage.Flaw)])
    func `is refused when it is not what it must be`(result: String, flaw: ToolListPage.Flaw) {
        #expect(throws: flaw) { try read(result) }
    }

    @Test func `has bounds`() {
        let cursor = String(repeating: "c", count: ToolListPage.longestCursor)
        #expect(throws: ToolListPage.Flaw.longCursor) { try read("{\"tools\":[],\"nextCursor\":\"\(cursor)\"}") }
        let tools = (0...ToolTraits.countLimit).map { "{\"name\":\"\($0)\"}" }.joined(separator: ",")
        #expect(throws: ToolListPage.Flaw.tooManyTools) { try read("{\"tools\":[\(tools)]}") }
    }
}
