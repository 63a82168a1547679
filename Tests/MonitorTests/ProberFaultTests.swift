import Synchronization
import Testing

@testable import mcp_monitor

extension Sockets {
    /// Probes of servers that do not answer as they should.
    @Suite struct ProberFaultTests {
        private typealias Reply = ScriptedServer.Reply

        /// What a probe finds of a server that answers `tools/list` so, and everything else as it should.
        private func find(
            _ reply: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reply
        ) async throws -> ProbeFindings {
            let server = try await ScriptedServer.start { request in
                request.method == "tools/list" ? reply(request) : .modern(request)
            }
            return try await Probing.report(server.url).findings
        }

        @Test func `takes an event stream that stays open, with whatever comes before the answer`() async throws {
            let findings = try await find { request in
                .events(
                    """
                    : hello\n\nid: 1\ndata:\n\nevent: prime\ndata: x\n\n\
                    data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}\n\n\
                    data: {"jsonrpc":"2.0","id":9,"method":"ping"}\n\ndata: \(Reply.message(request))\n\n
                    """)
            }
            #expect(findings.status == .ok)
            #expect(findings.toolCount == 1)
        }

        @Test func `does not believe an answer to another request`() async throws {
            for answer in ["999", #""2""#, "null"] {
                let findings = try await find { request in
                    .answer(200, #"{"jsonrpc":"2.0","id":\#(answer),"result":{"tools":[]}}"#)
                }
                #expect(findings.status == .protocolError)
                #expect(findings.stage == .listTools)
            }
            let inEvents = try await find { _ in .events("data: {\"jsonrpc\":\"2.0\",\"id\":999,\"result\":{}}\n\n") }
            #expect(inEvents.reason == "tools/list: the answer has the id of another request")
        }

        @Test(arguments: [
            ("{", "tools/list: the answer is no JSON-RPC message"),
            ("", "tools/list: the answer has no body"),
            ("[]", "tools/list: the answer is no JSON-RPC message"),
            (#"{"jsonrpc":"2.0","method":"x"}"#, "tools/list: the answer is a JSON-RPC request"),
            (
                #"{"jsonrpc":"2.0","id":2,"error":{"code":-32603,"message":"a\nb\u001b[31m"}}"#,
                "tools/list: refused with -32603: a b [31m"
            ),
        ])
        func `says what is wrong with an answer`(body: String, reason: String) async throws {
            let findings = try await find { _ in .answer(200, body) }
            #expect(findings.status == .protocolError)
            #expect(findings.reason == reason)
        }

        @Test func `does not take a web page for an answer`() async throws {
            let findings = try await find { _ in
                .answer(200, "<html>", head: "Content-Type: text/html; charset=utf-8\r\n")
            }
            #expect(findings.reason == "tools/list: the answer is of type text/html")
        }

        @Test func `names status and credentials`() async throws {
            let broken = try await find { _ in .answer(500, "") }
            #expect(broken.status == .httpError)
            #expect(broken.reason == "tools/list: the answer has status 500")
            let closed = try await find { _ in .answer(401, "") }
            #expect(closed.status == .authError)
        }

        @Test(arguments: [
            "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 101 X\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}{}",
        ])
        func `survives what is no HTTP`(bytes: String) async throws {
            let findings = try await find { _ in .bytes(bytes) }
            #expect(findings.status == .httpError)
            #expect(
                findings.reason?.hasPrefix("tools/list: the answer is no HTTP/1.1") == true, "\(findings.reason ?? "")")
        }

        @Test(arguments: [
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{", "HTTP/1.1 2",
        ])
        func `says that an answer was cut off`(bytes: String) async throws {
            let findings = try await find { _ in .last(bytes) }
            #expect(findings.status == .httpError)
            #expect(findings.reason == "tools/list: the connection ended before the answer did")
        }

        @Test func `says that an event stream ended too early`() async throws {
            let findings = try await find { _ in
                .last("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n: wait\n\n")
            }
            #expect(findings.status == .protocolError)
            #expect(findings.reason == "tools/list: the answer is an event stream that ended without the message")
        }

        @Test func `reads no answer without end`() async throws {
            let piece = String(repeating: " ", count: 100_000)
            let json = try await find { _ in
                .endless("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{", piece)
            }
            #expect(json.status == .httpError)
            #expect(json.reason == "tools/list: the answer is longer than 4 MiB")
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
            let comments = try await find { _ in .endless(head, ":" + piece + "\n\n") }
            #expect(comments.reason == "tools/list: the answer is longer than 4 MiB")
            let event = try await find { _ in .endless(head + "data:", piece) }
            #expect(event.status == .protocolError)
            let page = try await ScriptedServer.start { request in
                request.verb == "GET"
                    ? .endless("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", piece) : .modern(request)
            }
            #expect(try await Probing.report(page.url) { $0.healthPath = "/health" }.findings.status == .ok)
        }

        @Test func `does not wait longer than its time, whatever is slow`() async throws {
            let replies: [@Sendable (ScriptedServer.Request) -> Reply] = [
                { _ in .silence },
                { _ in .bytes("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{") },
                { request in request.method == "tools/list" ? .silence : .modern(request) },
                { _ in .events(": nothing\n\n") },
            ]
            for reply in replies {
                let server = try await ScriptedServer.start(reply)
                let start = ContinuousClock.now
                let report = try await Probing.report(server.url) { $0.timeout = .milliseconds(200) }
                let elapsed = ContinuousClock.now - start
                #expect(report.findings.status == .timeout)
                #expect(report.findings.reason?.hasSuffix("no answer in time") == true)
                #expect(elapsed >= .milliseconds(190) && elapsed < .seconds(5))
                #expect(report.duration >= .milliseconds(190))
            }
        }

        @Test func `counts the time for the whole probe`() async throws {
            // Each answer alone is in time.
            let server = try await ScriptedServer.start { request in
                let body = Reply.message(request)
                let head =
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                return .late(.milliseconds(600), head + body)
            }
            let report = try await Probing.report(server.url) { $0.timeout = .milliseconds(1_100) }
            #expect(report.findings.status == .timeout)
            #expect(report.findings.stage == .listTools)
            #expect(report.findings.reason == "tools/list: no answer in time")
        }

        @Test func `says that nobody is there`() async throws {
            let server = try await ScriptedServer.start { _ in .silence }
            let url = server.url
            let port = server.port
            _ = consume server
            try await eventually("nobody listens") {
                try await Probing.report(url).findings.status == .connectError
            }
            let report = try await Probing.report(url)
            #expect(report.findings.reason == "server/discover: no connection to 127.0.0.1:\(port): Connection refused")
            let nowhere = try await Probing.report("http://nowhere.invalid/mcp")
            #expect(nowhere.findings.reason == "server/discover: the name nowhere.invalid cannot be resolved")
        }

        @Test func `connects anew where a connection serves one request`() async throws {
            let server = try await ScriptedServer.start { request in
                let body = Reply.message(request)
                return .last(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            }
            let report = try await Probing.report(server.url)
            #expect(report.findings.status == .ok)
            #expect(report.connectDurations.count == 2)
        }

        @Test func `asks again when a used connection ends before the request was seen`() async throws {
            let server = try await ScriptedServer.start { request in
                // Says that it may be used again, and closes it all the same at the next request.
                request.method == "tools/list" && request.id == "2" ? .close : .modern(request)
            }
            let report = try await Probing.report(server.url)
            // Twice the same: the second time it was a new connection, and then it counts.
            #expect(report.findings.status == .httpError)
            #expect(server.received.map(\.method) == ["server/discover", "tools/list", "tools/list"])
            #expect(server.connectionCount == 2)
        }

        @Test func `never calls a tool twice`() async throws {
            let server = try await ScriptedServer.start { request in
                request.method == "tools/call" ? .close : .modern(request)
            }
            let report = try await Probing.report(server.url) { $0.call = ProbeCall("a") }
            #expect(report.findings.status == .httpError)
            #expect(server.received.count { $0.method == "tools/call" } == 1)
        }

        @Test func `sends a session only where it was opened`() async throws {
            let server = try await ScriptedServer.start { request in
                switch request.method {
                case "initialize":
                    .answer(
                        200,
                        #"{"jsonrpc":"2.0","id":\#(request.id),"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{}}}"#,
                        head: "Content-Type: application/json\r\nMcp-Session-Id: abc\r\n")
                case "notifications/initialized": .answer(202, "")
                case "tools/list": .modern(request)
                default: .answer(request.verb == "DELETE" ? 204 : 404, "", head: "")
                }
            }
            #expect(try await Probing.report(server.url).findings.status == .ok)
            #expect(server.received.map(\.verb) == ["POST", "POST", "POST", "POST", "DELETE"])
            #expect(
                server.received.map { $0.text.contains("\r\nMcp-Session-Id: abc\r\n") } == [
                    false, false, true, true, true,
                ])
        }

        @Test func `probes of one server hold up no other`() async throws {
            let slow = try await ScriptedServer.start { _ in .silence }
            let fast = try await ScriptedServer.start { .modern($0) }
            let isLate = Mutex(false)
            let late = Task {
                let report = try await Probing.report(slow.url) { $0.timeout = .seconds(1) }
                isLate.withLock { $0 = true }
                return report.findings.status
            }
            try await eventually("the slow one is asked") { !slow.received.isEmpty }
            #expect(try await Probing.report(fast.url).findings.status == .ok)
            #expect(!isLate.withLock { $0 })
            #expect(try await late.value == .timeout)
        }
    }
}
