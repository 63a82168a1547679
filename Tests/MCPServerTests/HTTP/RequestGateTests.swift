import MCPServer
import NIOCore
import Synchronization
import Testing
import Wire

@Suite(.timeLimit(.minutes(1)))
struct RequestGateTests {
    /// Refuses everybody; remembers who came.
    private final class Closed: RequestAdmission {
        let callers = Mutex<[String]>([])

        func decide(_ caller: RequestCaller) -> RequestVerdict {
            let credential = caller.head.requestField(.authorization)?.string ?? "nobody"
            callers.withLock { $0.append("\(credential) at \(caller.address?.ipAddress ?? "?")") }
            return .refuse(retryAfterSeconds: 7)
        }
    }

    @Test func `refuses in the era of the request, with its id`() async throws {
        let gate = Closed()
        try await TestServer.with({ $0.admission = gate }) { server in
            let modern = try await server.ask(Request.modern("tools/list", fields: ["Authorization: Bearer x"]))
            #expect(modern.status == 429)
            #expect(modern.fields["retry-after"] == "7")
            #expect(modern.errorCode == -31_429)
            #expect(modern.json?["id"] == 1)
            let legacy = try await server.ask(
                Request.post(#"{"jsonrpc":"2.0","id":"a\"b","method":"ping"}"#))
            #expect(legacy.status == 429)
            #expect(legacy.json?["id"] == "a\"b")
            // Nothing that has an id.
            for body in [#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, "[", ""] {
                let answer = try await server.ask(Request.post(body))
                #expect(answer.status == 429)
                #expect(answer.json?["id"] == nil)
                #expect(answer.errorCode == -31_429)
            }
            #expect(gate.callers.withLock { $0.first } == "Bearer x at 127.0.0.1")
            #expect(server.metric(#"mcp_errors_total{error_type="rate_limited"}"#) == 5)
        }
    }

    @Test func `is not asked about pages and about what is refused anyway`() async throws {
        let gate = Closed()
        let page = HTTPPage(path: "/health") { HTTPPage.Contents(form: .json, body: ByteBuffer(string: "{}")) }
        try await TestServer.with({
            $0.admission = gate
            $0.pages = [page]
        }) { server in
            try await server.expect(200, Request.get("/health"))
            try await server.expect(404, Request.get("/nothing"))
            try await server.expect(415, Request.post("{}", ["Content-Type: text/plain"]))
            #expect(gate.callers.withLock { $0.isEmpty })
        }
    }
}
