import NIOCore
import Testing
import Wire

@testable import mcp_tool_server

struct LambdaEventTests {
    private func parse(_ text: String) throws -> LambdaEvent {
        try LambdaEvent(parsing: ByteBuffer(string: text))
    }

    private func reason(_ text: String) -> String? {
        do {
            _ = try parse(text)
            return nil
        } catch {
            return (error as? LambdaEventError)?.reason
        }
    }

    private func request(_ text: String, traceID: String? = nil) throws -> String {
        String(buffer: try parse(text).request(traceID: traceID))
    }

    @Test func `reads payload 2_0`() throws {
        let event = try parse(
            LambdaEvents.version2(
                "POST", "/mcp", headers: ["host": "h.example.com", "x-many": "1,2"], body: "{\"é\":1}",
                query: "a=1&b=%20",
                cookies: ["a=1", "b=\"2\""]))
        #expect(event.form == .version2)
        #expect(event.method == "POST")
        #expect(event.target == "/mcp?a=1&b=%20")
        #expect(
            event.fields == [
                LambdaEvent.Field(name: "host", value: "h.example.com"),
                LambdaEvent.Field(name: "x-many", value: "1,2"),
                LambdaEvent.Field(name: "Cookie", value: "a=1; b=\"2\""),
            ])
        #expect(event.body == ByteBuffer(string: "{\"é\":1}"))
    }

    @Test func `reads payload 1_0, all values of a field`() throws {
        let event = try parse(
            #"{"httpMethod":"GET","path":"/health","headers":{"X":"2"},"multiValueHeaders":{"X":["1","2"],"Host":["h"]},"#
                + #""multiValueQueryStringParameters":{"a b":["1&2","é"]},"body":null}"#)
        #expect(event.form == .multiple)
        #expect(event.target == "/health?a%20b=1%262&a%20b=%C3%A9")
        #expect(event.fields.map { "\($0.name): \($0.value)" } == ["X: 1", "X: 2", "Host: h"])
        #expect(event.body == nil)
    }

    @Test func `reads events of a load balancer, whose query is encoded`() throws {
        let event = try parse(
            #"{"httpMethod":"GET","path":"/health","headers":{"host":"h"},"queryStringParameters":{"a":"%20b"},"#
                + #""requestContext":{"elb":{"targetGroupArn":"arn"}},"body":"","isBase64Encoded":false}"#)
        #expect(event.form == .single)
        #expect(event.target == "/health?a=%20b")
        #expect(event.body == ByteBuffer())
    }

    @Test(arguments: [
        ("/mcp", "$default", "/mcp"), ("/prod/mcp", "prod", "/mcp"), ("/mcp", "prod", "/mcp"), ("/mcp", "mcp", "/mcp"),
        ("/mcp/mcp", "mcp", "/mcp"), ("/a b?c#d%zz%41é", "$default", "/a%20b%3Fc%23d%25zz%41%C3%A9"),
        ("/%", "$default", "/%25"), ("//x", "$default", "//x"),
    ])
    func `makes a target of a path`(_ path: String, _ stage: String, _ target: String) throws {
        #expect(try parse(LambdaEvents.version2("GET", path, stage: stage)).target == target)
    }

    @Test func `writes a request`() throws {
        let event = LambdaEvents.version2(
            "POST", "/mcp",
            headers: [
                "host": "h", "content-length": "99", "connection": "close", "transfer-encoding": "chunked",
                "expect": "100-continue", "upgrade": "h2c", "x-amzn-trace-id": "theirs",
                "x-forwarded-for": "203.0.113.7",
            ], body: "aGk=", isBase64: true)
        #expect(
            try request(event, traceID: "Root=1-2")
                == "POST /mcp HTTP/1.1\r\nhost: h\r\nx-forwarded-for: 203.0.113.7\r\nX-Amzn-Trace-Id: Root=1-2\r\n"
                + "Content-Length: 2\r\n\r\nhi")
        #expect(try request(event).contains("x-amzn-trace-id: theirs\r\n"))
    }

    @Test func `tells how long a body is that is not there, and asks for pages with GET`() throws {
        #expect(try request(LambdaEvents.version2("POST", "/mcp")).hasSuffix("Content-Length: 0\r\n\r\n"))
        let head = try request(LambdaEvents.version1("HEAD", "/health"))
        #expect(head.hasPrefix("GET /health HTTP/1.1\r\n"))
        #expect(!head.contains("Content-Length"))
    }

    @Test func `takes the host from the context where no header names it`() throws {
        #expect(
            try request(LambdaEvents.version2("GET", "/")).contains("Host: a1b2c3.lambda-url.eu-west-1.on.aws\r\n"))
        #expect(try request(#"{"httpMethod":"GET","path":"/"}"#).contains("Host: lambda\r\n"))
        let odd = #"{"httpMethod":"GET","path":"/","requestContext":{"domainName":"a\r\nb"}}"#
        #expect(try request(odd).contains("Host: lambda\r\n"))
    }

    @Test(arguments: [
        ("", "not JSON"), ("{", "not JSON"), ("[]", "it has no method"), ("null", "it has no method"),
        ("\"x\"", "it has no method"), (#"{"a":1,"a":1}"#, "not JSON"), (#"{"Records":[]}"#, "it has no method"),
        (#"{"httpMethod":"GET"}"#, "it has no path"), (#"{"httpMethod":1,"path":"/"}"#, "it has no method"),
        (#"{"httpMethod":"GET /x","path":"/"}"#, "its method cannot be"),
        (#"{"httpMethod":"","path":"/"}"#, "its method cannot be"),
        (#"{"httpMethod":"CONNECT","path":"/"}"#, "its method cannot be"),
        (#"{"httpMethod":"GET","path":""}"#, "its path has no / in front"),
        (#"{"httpMethod":"GET","path":"http://x/"}"#, "its path has no / in front"),
        (#"{"httpMethod":"GET","path":"/","headers":{"a":1}}"#, "a header is no text"),
        (#"{"httpMethod":"GET","path":"/","multiValueHeaders":{"a":[1]}}"#, "a header is no text"),
        (#"{"httpMethod":"GET","path":"/","headers":{"a:b":"1"}}"#, "the name of a header cannot be"),
        (#"{"httpMethod":"GET","path":"/","headers":{"":"1"}}"#, "the name of a header cannot be"),
        (#"{"httpMethod":"GET","path":"/","headers":{"a":"1\r\nb: 2"}}"#, "the value of a header cannot be"),
        (#"{"httpMethod":"GET","path":"/","headers":{"a":"\u0000"}}"#, "the value of a header cannot be"),
        (#"{"httpMethod":"GET","path":"/","body":{}}"#, "its body is no text"),
        (#"{"httpMethod":"GET","path":"/","body":"a","isBase64Encoded":true}"#, "its body is not Base64"),
        (#"{"version":"2.0","rawPath":"/"}"#, "it has no method"),
        (#"{"version":"2.0","requestContext":{"http":{"method":"GET"}}}"#, "it has no rawPath"),
        (
            #"{"version":"2.0","rawPath":"/","requestContext":{"http":{"method":"GET"}},"cookies":["a\n"]}"#,
            "the value of a header cannot be"
        ),
    ])
    func `refuses what is no request`(_ text: String, _ expected: String) {
        #expect(reason(text) == expected)
    }
}
