import NIOCore
import Testing
import Wire

@testable import mcp_load

@Suite struct RequestTemplateTests {
    private func settings(tool: String? = "t", arguments: String = #"{"id":5}"#, headers: [String] = []) throws
        -> LoadSettings
    {
        LoadSettings(
            endpoint: try Endpoint("http://127.0.0.1:9/mcp"), era: .modern, headers: headers,
            call: try CallContent(tool: tool, arguments: arguments, payload: 0), connections: 1, threads: 1,
            end: .requests(1), rate: nil, warmup: .zero, timeout: .seconds(1), expectedText: nil, processes: [])
    }

    /// Parses what a server would parse, and checks that the body is as long as the head says.
    private func check(
        _ buffer: ByteBuffer, _ body: (HTTPRequestHead, ByteView, JSONRPCEnvelope?, ByteView) throws -> Void
    ) throws {
        try buffer.withByteView { bytes in
            var parser = HTTPHeadParser(.request)
            let isComplete = try parser.parse(bytes)
            try #require(isComplete)
            let head = parser.request
            let message = bytes.slice(from: head.byteCount, to: bytes.count)
            guard head.framing != .none else {
                try body(head, bytes, nil, message)
                return
            }
            #expect(head.framing == .length(message.count))
            var scratch = JSONScratch(seed: 1)
            try body(head, bytes, try JSONRPCEnvelope.scan(message, scratch: &scratch), message)
        }
    }

    @Test func `a modern call mirrors method and name and carries its envelope`() throws {
        let template = RequestTemplates(try settings(tool: "größe", headers: ["Authorization: Bearer x\r\n"]))
            .modernCall
        try check(template.bytes) { head, bytes, envelope, message in
            #expect(head.method == .post)
            #expect(bytes[head.path].string == "/mcp")
            #expect(head.fields[.mcpMethod].map { bytes[$0].string } == "tools/call")
            #expect(head.fields[.mcpName].map { bytes[$0].string } == "=?base64?Z3LDtsOfZQ==?=")
            #expect(head.fields[.mcpProtocolVersion].map { bytes[$0].string } == "2026-07-28")
            #expect(head.fields[.authorization].map { bytes[$0].string } == "Bearer x")
            let envelope = try #require(envelope)
            #expect(envelope.kind == .request)
            #expect(envelope.metaProtocolVersion?.equals("2026-07-28", in: message) == true)
            #expect(envelope.arguments.map { message[$0].string } == #"{"id":5}"#)
        }
    }

    @Test func `a legacy call carries its session and no envelope`() throws {
        let session = LegacySession(id: "abc", revision: "2025-06-18")
        try check(RequestTemplates(try settings(tool: nil, arguments: "{}")).legacyCall(session).bytes) {
            head, bytes, envelope, _ in
            #expect(head.fields[.mcpSessionID].map { bytes[$0].string } == "abc")
            #expect(head.fields[.mcpProtocolVersion].map { bytes[$0].string } == "2025-06-18")
            #expect(envelope?.meta == nil)
            #expect(envelope?.params == nil)
        }
    }

    @Test func `the handshake is made of a request, a notification and an end`() throws {
        let templates = RequestTemplates(try settings())
        let session = LegacySession(id: nil, revision: "2025-11-25")
        try check(templates.initialize.bytes) { head, bytes, envelope, message in
            #expect(envelope?.kind == .request)
            #expect(envelope?.protocolVersion?.equals("2025-11-25", in: message) == true)
            #expect(head.fields[.mcpProtocolVersion] == nil)
        }
        try check(templates.initialized(session).bytes) { _, _, envelope, _ in
            #expect(envelope?.kind == .notification)
        }
        try check(templates.delete(session).bytes) { head, _, _, _ in
            #expect(head.method == .delete)
            #expect(head.framing == .none)
        }
        try check(templates.discover.bytes) { _, _, envelope, message in
            #expect(envelope?.method?.equals("server/discover", in: message) == true)
        }
    }

    @Test(arguments: [RequestTemplate.firstID, RequestTemplate.firstID + 1, 123_456_789_012, 999_999_999_999])
    func `writes an id and nothing else`(id: Int) throws {
        let template = RequestTemplates(try settings()).modernCall
        var buffer = template.bytes
        template.set(id, in: &buffer)
        #expect(buffer.readableBytes == template.bytes.readableBytes)
        try check(buffer) { _, _, envelope, message in
            #expect(envelope?.id.map { message[$0.range].string } == "\(id)")
        }
        template.set(RequestTemplate.firstID, in: &buffer)
        #expect(buffer == template.bytes)
    }
}
