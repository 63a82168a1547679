import MCPServer
import Testing
import Wire

/// Servers that speak one era only, as clients of the other find them.
@Suite(.timeLimit(.minutes(1))) struct OneEraTests {
    @Test func `a modern server tells a legacy client which revisions it could use`() async throws {
        try await TestServer.with(eras: [.modern]) { server in
            let refused = try await server.ask(Request.initialize(.v2025_11_25))
            #expect(refused.status == 400)
            #expect(refused.errorCode == -32_022)
            #expect(refused.json?["id"] == 1)
            #expect(refused.json?["error"]?["data"]?["supported"] == ["2026-07-28"])
            #expect(refused.json?["error"]?["data"]?["requested"] == "2025-11-25")
            try await server.expect(400, Request.legacy("tools/list", session: nil))
            try await server.expect(202, Request.post(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#))
            try await server.expect(400, Request.post(#"{"jsonrpc":"2.0","id":1,"result":{}}"#))
            try await server.expect(400, Request.post(#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#))
            for method in ["GET", "DELETE"] {
                let answer = try await server.ask(Request.get("/mcp", method: method))
                #expect(answer.status == 405)
                #expect(answer.fields["allow"] == "POST")
            }
            let discovered = try await server.ask(Request.modern("server/discover"))
            #expect(discovered.json?["result"]?["supportedVersions"] == ["2026-07-28"])
        }
    }

    @Test func `a legacy server knows nothing of what came later`() async throws {
        try await TestServer.with(eras: [.legacy]) { server in
            for text in [
                Request.modern("server/discover"), Request.modern("tools/list"),
                // What a modern server would answer with codes of its own.
                Request.modern("tools/list", version: "2099-01-01"),
                Request.modern("tools/list").replacingFirst("Mcp-Method: tools/list", "Mcp-Method: x"),
            ] {
                let refused = try await server.ask(text)
                #expect(refused.status == 400)
                let code = try #require(refused.errorCode)
                #expect(![-32_020, -32_021, -32_022].contains(code))
            }
            let session = try await server.openSession(.v2025_06_18)
            try await server.expect(200, Request.legacy("tools/list", session: session))
        }
    }
}

extension String {
    fileprivate func replacingFirst(_ old: String, _ new: String) -> String {
        guard let range = firstRange(of: old) else { return self }
        return String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
    }
}
