import Foundation
import Testing

extension Integration {
    /// Sessions of legacy clients: the id is sealed, and everything with it goes to the backend that opened it.
    @Suite struct Sessions {
        @Test(arguments: ["2025-03-26", "2025-06-18", "2025-11-25"])
        func `a session stays with its backend`(version: String) async throws {
            let (gateway, _) = try await Integration.threeServers(more: "workers: 2")
            var names: Set<String> = []
            var ids: Set<String> = []
            // Each event loop takes turns of its own: of two, one opens at least three.
            for _ in 1...6 {
                let opening = try await gateway.send(.initialize(version: version))
                #expect(opening.status == 200)
                #expect(opening.message["result"]["protocolVersion"].string == version)
                let server = try #require(opening.message["result"]["serverInfo"]["name"].string)
                let session = try #require(opening.fields["mcp-session-id"])
                #expect(session.utf8.allSatisfy { (0x21...0x7e).contains($0) })
                names.insert(server)
                ids.insert(session)

                let initialized = HTTPCall(
                    fields: HTTPCall.jsonAndEvents, body: #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
                #expect(try await gateway.send(initialized.inSession(session)).status == 202)
                for number in 1...5 {
                    let reply = try await gateway.send(
                        HTTPCall.process("n\(number)", id: "\(number)", era: .legacy).inSession(session))
                    #expect(reply.status == 200)
                    // Structured content came with 2025-06-18; the text has been there always.
                    let text = try #require(reply.message["result"]["content"][0]["text"].string)
                    #expect(JSON(parsing: text)["result"]["mark"].string == "N\(number)")
                }
            }
            #expect(names == ["tools-1", "tools-2", "tools-3"])
            #expect(ids.count == 6)
        }

        @Test func `GET and DELETE go to the session's backend`() async throws {
            let good = #"{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}"#
            let backends = try (1...3).map { number in
                try ScriptedBackend { request in
                    if request.head.hasPrefix("GET") {
                        return .bytes(
                            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
                                + "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"data\":\(number)}}\n\n",
                            .close)
                    }
                    if request.head.hasPrefix("DELETE") {
                        return .bytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    }
                    return .bytes(
                        ScriptedBackend.Answer.json(
                            #"{"jsonrpc":"2.0","id":\#(request.id),"result":\#(good)}"#,
                            fields: "Mcp-Session-Id: upstream-\(number)\r\n"))
                }
            }
            let gateway = try await RunningGateway.start(backends: backends, more: "workers: 1")
            for _ in 1...3 {
                let session = try #require(try await gateway.send(.initialize()).fields["mcp-session-id"])
                #expect(!session.contains("upstream"), "the backend's own id got out")
                var get = HTTPCall(method: "GET", fields: [(name: "Accept", value: "text/event-stream")])
                let stream = try await gateway.send(get.inSession(session))
                #expect(stream.status == 200)
                let number = try #require(stream.message["params"]["data"].int)
                get.method = "DELETE"
                #expect(try await gateway.send(get.inSession(session)).status == 200)

                let requests = backends[number - 1].requests
                #expect(requests.count { $0.head.hasPrefix("GET /mcp HTTP/1.1\r\n") } == 1)
                #expect(requests.count { $0.head.hasPrefix("DELETE /mcp HTTP/1.1\r\n") } == 1)
                let withSession = requests.filter {
                    $0.head.lowercased().contains("mcp-session-id: upstream-\(number)\r\n")
                }
                #expect(withSession.count == 2)
            }
        }

        @Test func `a session that is none is 404, and the client starts anew`() async throws {
            let (gateway, _) = try await Integration.threeServers()
            let session = try #require(try await gateway.send(.initialize()).fields["mcp-session-id"])
            let characters = Array(session)
            var forged = characters
            forged[characters.count / 2] = characters[characters.count / 2] == "A" ? "B" : "A"
            for wrong in ["nonsense", String(forged), String(session.dropLast()), session + "A"] {
                let reply = try await gateway.send(HTTPCall.process("a", id: "6", era: .legacy).inSession(wrong))
                #expect(reply.status == 404, "\(wrong)")
                #expect(reply.message["id"] == 6)
                #expect(reply.message["error"]["code"] == -31_404)
            }
        }

        @Test func `a session of other credentials is 404`() async throws {
            let (gateway, _) = try await Integration.threeServers()
            var opening = HTTPCall.initialize()
            opening.fields.append((name: "Authorization", value: "Bearer one"))
            let session = try #require(try await gateway.send(opening).fields["mcp-session-id"])
            for (credentials, status) in [("Bearer one", 200), ("Bearer two", 404), (nil, 404)] {
                var call = HTTPCall.process("a", era: .legacy).inSession(session)
                if let credentials { call.fields.append((name: "Authorization", value: credentials)) }
                #expect(try await gateway.send(call).status == status)
            }
        }

        @Test func `a session whose backend is away is 503, and lives on when it is back`() async throws {
            let script: @Sendable (ScriptedBackend.Request) -> ScriptedBackend.Act = { request in
                let result =
                    request.method == "initialize"
                    ? #"{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}"#
                    : #"{"content":[]}"#
                return .bytes(
                    ScriptedBackend.Answer.json(
                        #"{"jsonrpc":"2.0","id":\#(request.id),"result":\#(result)}"#, fields: "Mcp-Session-Id: u1\r\n")
                )
            }
            let first = try ScriptedBackend(script)
            let port = first.port
            let gateway = try await RunningGateway.start(backends: [first])
            let session = try #require(try await gateway.send(.initialize()).fields["mcp-session-id"])
            let call = HTTPCall.tool("any", "{}", id: "2", era: .legacy).inSession(session)
            #expect(try await gateway.send(call).status == 200)

            first.stop()
            let away = try await gateway.send(call)
            #expect(away.status == 503)
            #expect(away.message["error"]["code"] == -31_503)
            #expect(away.message["id"] == 2)

            let again = try ScriptedBackend(port: port, script)
            try await eventually("the session is served again") { try await gateway.send(call).status == 200 }
            #expect(again.calls.last?.head.lowercased().contains("mcp-session-id: u1\r\n") == true)
        }
    }
}
