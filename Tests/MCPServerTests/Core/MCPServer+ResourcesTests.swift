import MCPServer
import NIOCore
import Testing
import Wire

struct MCPServerResourcesTests {
    let core = Core()

    @Test(arguments: MCPProtocolVersion.allCases)
    func `lists resources with the members that a revision knows`(_ version: MCPProtocolVersion) async throws {
        let asked = try await core.ask("resources/list", "{}", version)
        let resources = try #require(asked.result?["resources"]?.arrayValue)
        #expect(resources.map { $0["uri"] } == ["test://note", "test://lost"])
        #expect((resources[0]["title"] == "Note") == (version >= .v2025_06_18))
        #expect(resources[0]["mimeType"] == "text/plain")
        #expect(resources[0]["name"] == "note")
    }

    @Test(arguments: MCPProtocolVersion.allCases)
    func `has no templates`(_ version: MCPProtocolVersion) async throws {
        let asked = try await core.ask("resources/templates/list", nil, version)
        #expect(asked.result?["resourceTemplates"] == [])
    }

    @Test(arguments: MCPProtocolVersion.allCases)
    func `reads a resource`(_ version: MCPProtocolVersion) async throws {
        let asked = try await core.ask("resources/read", #"{"uri":"test://note"}"#, version)
        let expected: JSONValue = [
            ["uri": "test://note", "mimeType": "text/plain", "text": "a \"note\"\n"]
        ]
        #expect(asked.result?["contents"] == expected)
        if version.era == .modern {
            #expect(asked.result?["ttlMs"] == 1_500)
            #expect(asked.result?["cacheScope"] == "public")
        }
    }

    @Test(arguments: MCPProtocolVersion.allCases)
    func `says that a resource is not there as the revision demands`(_ version: MCPProtocolVersion) async throws {
        let asked = try await core.ask("resources/read", #"{"uri":"test://\u006eo\"pe"}"#, version)
        #expect(asked.errorCode == (version.era == .modern ? -32_602 : -32_002))
        #expect(asked.json["error"]?["data"]?["uri"] == "test://no\"pe")
        #expect(asked.answer.status == 200)
        #expect(asked.answer.problem == .resourceNotFound)
    }

    @Test func `refuses a read without a URI`() async throws {
        #expect(try await core.ask("resources/read", "{}", .v2026_07_28).errorCode == -32_602)
        #expect(try await core.ask("resources/read", #"{"uri":1}"#, .v2025_06_18).errorCode == -32_602)
    }

    @Test func `hides why a resource cannot be read`() async throws {
        let asked = try await core.ask("resources/read", #"{"uri":"test://lost"}"#, .v2026_07_28)
        #expect(asked.errorCode == -32_603)
        #expect(asked.errorMessage == "Internal error")
        #expect(!asked.json.description.contains("hunter2"))
    }
}
