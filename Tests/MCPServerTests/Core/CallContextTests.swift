import MCPServer
import NIOCore
import Testing
import Wire

@Suite struct CallContextTests {
    private let core = Core(
        server: MCPServer(ServerInfo(name: "test", version: "1"), tools: [Talkative(), Gate()], logger: silentLogger))

    /// What is said to a client that calls `talk` with this `_meta`.
    private func said(
        _ meta: String, _ version: MCPProtocolVersion, session: ClientSession? = nil
    ) async throws -> [JSONValue] {
        let outlet = RecordingOutlet(version)
        let asked = try await core.ask(
            "tools/call", #"{"name":"talk","_meta":{\#(meta)}}"#, version, session: session, outlet: outlet)
        #expect(asked.text == "said")
        #expect(outlet.sent.allSatisfy { $0["jsonrpc"] == "2.0" && $0["id"] == nil })
        return outlet.sent
    }

    @Test(arguments: MCPProtocolVersion.allCases, [#""t""#, "7"])
    func `reports progress that goes on, to those who want to know`(
        _ version: MCPProtocolVersion, _ token: String
    ) async throws {
        let sent = try await said(#""progressToken":\#(token)"#, version).filter {
            $0["method"] == "notifications/progress"
        }
        #expect(sent.count == 2)
        #expect(sent[0]["params"]?["progressToken"] == (try JSONValue.parse(token)))
        #expect(sent[0]["params"]?["progress"] == 1 && sent[0]["params"]?["total"] == 3)
        #expect((sent[0]["params"]?["message"] == "one") == (version >= .v2025_03_26))
        #expect(sent[1]["params"]?["progress"] == 2.5 && sent[1]["params"]?["total"] == nil)
        for none in ["", #""progressToken":null"#, #""progressToken":{}"#, #""progressToken":1.5"#] {
            #expect(try await said(none, version).allSatisfy { $0["method"] != "notifications/progress" })
        }
    }

    private func logged(_ sent: [JSONValue]) -> [String?] {
        sent.filter { $0["method"] == "notifications/message" }.map { $0["params"]?["level"]?.stringValue }
    }

    @Test func `logs to a modern client what its request asks for`() async throws {
        #expect(logged(try await said("", .v2026_07_28)) == [])
        let key = "io.modelcontextprotocol/logLevel"
        #expect(logged(try await said(#""\#(key)":"error""#, .v2026_07_28)) == [])
        #expect(logged(try await said(#""\#(key)":"warning""#, .v2026_07_28)) == ["warning"])
        let all = try await said(#""\#(key)":"debug""#, .v2026_07_28)
        #expect(logged(all) == ["debug", "warning"])
        #expect(all[0]["params"] == ["level": "debug", "logger": "talk", "data": "details"])
        #expect(all[1]["params"] == ["level": "warning", "data": ["careful": true]])
    }

    @Test(arguments: MCPProtocolVersion.legacy)
    func `logs to a legacy client what its session wants`(_ version: MCPProtocolVersion) async throws {
        let session = ClientSession(version: version)
        #expect(logged(try await said("", version, session: session)) == ["warning"])
        for (level, expected) in [("debug", ["debug", "warning"]), ("alert", []), ("info", ["warning"])] {
            let set = try await core.ask("logging/setLevel", #"{"level":"\#(level)"}"#, version, session: session)
            #expect(set.result == [:])
            #expect(logged(try await said("", version, session: session)) == expected)
        }
        for wrong in ["{}", #"{"level":"loud"}"#, #"{"level":1}"#] {
            #expect(try await core.ask("logging/setLevel", wrong, version, session: session).errorCode == -32_602)
        }
        #expect(logged(try await said("", version, session: session)) == ["warning"])
    }

    @Test func `says nothing where nobody listens`() async throws {
        let context = CallContext(version: .v2026_07_28)
        await context.report(progress: 1)
        await context.log(.emergency, "x")
        #expect(!context.logs(.emergency))
        #expect(
            try await core.ask("tools/call", #"{"name":"talk","_meta":{"progressToken":1}}"#, .v2025_11_25).text
                == "said")
    }
}
