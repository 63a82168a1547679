import NIOCore
import Testing
import Wire

@testable import Gateway

@Suite struct `forwarded fields` {
    private func forwarded(_ fields: [String], era: MCPEra = .modern) throws -> [String] {
        let text =
            "POST /mcp HTTP/1.1\r\nHost: gw\r\nContent-Length: 2\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
        return try lines { view, writer in
            var parser = HTTPHeadParser(.request)
            let isComplete = try parser.parse(view)
            #expect(isComplete)
            ForwardedFields.request(parser.request.fields, view, era: era, into: &writer)
        } from: {
            text
        }
    }

    private func answered(_ fields: [String]) throws -> [String] {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
        return try lines { view, writer in
            var parser = HTTPHeadParser(.response)
            let isComplete = try parser.parse(view)
            #expect(isComplete)
            ForwardedFields.answer(parser.response.fields, view, withContentType: true, into: &writer)
        } from: {
            text
        }
    }

    private func lines(
        _ write: (ByteView, inout HTTPHeadWriter) throws -> Void, from text: () -> String
    ) throws -> [String] {
        let bytes = Array(text().utf8)
        return try bytes.withUnsafeBytes { raw in
            var writer = HTTPHeadWriter(ByteBuffer(), reserving: 64)
            try write(ByteView(raw), &writer)
            let head = String(buffer: writer.finish())
            return head.split(separator: "\r\n").map(String.init)
        }
    }

    @Test(arguments: [
        "Content-Type: application/json", "Accept: text/event-stream", "MCP-Protocol-Version: 2026-07-28",
        "Mcp-Method: tools/call", "Mcp-Name: =?base64?w6k=?=", "Mcp-Param-Region: eu", "traceparent: 00-1-2-01",
        "User-Agent: x", "x-request-id: 7",
    ])
    func `go on as they came`(field: String) throws {
        #expect(try forwarded([field]) == [field])
    }

    @Test(arguments: [
        "Authorization: Bearer secret", "Cookie: a=b", "Origin: https://app.example", "Mcp-Session-Id: g1.x",
        "Accept-Encoding: gzip", "Connection: close", "Keep-Alive: timeout=5", "Proxy-Authorization: x", "TE: trailers",
        "Trailer: x", "Upgrade: h2c", "HTTP2-Settings: x", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Host: evil",
        "Forwarded: for=1.2.3.4", "X-Real-IP: 1.2.3.4", "X-Gateway-Identity: root", "mcp_method: tools/list",
        "Content_Length: 9",
    ])
    func `stay here`(field: String) throws {
        #expect(try forwarded([field]) == [])
    }

    @Test func `that Connection names stay here, but not the ones that must arrive`() throws {
        let fields = [
            "Connection: X-Private, Mcp-Method, close", "X-Private: 1", "Mcp-Method: tools/call", "X-Other: 2",
        ]
        #expect(try forwarded(fields) == ["Mcp-Method: tools/call", "X-Other: 2"])
        #expect(
            try forwarded([
                "Connection: Mcp-Param-Region, traceparent", "Mcp-Param-Region: eu", "traceparent: 00-1-2-01",
            ])
                == ["Mcp-Param-Region: eu"])
    }

    @Test func `let only legacy clients resume`() throws {
        #expect(try forwarded(["Last-Event-ID: 5"], era: .legacy) == ["Last-Event-ID: 5"])
        #expect(try forwarded(["Last-Event-ID: 5"], era: .modern) == [])
    }

    @Test func `of answers keep what is the client's`() throws {
        let fields = [
            "Content-Type: application/json", "Cache-Control: no-cache", "X-Accel-Buffering: no",
            "Set-Cookie: a=b", "WWW-Authenticate: Bearer resource_metadata=x", "Server: uvicorn", "Date: x",
            "Mcp-Session-Id: raw", "Keep-Alive: timeout=5", "Connection: X-Private", "X-Private: 1",
        ]
        #expect(
            try answered(fields) == [
                "Content-Type: application/json", "Cache-Control: no-cache", "X-Accel-Buffering: no",
            ])
    }
}
