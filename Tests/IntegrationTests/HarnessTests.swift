import Foundation
import Testing

/// That the harness notices what it is there to notice.
@Suite(.serialized) struct HarnessTests {
    private static let good = #"{"structuredContent":{"result":{"mark":"CALL 0"}}}"#

    @Test func `a proper answer arrives whole, twice on one connection`() async throws {
        let backend = try ScriptedBackend { _ in .result(HarnessTests.good) }
        try await blocking {
            let connection = try HTTPConnection(port: backend.port)
            for id in ["1", "\"two\""] {
                let reply = try connection.exchange(.process("a", id: id, era: .modern))
                #expect(reply.status == 200)
                #expect(reply.message["id"] == JSON(parsing: id))
                #expect(reply.message["result"]["structuredContent"]["result"]["mark"] == "CALL 0")
            }
        }
        #expect(backend.calls.count == 2)
        #expect(backend.calls[1].message["params"]["name"] == "process_data")
    }

    @Test(arguments: [
        ScriptedBackend.Act.bytes("", .close), .bytes("", .reset),
        .bytes("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", .close),
        .bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", .close), .bytes("nonsense\r\n\r\n"),
    ])
    func `a cut answer is no answer`(act: ScriptedBackend.Act) async throws {
        let backend = try ScriptedBackend { _ in act }
        await #expect(throws: Failure.self) { try await HTTPCall.process("a", era: .legacy).send(to: backend.port) }
    }

    @Test func `callers complain of answers to others`() async throws {
        let backend = try ScriptedBackend { _ in .result(HarnessTests.good) }
        let callers = Callers(2, port: backend.port, era: .modern)
        try await eventually("ten calls") { callers.outcomes.count >= 10 }
        try await callers.stop()
        #expect(callers.failures.count == callers.outcomes.count - 1)
        #expect(callers.failures.allSatisfy { $0.complaint?.hasPrefix("another answer") == true })
    }

    @Test func `a stopped backend refuses connections`() throws {
        let backend = try ScriptedBackend { _ in .result(HarnessTests.good) }
        backend.stop()
        #expect(throws: Failure.self) { try Socket.connected(to: backend.port) }
    }

    @Test func `a closed gate holds, an open one does not`() async throws {
        let gate = Gate()
        let backend = try ScriptedBackend { _ in .wait(gate, .result(HarnessTests.good)) }
        async let reply = HTTPCall.process("a", era: .modern).send(to: backend.port)
        try await eventually("the call has arrived") { backend.calls.count == 1 }
        gate.open()
        #expect(try await reply.status == 200)
    }

    @Test func `metrics are summed by label`() {
        let metrics = Metrics(
            "# HELP a_total x\na_total{b=\"1\",c=\"x\"} 2\na_total{b=\"2\",c=\"x\"} 3\na_total_other 9\nplain 4\n")
        #expect(metrics("a_total") == 5)
        #expect(metrics("a_total", ["b": "2"]) == 3)
        #expect(metrics("plain") == 4)
        #expect(metrics("absent") == 0)
    }

    @Test(.enabled(if: Machine.hasPython && PythonClient.hasSchemas, "make .venv; ../shared/spec/schema"))
    func `a wrong answer of a server is found, and those of scripts are left out`() async throws {
        func reply(_ result: String, _ form: String = "application/json") -> HTTPReply {
            let message = #"{"jsonrpc":"2.0","id":1,"result":\#(result)}"#
            let body = form == "application/json" ? message : "id: 1\ndata: \(message)\n\n"
            return HTTPReply(status: 200, fields: ["content-type": form], body: Array(body.utf8))
        }
        let wrong = #"{"resultType":"complete","structuredContent":{}}"#
        let exchanges = Exchanges()
        exchanges.expect(true, at: 1)
        exchanges.expect(true, at: 2)
        exchanges.expect(false, at: 2)
        for era in HTTPCall.Era.allCases {
            exchanges.keep(.process("a", era: era), reply(wrong), at: 1)
            exchanges.keep(.process("a", era: era), reply(wrong, "text/event-stream"), at: 1)
            exchanges.keep(.process("a", era: era), reply(#"{"resultType":"complete","content":[]}"#), at: 1)
            exchanges.keep(.process("a", era: era), reply(wrong), at: 2)
        }
        let folder = try TemporaryFolder()
        let file = try folder.write("exchanges.jsonl", try exchanges.take())
        let script = Machine.root.appending(path: "Tests/IntegrationTests/Clients/exchanges.py")
        let report = JSON(parsing: try await ChildProcess.run(Machine.python, [script.path, file.path]).output)
        #expect(report["judged"].int == 12)
        let complaints = report["invalid"].elements.compactMap(\.string)
        #expect(complaints.count == 4)
        #expect(complaints.allSatisfy { $0.contains("CallToolResult: $: 'content' is a required property") })
        #expect(try exchanges.take().isEmpty)
    }

    @Test func `a process' end, words and signals are seen`() async throws {
        let outcome = try await ChildProcess.run(
            URL(filePath: "/bin/sh"), ["-c", "echo out; echo err >&2; exit 3"])
        #expect(outcome.status == 3)
        #expect(outcome.output == "out\n")
        #expect(outcome.complaints == "err\n")
        let sleeper = try ChildProcess(URL(filePath: "/bin/sleep"), ["60"])
        sleeper.signal(SIGKILL)
        #expect(try await sleeper.exit() == 137)
    }
}
