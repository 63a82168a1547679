import NIOCore
import Testing
import Wire

@testable import MCPServer

/// A server without a transport, asked with texts. What it answers is judged by the published schemas.
struct Core {
    var server = MCPServer(
        ServerInfo(name: "test", version: "1.2.3", title: "Test"), instructions: "Be kind.",
        tools: [Echo(), Plain(), Broken()], resources: [Note(), Lost()], logger: silentLogger)

    /// The answer to a message that a transport has classified as one of `version`.
    func answer(
        to text: String, _ version: MCPProtocolVersion, session: ClientSession? = nil,
        outlet: (any MessageOutlet)? = nil, principal: [UInt8]? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        let conversation = Conversation(version)
        conversation.ask(text)
        var scratch = JSONScratch(seed: 1)
        let body = ByteBuffer(string: text)
        let envelope = try body.withByteView { bytes throws(JSONRPCError) in
            try JSONRPCEnvelope.scan(bytes, scratch: &scratch)
        }
        var message = IncomingMessage(body: body, envelope: envelope, version: version, session: session)
        message.principal = principal
        let answer = await server.receive(message).answer(through: outlet)
        if answer.body.readableBytes > 0 {
            conversation.hear(String(buffer: answer.body), sourceLocation: sourceLocation)
        }
        return answer
    }

    /// The answer to a request, checked as every answer must be.
    func ask(
        _ method: String, _ params: String? = nil, _ version: MCPProtocolVersion, session: ClientSession? = nil,
        outlet: (any MessageOutlet)? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Asked {
        let params = params.map { ",\"params\":\($0)" } ?? ""
        let answer = try await answer(
            to: "{\"jsonrpc\":\"2.0\",\"id\":\"\\u0061\",\"method\":\"\(method)\"\(params)}", version,
            session: session, outlet: outlet, sourceLocation: sourceLocation)
        let json = try JSONValue.parse(String(buffer: answer.body))
        #expect(json["jsonrpc"] == "2.0", sourceLocation: sourceLocation)
        #expect(String(buffer: answer.body).contains(#""id":"\u0061""#), sourceLocation: sourceLocation)
        if let result = json["result"] {
            #expect(json["error"] == nil, sourceLocation: sourceLocation)
            checkResult(result, method, version, sourceLocation)
        } else {
            #expect(json["error"]?["code"]?.int64Value != nil, sourceLocation: sourceLocation)
            #expect(json["error"]?["message"]?.stringValue?.isEmpty == false, sourceLocation: sourceLocation)
        }
        return Asked(answer: answer, json: json)
    }

    private func checkResult(
        _ result: JSONValue, _ method: String, _ version: MCPProtocolVersion, _ location: SourceLocation
    ) {
        let isModern = version.era == .modern
        let cacheable = [
            "server/discover", "tools/list", "resources/list", "resources/templates/list", "resources/read",
            "prompts/list",
        ].contains(method)
        #expect((result["resultType"] == "complete") == isModern, sourceLocation: location)
        let name = result["_meta"]?["io.modelcontextprotocol/serverInfo"]?["name"]
        #expect((name == "test") == isModern, sourceLocation: location)
        #expect((result["ttlMs"]?.int64Value != nil) == (isModern && cacheable), sourceLocation: location)
        #expect((result["cacheScope"]?.stringValue != nil) == (isModern && cacheable), sourceLocation: location)
    }

    /// An answer and what it says.
    struct Asked {
        var answer: Answer
        var json: JSONValue

        var result: JSONValue? { json["result"] }
        var errorCode: Int64? { json["error"]?["code"]?.int64Value }
        var errorMessage: String? { json["error"]?["message"]?.stringValue }
        var text: String? { result?["content"]?[0]?["text"]?.stringValue }
    }
}

extension MCPProtocolVersion {
    static var legacy: [MCPProtocolVersion] { allCases.filter { $0.era == .legacy } }
}
