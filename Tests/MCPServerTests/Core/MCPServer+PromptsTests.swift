import MCPServer
import Testing
import Wire

@Suite struct `prompts, templates, completion and pages` {
    private let core = Core(
        server: MCPServer(
            ServerInfo(name: "test", version: "1"), tools: [Echo(), Plain(), Gallery()], resources: [Note()],
            templates: [Files()], prompts: [Greeting()], logger: silentLogger))

    // MARK: Prompts

    @Test(arguments: MCPProtocolVersion.allCases)
    func `lists prompts as the revision knows them`(_ version: MCPProtocolVersion) async throws {
        let listed = try await core.ask("prompts/list", nil, version).result?["prompts"]
        let prompt = try #require(listed?[0])
        #expect(prompt["name"] == "greeting" && prompt["description"] == "Greets somebody.")
        let knowsTitles = version >= .v2025_06_18
        #expect((prompt["title"] == "Greeting") == knowsTitles)
        #expect((prompt["arguments"]?[0]?["title"] == "Who") == knowsTitles)
        #expect(prompt["arguments"]?[0]?["required"] == true)
        #expect(prompt["arguments"]?[1] == ["name": "style", "description": "How."])
    }

    @Test(arguments: MCPProtocolVersion.allCases)
    func `fills a prompt in`(_ version: MCPProtocolVersion) async throws {
        let asked = try await core.ask("prompts/get", #"{"name":"greeting","arguments":{"who":"\u00e9ve"}}"#, version)
        let messages = asked.result?["messages"]
        #expect(messages?[0] == ["role": "user", "content": ["type": "text", "text": "Hello, éve!"]])
        #expect(messages?[1]?["role"] == "assistant")
        #expect(messages?[1]?["content"] == ["type": "image", "data": "AQIDBA==", "mimeType": "image/png"])
    }

    @Test(arguments: [
        (#"{"name":"greeting"}"#, -32_602), (#"{"name":"greeting","arguments":{"style":"kind"}}"#, -32_602),
        (#"{"name":"nobody","arguments":{"who":"x"}}"#, -32_602), (#"{"name":7}"#, -32_602), ("{}", -32_602),
        (#"{"name":"greeting","arguments":{"who":7}}"#, -32_602), (#"{"name":"greeting","arguments":[]}"#, -32_602),
        (#"{"name":"greeting","arguments":{"who":"x","style":"rude"}}"#, -32_602),
        (#"{"name":"greeting","arguments":{"who":"x","style":"broken"}}"#, -32_603),
    ])
    func `says what is wrong with a request for a prompt`(_ params: String, _ code: Int64) async throws {
        for version in MCPProtocolVersion.allCases {
            let asked = try await core.ask("prompts/get", params, version)
            #expect(asked.errorCode == code)
            #expect(asked.errorMessage?.contains("hunter2") == false)
        }
    }

    // MARK: Templates

    @Test(arguments: MCPProtocolVersion.allCases)
    func `lists and reads resources of a family`(_ version: MCPProtocolVersion) async throws {
        let listed = try await core.ask("resources/templates/list", nil, version).result?["resourceTemplates"]
        #expect(listed?[0]?["uriTemplate"] == "test://files/{folder}/{+path}")
        let read = try await core.ask("resources/read", #"{"uri":"test://files/in%20box/a/b.txt"}"#, version)
        // "in box|a/b.txt"
        #expect(read.result?["contents"]?[0]?["blob"] == "aW4gYm94fGEvYi50eHQ=")
        #expect(read.result?["contents"]?[0]?["uri"] == "test://files/in%20box/a/b.txt")
        #expect((read.result?["ttlMs"] == 2_000) == (version.era == .modern))
        let missing = try await core.ask("resources/read", #"{"uri":"test://files/none/x"}"#, version)
        #expect(missing.errorCode == (version.era == .modern ? -32_602 : -32_002))
        #expect(missing.json["error"]?["data"]?["uri"] == "test://files/none/x")
        #expect(try await core.ask("resources/read", #"{"uri":"test://files/broken/x"}"#, version).errorCode == -32_603)
    }

    // MARK: Completion

    @Test func `completes arguments and variables`() async throws {
        func values(_ params: String, _ version: MCPProtocolVersion = .v2025_11_25) async throws -> JSONValue? {
            try await core.ask("completion/complete", params, version).result?["completion"]?["values"]
        }
        let prompt = #""ref":{"type":"ref/prompt","name":"greeting"}"#
        #expect(try await values(#"{\#(prompt),"argument":{"name":"who","value":"An"}}"#) == ["Ann", "Anton"])
        #expect(try await values(#"{\#(prompt),"argument":{"name":"style","value":""}}"#) == [])
        let context = #""context":{"arguments":{"not":"Ann"}}"#
        let known = #"{\#(prompt),"argument":{"name":"who","value":"An"},\#(context)}"#
        #expect(try await values(known) == ["Anton"])
        #expect(try await values(known, .v2026_07_28) == ["Anton"])
        // Not known yet to that revision.
        #expect(try await values(known, .v2025_03_26) == ["Ann", "Anton"])
        let files = #""ref":{"type":"ref/resource","uri":"test://files/{folder}/{+path}"}"#
        #expect(try await values(#"{\#(files),"argument":{"name":"folder","value":"o"}}"#) == ["outbox"])
        let note = #""ref":{"type":"ref/resource","uri":"test://note"}"#
        #expect(try await values(#"{\#(note),"argument":{"name":"x","value":"o"}}"#) == [])

        let many = try await core.ask(
            "completion/complete", #"{\#(prompt),"argument":{"name":"who","value":"many"}}"#, .v2026_07_28)
        #expect(many.result?["completion"]?["values"]?.arrayValue?.count == 100)
        #expect(many.result?["completion"]?["total"] == 150)
        #expect(many.result?["completion"]?["hasMore"] == true)
        #expect(try await core.ask("completion/complete", known, .v2024_11_05).errorCode == -32_601)
    }

    @Test(arguments: [
        "{}", #"{"ref":{"type":"ref/prompt","name":"greeting"}}"#,
        #"{"ref":{"type":"ref/prompt","name":"nobody"},"argument":{"name":"who","value":""}}"#,
        #"{"ref":{"type":"ref/prompt","name":"greeting"},"argument":{"name":"nothing","value":""}}"#,
        #"{"ref":{"type":"ref/prompt","name":"greeting"},"argument":{"name":"who","value":7}}"#,
        #"{"ref":{"type":"ref/else","name":"greeting"},"argument":{"name":"who","value":""}}"#,
        #"{"ref":{"type":"ref/resource","uri":"test://x"},"argument":{"name":"who","value":""}}"#,
        #"{"ref":{"type":"ref/prompt","name":"greeting"},"argument":{"name":"who","value":""},"context":{"arguments":{"a":1}}}"#,
    ])
    func `says what is wrong with a completion`(_ params: String) async throws {
        #expect(try await core.ask("completion/complete", params, .v2025_11_25).errorCode == -32_602)
    }

    // MARK: Content

    @Test(arguments: MCPProtocolVersion.allCases)
    func `shows what a revision cannot as text`(_ version: MCPProtocolVersion) async throws {
        let content = try await core.ask("tools/call", #"{"name":"gallery"}"#, version).result?["content"]
        #expect(content?[1] == ["type": "image", "data": "/wB/", "mimeType": "image/png"])
        #expect(
            content?[2]
                == (version >= .v2025_03_26
                    ? ["type": "audio", "data": "/wB/", "mimeType": "audio/wav"]
                    : ["type": "text", "text": "[audio/wav, 3 bytes]"]))
        #expect(
            content?[3]
                == (version >= .v2025_06_18
                    ? ["type": "resource_link", "uri": "test://note", "name": "note", "mimeType": "text/plain"]
                    : ["type": "text", "text": "note: test://note"]))
        #expect(
            content?[4]
                == [
                    "type": "resource",
                    "resource": ["uri": "test://r", "mimeType": "text/plain", "text": "inside"],
                ])
        #expect(content?[5]?["resource"]?["blob"] == "/wB/")
    }

    // MARK: Pages

    @Test(arguments: MCPProtocolVersion.allCases, [1, 2, 3, 10])
    func `gives a list in pages, each entry once`(_ version: MCPProtocolVersion, _ pageSize: Int) async throws {
        let paged = Core(
            server: MCPServer(
                ServerInfo(name: "test", version: "1"), tools: [Echo(), Plain(), Gallery()], pageSize: pageSize,
                logger: silentLogger))
        var names: [String] = []
        var cursor: String?
        var pageCount = 0
        repeat {
            let params = cursor.map { #"{"cursor":"\#($0)"}"# }
            let result = try await paged.ask("tools/list", params, version).result
            names += result?["tools"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? []
            cursor = result?["nextCursor"]?.stringValue
            pageCount += 1
        } while cursor != nil && pageCount < 10
        #expect(names == ["echo", "plain", "gallery"])
        #expect(pageCount == (3 + pageSize - 1) / pageSize)
        for wrong in ["", "x", "cGFnZSAz", "cGFnZSAw", "cGFnZSAwMQ==", "cGFnZSAtMQ==", "cGFnZSA5OTk5OTk5OTk5OTk5"] {
            #expect(try await paged.ask("tools/list", #"{"cursor":"\#(wrong)"}"#, version).errorCode == -32_602)
        }
    }
}
