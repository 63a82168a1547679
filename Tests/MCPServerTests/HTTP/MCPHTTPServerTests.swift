import MCPServer
import NIOCore
import NIOPosix
import Testing
import Wire

@Suite(.timeLimit(.minutes(1)))
struct MCPHTTPServerTests {
    @Test func `finishes what is in flight when it drains, and takes nothing new`() async throws {
        let gate = Gate()
        try await TestServer.with(tools: [gate]) { server in
            let idle = try await server.connect()
            #expect(try await idle.ask(Request.modern("tools/list"))?.status == 200)
            let busy = try await server.connect()
            try await busy.send(Request.modern("tools/call", #""name":"gate","#, name: "gate"))
            await gate.begun.wait()
            async let drained: Void = server.http.drain(timeout: .seconds(20))
            // The idle connection ends although the other one is still busy.
            #expect(await idle.untilClosed() == "")
            await #expect(throws: (any Error).self) { try await server.connect() }
            gate.opened.raise()
            let answer = try #require(await busy.answer())
            #expect(answer.json?["result"]?["content"]?[0]?["text"] == "open")
            #expect(answer.fields["connection"] == "close")
            await drained
            #expect(server.metric("mcp_active_connections") == 0)
        }
    }

    @Test func `does not wait longer than it was told`() async throws {
        let gate = Gate()
        try await TestServer.with(tools: [gate]) { server in
            let busy = try await server.connect()
            try await busy.send(Request.modern("tools/call", #""name":"gate","#, name: "gate"))
            await gate.begun.wait()
            await server.http.drain(timeout: .milliseconds(50))
            #expect(await busy.untilClosed() == "")
            await gate.cancelled.wait()
        }
    }

    @Test func `says that an address cannot be had`() async throws {
        try await TestServer.with { server in
            var settings = HTTPServerSettings()
            settings.port = server.http.localAddress.port ?? 0
            let core = MCPServer(ServerInfo(name: "second", version: "1"), logger: silentLogger)
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            await #expect(throws: MCPHTTPServerError.self) {
                _ = try await MCPHTTPServer.start(core, settings: settings, on: [loop])
            }
        }
    }

    @Test func `shares sessions and metrics between its loops`() async throws {
        try await TestServer.with(loops: 2) { server in
            let session = try await server.openSession(.v2025_11_25)
            for _ in 0..<20 {
                try await server.expect(200, Request.legacy("ping", session: session))
            }
            #expect(server.metric(#"mcp_requests_total{method="ping",status="success"}"#) == 20)
        }
    }

    @Test func `serves its pages`() async throws {
        let page = HTTPPage(path: "/health") {
            await Task.yield()
            return HTTPPage.Contents(status: 503, form: .json, body: ByteBuffer(string: "{\"status\":\"unhealthy\"}"))
        }
        try await TestServer.with({ $0.pages = [page] }) { server in
            let answer = try await server.ask(Request.get("/health"))
            #expect(answer.status == 503)
            #expect(answer.fields["content-type"] == "application/json")
            #expect(answer.json?["status"] == "unhealthy")
            let client = try await server.connect()
            try await client.send(Request.get("/health", ["Host: localhost", "Connection: close"], method: "HEAD"))
            let head = await client.untilClosed()
            #expect(head.contains("Content-Length: 22"))
            #expect(head.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func `counts with the names that its users know`() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            for _ in 0..<3 { _ = try await client.ask(Request.modern("tools/list")) }
            _ = try await client.ask(Request.modern("tools/call", #""name":"nope","#, name: "nope"))
            _ = try await client.ask(Request.modern("a/method/of/ours"))
            _ = try await client.ask(Request.post("{"))
            _ = try await client.ask(Request.get("/nothing"))
            #expect(server.metric("mcp_active_connections") == 1)
            #expect(server.metric(#"mcp_requests_total{method="tools/list",status="success"}"#) == 3)
            #expect(server.metric(#"mcp_requests_total{method="tools/call",status="error"}"#) == 1)
            #expect(server.metric(#"mcp_requests_total{method="other",status="error"}"#) == 2)
            #expect(server.metric(#"mcp_request_duration_seconds_count{method="tools/list"}"#) == 3)
            #expect(server.metric(#"mcp_errors_total{error_type="invalid_params"}"#) == 1)
            #expect(server.metric(#"mcp_errors_total{error_type="method_not_found"}"#) == 1)
            #expect(server.metric(#"mcp_errors_total{error_type="parse_error"}"#) == 1)
            #expect(server.metric(#"mcp_errors_total{error_type="refused"}"#) == 1)
            await client.close()
        }
    }
}
