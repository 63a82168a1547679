import Foundation
import Testing

extension Integration {
    /// Everything that can be wrong with a backend's answer, and what the client sees of it.
    @Suite struct FaultsOfAnswers {
        /// One way to be wrong.
        struct Fault: Sendable, CustomTestStringConvertible {
            var name: String
            /// What the backend does with a call whose id is this text.
            var act: @Sendable (_ id: String) -> ScriptedBackend.Act
            /// The HTTP status for the client; the code is -(31000 + status).
            var status = 502
            /// What the try counts as.
            var outcome = "protocol_error"

            var testDescription: String { name }
        }

        private typealias Answer = ScriptedBackend.Answer

        private static func wrong(
            _ name: String, outcome: String = "protocol_error", status: Int = 502,
            _ text: @escaping @Sendable (String) -> String,
            then ending: ScriptedBackend.Ending = .keep
        ) -> Fault {
            Fault(name: name, act: { .bytes(text($0), ending) }, status: status, outcome: outcome)
        }

        private static let good = #"{"content":[],"structuredContent":{"ok":true}}"#

        private static func message(_ id: String) -> String {
            #"{"jsonrpc":"2.0","id":\#(id),"result":\#(good)}"#
        }

        static let faults: [Fault] = [
            // The connection.
            wrong("ends before the answer", outcome: "reset", { _ in "" }, then: .close),
            wrong("is reset before the answer", outcome: "reset", { _ in "" }, then: .reset),
            wrong("ends within the head", outcome: "reset", { _ in "HTTP/1.1 200 OK\r\nContent-Ty" }, then: .close),
            wrong("is reset within the body", outcome: "reset", { cut(message($0)) }, then: .reset),
            wrong("ends within the body", outcome: "reset", { cut(message($0)) }, then: .close),
            wrong(
                "ends within a chunk", outcome: "reset",
                { id in
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{\"jsonrpc\""
                }, then: .close),
            wrong(
                "ends before the last chunk", outcome: "reset",
                { id in
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "\(String(message(id).utf8.count, radix: 16))\r\n\(message(id))\r\n"
                }, then: .close),
            // HTTP.
            wrong("is not HTTP") { _ in "SSH-2.0-OpenSSH_9.2\r\n\r\n" },
            wrong("is binary") { _ in "\u{16}\u{3}\u{1}\u{0}\u{0}\r\n\r\n" },
            wrong("has a NUL in a field") { Answer.json(message($0), fields: "X-A: a\u{0}b\r\n") },
            wrong("has two lengths") { Answer.json(message($0), fields: "Content-Length: 5\r\n") },
            wrong("has length and chunks") { Answer.json(message($0), fields: "Transfer-Encoding: chunked\r\n") },
            wrong("has a bad chunk size") { _ in
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n"
            },
            wrong("has too many fields") { id in
                Answer.json(message(id), fields: (0..<150).map { "X-\($0): 1\r\n" }.joined())
            },
            wrong("is coded") { Answer.json(message($0), fields: "Content-Encoding: gzip\r\n") },
            wrong("switches protocols") { _ in "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n" },
            wrong("has no body") { _ in "HTTP/1.1 204 No Content\r\n\r\n" },
            wrong("is a redirection") { _ in
                "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
            },
            wrong("is HTML") { _ in Answer.http("<html>welcome</html>", type: "text/html") },
            wrong("is an acceptance") { _ in "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n" },
            wrong("is 500", outcome: "server_error") { Answer.json(message($0), status: "500 Oops") },
            wrong("is 502 in HTML", outcome: "server_error") { _ in
                Answer.http("<html>", status: "502 Bad", type: "text/html")
            },
            wrong("is 503 without Retry-After", outcome: "server_error") { Answer.json(message($0), status: "503 No") },
            wrong("wants credentials", outcome: "unauthorized") { Answer.json(message($0), status: "401 Who") },
            // JSON-RPC.
            wrong("is not JSON") { _ in Answer.json("{\"jsonrpc\":\"2.0\",") },
            wrong("is empty") { _ in Answer.json("") },
            wrong("is JSON of something else") { _ in Answer.json("{\"status\":\"ok\"}") },
            wrong("has another id") { _ in Answer.json(message("987654")) },
            wrong("has the id as another type") { Answer.json(message("\"\($0)\"")) },
            wrong("has no id") { _ in Answer.json(#"{"jsonrpc":"2.0","result":\#(good)}"#) },
            wrong("has no id but null") { _ in Answer.json(message("null")) },
            wrong("has result and error") { id in
                Answer.json(#"{"jsonrpc":"2.0","id":\#(id),"result":{},"error":{"code":1,"message":"m"}}"#)
            },
            wrong("has neither result nor error") { Answer.json(#"{"jsonrpc":"2.0","id":\#($0)}"#) },
            wrong("has a member twice") { id in
                Answer.json(#"{"jsonrpc":"2.0","id":\#(id),"result":\#(good),"\u0069d":\#(id)}"#)
            },
            wrong("is a batch") { Answer.json("[\(message($0))]") },
            wrong("is a request") { Answer.json(#"{"jsonrpc":"2.0","id":\#($0),"method":"ping"}"#) },
            wrong("is over the limit") { id in
                Answer.json(
                    #"{"jsonrpc":"2.0","id":\#(id),"result":{"x":"\#(String(repeating: "x", count: 200_000))"}}"#)
            },
            Fault(
                name: "has bytes that are not UTF-8",
                act: { .raw(Array(Answer.json(message($0)).utf8).map { $0 == UInt8(ascii: "k") ? 0xff : $0 }, .keep) }),
            // Time.
            Fault(
                name: "comes too late", act: { _ in .wait(Gate(), .result(good)) }, status: 504, outcome: "timeout"),
        ]

        private static func cut(_ body: String) -> String {
            String(Answer.json(body).dropLast(20))
        }

        @Test(arguments: faults, HTTPCall.Era.allCases)
        func `the client gets an error of its own call, and the next call is served`(
            fault: Fault, era: HTTPCall.Era
        ) async throws {
            let backend = try ScriptedBackend { request in
                request.message["params"]["name"] == "faulty" ? fault.act(request.id) : .result(FaultsOfAnswers.good)
            }
            let gateway = try await RunningGateway.start(
                backends: [backend], pool: "timeout: { first_byte: 300ms, request: 5s }",
                more: "limits: { max_answer: 64KiB }\nworkers: 1")

            let (reply, next) = try await blocking {
                let connection = try HTTPConnection(port: gateway.port)
                return (
                    try connection.exchange(.tool("faulty", "{}", id: "\"call-7\"", era: era)),
                    try connection.exchange(.tool("fine", "{}", id: "8", era: era))
                )
            }

            #expect(reply.status == fault.status, "\(reply.text)")
            #expect(reply.message["id"] == "call-7")
            #expect(reply.message["error"]["code"].int == -31_000 - fault.status)
            #expect(reply.message["error"]["message"].string?.isEmpty == false)
            #expect(!reply.text.contains("127.0.0.1"), "an address got out")
            #expect(next.status == 200, "\(next.text)")
            #expect(next.message["id"] == 8)
            // One try, counted as what it was; the call may have been executed and is not made again.
            #expect(backend.calls.count { $0.message["params"]["name"] == "faulty" } == 1)
            let metrics = try await gateway.metrics()
            #expect(metrics("mcp_gateway_attempts_total", ["outcome": "\(fault.outcome)"]) == 1)
            backend.stop()
        }

        @Test func `a failed call is not made again on another backend`() async throws {
            let lost = try ScriptedBackend { _ in .bytes("", .close) }
            let good = try ScriptedBackend { _ in .result(FaultsOfAnswers.good) }
            let gateway = try await RunningGateway.start(backends: [lost, good], more: "workers: 1")

            var statuses: [Int] = []
            for id in 1...4 {
                statuses.append(try await gateway.send(.tool("any", "{}", id: "\(id)", era: .modern)).status)
            }

            #expect(statuses.count { $0 == 502 } == 2)
            #expect(statuses.count { $0 == 200 } == 2)
            #expect(lost.calls.count == 2)
            #expect(good.calls.count == 2)
        }

        @Test(arguments: ["429 Too Many", "503 Not Now"])
        func `a refusal with Retry-After goes to the next backend`(status: String) async throws {
            let busy = try ScriptedBackend { _ in
                .bytes(ScriptedBackend.Answer.json("{}", status: status, fields: "Retry-After: 7\r\n"))
            }
            let good = try ScriptedBackend { _ in .result(FaultsOfAnswers.good) }
            let gateway = try await RunningGateway.start(backends: [busy, good], more: "workers: 2")

            for id in 1...20 {
                #expect(try await gateway.send(.tool("any", "{}", id: "\(id)", era: .legacy)).status == 200)
            }

            // Asked once by each event loop, and then left alone for the time it asked for.
            #expect((1...2).contains(busy.calls.count))
            #expect(good.calls.count == 20)
        }

        @Test func `a refusal with Retry-After reaches the client when there is no other backend`() async throws {
            let busy = try ScriptedBackend { _ in
                .bytes(ScriptedBackend.Answer.json("{}", status: "503 Not Now", fields: "Retry-After: 7\r\n"))
            }
            let gateway = try await RunningGateway.start(backends: [busy])
            let reply = try await gateway.send(.tool("any", "{}", id: "5", era: .modern))

            #expect(reply.status == 503)
            #expect(reply.fields["retry-after"] == "7")
            #expect(reply.message["id"] == 5)
            #expect(reply.message["error"]["code"] == -31_503)
        }

        @Test(arguments: HTTPCall.Era.allCases)
        func `a backend that refuses connections costs nothing`(era: HTTPCall.Era) async throws {
            let gone = try ScriptedBackend { _ in .result(FaultsOfAnswers.good) }
            let good = try ScriptedBackend { _ in .result(FaultsOfAnswers.good) }
            let gateway = try await RunningGateway.start(
                backends: [gone, good], pool: "health_check: { interval: 60s, timeout: 5s }")
            gone.stop()

            for id in 1...10 {
                #expect(try await gateway.send(.tool("any", "{}", id: "\(id)", era: era)).status == 200)
            }

            #expect(good.calls.count == 10)
        }

        @Test func `without any backend the answer is 503, at once and with Retry-After`() async throws {
            let gone = try ScriptedBackend { _ in .result(FaultsOfAnswers.good) }
            let gateway = try await RunningGateway.start(backends: [gone])
            gone.stop()
            try await eventually("the check has noticed") { try await !gateway.isReady }

            let began = ContinuousClock.now
            let reply = try await gateway.send(.tool("any", "{}", id: "3", era: .modern))

            #expect(ContinuousClock.now - began < .milliseconds(250))
            #expect(reply.status == 503)
            #expect((reply.fields["retry-after"].flatMap { Int($0) } ?? 0) >= 1)
            #expect(reply.message["id"] == 3)
            #expect(reply.message["error"]["code"] == -31_503)
        }

        @Test(arguments: [("200 OK", 200), ("400 Bad", 400), ("404 Not Found", 404)])
        func `a JSON-RPC error of the backend is passed on as it came`(status: String, code: Int) async throws {
            let error = #"{"code":-32042,"message":"of the backend","data":{"a":[1]}}"#
            let backend = try ScriptedBackend { request in
                .bytes(
                    ScriptedBackend.Answer.json(
                        #"{"jsonrpc":"2.0","id":\#(request.id),"error":\#(error)}"#, status: status))
            }
            let gateway = try await RunningGateway.start(backends: [backend])
            let reply = try await gateway.send(.tool("any", "{}", id: "\"x\"", era: .modern))

            #expect(reply.status == code)
            #expect(reply.message["id"] == "x")
            #expect(reply.message["error"] == JSON(parsing: error))
            let metrics = try await gateway.metrics()
            #expect(metrics("mcp_gateway_attempts_total", ["outcome": "success"]) == 1)
        }

        @Test func `five failures in a row open the breaker, and the backend is asked no more`() async throws {
            let bad = try ScriptedBackend { _ in .bytes(ScriptedBackend.Answer.json("{}", status: "500 Oops")) }
            let good = try ScriptedBackend { _ in .result(FaultsOfAnswers.good) }
            let gateway = try await RunningGateway.start(
                backends: [bad, good],
                pool: "circuit_breaker: { open_duration: 60s }\nhealth_check: { interval: 60s, timeout: 5s }")

            for id in 1...40 { _ = try await gateway.send(.tool("any", "{}", id: "\(id)", era: .modern)) }

            #expect(bad.calls.count == 5)
            #expect(good.calls.count == 35)
            let metrics = try await gateway.metrics()
            #expect(metrics("mcp_gateway_circuit_breaker_transitions_total", ["backend": bad.url, "to": "open"]) == 1)
            #expect(metrics("mcp_gateway_circuit_breaker_state", ["backend": bad.url, "state": "open"]) == 1)
            #expect(metrics("mcp_gateway_circuit_breaker_state", ["backend": good.url, "state": "closed"]) == 1)
        }
    }
}
