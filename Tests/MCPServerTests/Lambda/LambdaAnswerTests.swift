import NIOCore
import Testing
import Wire

@testable import mcp_tool_server

struct LambdaAnswerTests {
    private let answer = LambdaAnswer(
        head: LambdaAnswer.Head(
            status: 201,
            fields: [
                LambdaEvent.Field(name: "Content-Type", value: "text/plain"),
                LambdaEvent.Field(name: "Vary", value: "a"),
                LambdaEvent.Field(name: "vary", value: "b"), LambdaEvent.Field(name: "Set-Cookie", value: "c=1"),
                LambdaEvent.Field(name: "Set-Cookie", value: "d=2"),
            ]),
        body: ByteBuffer(string: "é\"\u{0}"))

    @Test(arguments: [
        (
            LambdaEvent.Form.version2,
            #"{"statusCode":201,"headers":{"content-type":"text/plain","vary":"a, b"},"cookies":["c=1","d=2"],"#
        ),
        (.single, #"{"statusCode":201,"headers":{"content-type":"text/plain","vary":"a, b","set-cookie":"d=2"},"#),
        (
            .multiple,
            #"{"statusCode":201,"multiValueHeaders":{"content-type":["text/plain"],"vary":["a","b"],"#
                + #""set-cookie":["c=1","d=2"]},"#
        ),
    ])
    func `is spelled as its event was`(_ form: LambdaEvent.Form, _ expected: String) {
        #expect(String(buffer: answer.json(form)) == expected + #""body":"é\"\u0000","isBase64Encoded":false}"#)
    }

    @Test func `has a body that is no text in Base64`() throws {
        var answer = answer
        answer.body = ByteBuffer(bytes: [0xFF, 0x00, 0xC3])
        let json = try JSONValue.parse(String(buffer: answer.json(.version2)))
        #expect(json["isBase64Encoded"] == true)
        #expect(json["body"] == "/wDD")
    }

    @Test func `begins with a prelude when it is streamed`() throws {
        let prelude = answer.head.prelude()
        let bytes = Array(prelude.readableBytesView)
        #expect(bytes.suffix(8) == [0, 0, 0, 0, 0, 0, 0, 0])
        let json = try JSONValue.parse(Array(bytes.dropLast(8)))
        #expect(json["statusCode"] == 201)
        #expect(json["headers"]?["vary"] == "a, b")
        #expect(json["cookies"] == ["c=1", "d=2"])
    }

    @Test func `leaves out the fields of a connection`() throws {
        var parser = HTTPHeadParser(.response)
        let text = "HTTP/1.1 404 X\r\nA: 1\r\nConnection: close\r\nKeep-Alive: 1\r\nContent-Length: 5\r\nB:\r\n\r\n"
        let head = try Array(text.utf8).withUnsafeBytes { bytes in
            let isComplete = try parser.parse(ByteView(bytes))
            #expect(isComplete)
            return LambdaAnswer.Head(HTTPReceivedHead(response: parser.response, bytes: ByteView(bytes)))
        }
        #expect(head.status == 404)
        #expect(head.fields == [LambdaEvent.Field(name: "A", value: "1"), LambdaEvent.Field(name: "B", value: "")])
    }

    @Test func `says in JSON-RPC why there is no other`() throws {
        let answer = LambdaAnswer.failure(.timeout)
        #expect(answer.head.status == 504)
        let json = try JSONValue.parse(String(buffer: answer.body))
        #expect(json["error"]?["code"]?.int64Value == -31_504)
        #expect(json["id"] == nil)
    }
}
