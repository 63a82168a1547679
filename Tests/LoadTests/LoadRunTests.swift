import Testing
import Wire

@testable import mcp_load

@Suite struct LoadRunTests {
    private func settings(
        _ server: ScriptedServer, era: Era = .modern, connections: Int = 4, threads: Int = 1,
        end: LoadSettings.End = .requests(40),
        rate: Double? = nil, warmup: Duration = .zero, timeout: Duration = .seconds(10),
        patience: Duration = .seconds(60)
    ) throws -> LoadSettings {
        LoadSettings(
            endpoint: try Endpoint("http://127.0.0.1:\(server.port)/mcp"), era: era, headers: [],
            call: try CallContent(tool: "t", arguments: "{}", payload: 0), connections: connections, threads: threads,
            end: end,
            rate: rate, warmup: warmup, timeout: timeout, patience: patience, expectedText: nil, processes: [])
    }

    @Test func `makes exactly as many calls as were asked for, each with an id of its own`() async throws {
        let server = try await ScriptedServer { .right($0) }
        let report = try await LoadRun.run(try settings(server, threads: 2, end: .requests(101)))
        #expect(report.counts.answered == 101)
        #expect(report.counts.failed == 0)
        #expect(report.counts.reconnects == 0)
        #expect(server.received.count == 101)
        #expect(Set(server.received.map(\.id)).count == 101)
        try await server.stop()
    }

    @Test func `finds a modern server by asking it`() async throws {
        let server = try await ScriptedServer { .right($0) }
        let report = try await LoadRun.run(try settings(server, era: .auto, connections: 1, end: .requests(3)))
        #expect(report.era == .modern)
        #expect(server.received.map(\.method) == ["server/discover", "tools/call", "tools/call", "tools/call"])
        try await server.stop()
    }

    @Test func `shakes hands with a legacy server and ends the session`() async throws {
        let server = try await ScriptedServer { request in
            switch request.method {
            case "server/discover":
                return .json(#"{"jsonrpc":"2.0","id":\#(request.id),"error":{"code":-32601,"message":"no"}}"#)
            case "initialize":
                return .json(
                    #"{"jsonrpc":"2.0","id":\#(request.id),"result":{"protocolVersion":"2025-06-18"}}"#,
                    head: "Mcp-Session-Id: s-1\r\n")
            case "notifications/initialized":
                return .bytes("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
            default:
                if request.verb == "DELETE" { return .bytes("HTTP/1.1 204 No Content\r\n\r\n") }
                return .right(request)
            }
        }
        let report = try await LoadRun.run(try settings(server, era: .auto, connections: 1, end: .requests(2)))
        #expect(report.era == .legacy)
        #expect(report.counts.answered == 2)
        let received = server.received
        #expect(
            received.map(\.method)
                == ["server/discover", "initialize", "notifications/initialized", "tools/call", "tools/call", ""])
        #expect(received.last?.verb == "DELETE")
        for request in received.dropFirst(2) {
            #expect(request.text.contains("Mcp-Session-Id: s-1\r\n"))
            #expect(request.text.contains("MCP-Protocol-Version: 2025-06-18\r\n"))
        }
        try await server.stop()
    }

    @Test func `waits for the end of a session only as long as it was told`() async throws {
        let server = try await ScriptedServer { request in
            switch request.method {
            case "initialize":
                return .json(
                    #"{"jsonrpc":"2.0","id":\#(request.id),"result":{"protocolVersion":"2025-06-18"}}"#,
                    head: "Mcp-Session-Id: s-1\r\n")
            case "notifications/initialized":
                return .bytes("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
            default:
                return request.verb == "DELETE" ? .silence : .right(request)
            }
        }
        let report = try await LoadRun.run(
            try settings(server, era: .legacy, connections: 1, end: .requests(2), patience: .milliseconds(50)))
        #expect(report.counts.answered == 2)
        #expect(report.counts.failed == 0)
        try await server.stop()
    }

    @Test func `counts failures by reason and goes on`() async throws {
        let server = try await ScriptedServer { request in
            switch request.number % 5 {
            case 0: .json(#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
            case 1: .close
            case 2: .json("{}", status: 503)
            case 3: .bytes("HTTP/2.0 what\r\n\r\n")
            default: .right(request)
            }
        }
        let report = try await LoadRun.run(try settings(server, connections: 1, end: .requests(25)))
        #expect(report.counts.answered == 5)
        #expect(
            report.counts.failures == [
                .wrongID: 5, .connectionLost: 5, .status(503, code: nil): 5, .malformedHTTP: 5,
            ])
        #expect(report.counts.wrongAnswers == 10)
        #expect(report.counts.reconnects == 10)
        try await server.stop()
    }

    @Test func `does not wait longer than the time-out`() async throws {
        let server = try await ScriptedServer { $0.number == 0 ? .silence : .right($0) }
        let report = try await LoadRun.run(
            try settings(server, connections: 1, end: .requests(2), timeout: .seconds(2)))
        // The call behind it is answered, unless the machine has no time for it either.
        let timeouts = try #require(report.counts.failures[.timeout])
        #expect(report.counts.failures == [.timeout: timeouts])
        #expect(report.counts.answered + timeouts == 2)
        try await server.stop()
    }

    @Test func `makes a new connection for each answer that closes`() async throws {
        let server = try await ScriptedServer { request in
            let body = #"{"jsonrpc":"2.0","id":\#(request.id),"result":{}}"#
            return .bytes("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\(body)")
        }
        // Without a length the end of the connection would end the body; with the server keeping it open, nothing does.
        let report = try await LoadRun.run(
            try settings(server, connections: 1, end: .requests(1), timeout: .milliseconds(50)))
        #expect(report.counts.failures == [.timeout: 1])
        try await server.stop()

        let closing = try await ScriptedServer { request in
            let body = #"{"jsonrpc":"2.0","id":\#(request.id),"result":{}}"#
            return .json(body, head: "Connection: close\r\n")
        }
        let second = try await LoadRun.run(try settings(closing, connections: 2, end: .requests(6)))
        #expect(second.counts.answered == 6)
        #expect(second.counts.failed == 0)
        try await closing.stop()
    }

    @Test func `a run of so many calls ends although the server has gone`() async throws {
        let server = try await ScriptedServer { $0.number < 4 ? .right($0) : .close }
        let settings = try settings(server, connections: 2, end: .requests(10))
        let report = try await LoadRun.run(settings)
        #expect(report.counts.finished == 10)
        #expect(report.counts.answered == 4)
        try await server.stop()
        await #expect(throws: LoadSetUpError.self) { try await LoadRun.run(settings) }
    }

    @Test func `a fixed rate counts from the time at which a call was due`() async throws {
        // The first call is never answered: the only connection is busy with it until its time-out, and all others wait.
        let server = try await ScriptedServer { $0.number == 0 ? .silence : .right($0) }
        let report = try await LoadRun.run(
            try settings(server, connections: 1, end: .requests(20), rate: 100, timeout: .milliseconds(500)))
        // One, unless the machine has no time for others either.
        let timeouts = try #require(report.counts.failures[.timeout])
        #expect(report.counts.failures == [.timeout: timeouts])
        #expect(report.counts.answered + timeouts == 20)
        try #require(report.counts.answered > 0)
        // The second was due 10 ms after the first, so it waited 490 ms before it was sent.
        #expect(report.counts.latency.max > 450_000_000)
        try await server.stop()
    }

    @Test func `does not count the calls of the warm-up`() async throws {
        let server = try await ScriptedServer { .right($0) }
        let report = try await LoadRun.run(
            try settings(server, connections: 2, end: .requests(10), warmup: .milliseconds(50)))
        #expect(report.counts.answered == 10)
        #expect(server.received.count > 10)
        try await server.stop()
    }

    @Test func `a refused handshake is told before any call`() async throws {
        let server = try await ScriptedServer { _ in .json("{}", status: 401) }
        let error = await #expect(throws: LoadSetUpError.self) {
            try await LoadRun.run(try settings(server, era: .legacy))
        }
        #expect(error?.failure == .status(401, code: nil))
        #expect(error?.description.contains("http_401") == true)
        try await server.stop()
    }

    @Test func `reports in JSON what it has counted`() async throws {
        let server = try await ScriptedServer { $0.number == 1 ? .json("{}", status: 500) : .right($0) }
        let report = try await LoadRun.run(try settings(server, connections: 1, end: .requests(4)))
        #expect(report.json.contains(#""calls":4"#))
        #expect(report.json.contains(#""failures":{"http_500":1}"#))
        #expect(report.text.contains("1 × http_500"))
        let isJSON = Array(report.json.utf8).withUnsafeBytes { (try? JSONValue.parse(ByteView($0))) != nil }
        #expect(isJSON)
        try await server.stop()
    }
}
