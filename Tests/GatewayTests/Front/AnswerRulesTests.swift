import NIOCore
import Testing
import Transport
import Wire

@testable import Gateway

@Suite struct `the rules for answers` {
    private func verdict(
        _ status: String, _ fields: [String], method: String = "POST", kind: JSONRPCEnvelope.Kind? = .request
    )
        throws -> String
    {
        let call = try makeCall(method, kind)
        let bytes = Array((["HTTP/1.1 \(status)"] + fields + ["", ""]).joined(separator: "\r\n").utf8)
        return try bytes.withUnsafeBytes { raw in
            let view = ByteView(raw)
            var parser = HTTPHeadParser(.response)
            let isComplete = try parser.parse(view)
            #expect(isComplete)
            return "\(AnswerRules.judge(parser.response, view, call: call))"
        }
    }

    private func makeCall(_ method: String, _ kind: JSONRPCEnvelope.Kind?) throws -> Call {
        let head = Array("\(method) /mcp HTTP/1.1\r\nHost: gw\r\n\r\n".utf8)
        var parser = HTTPHeadParser(.request)
        let isComplete = try head.withUnsafeBytes { try parser.parse(ByteView($0)) }
        #expect(isComplete)
        let call = Call()
        call.begin(
            HTTPServerRequest(
                head.withUnsafeBytes { HTTPReceivedHead(request: parser.request, bytes: ByteView($0)) }),
            poolIndex: 0)
        let bodies: [JSONRPCEnvelope.Kind: String] = [
            .request: "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
            .notification: "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}",
            .result: "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
        ]
        if let body = kind.flatMap({ bodies[$0] }) {
            var scratch = JSONScratch(seed: 1)
            call.envelope = try Array(body.utf8).withUnsafeBytes {
                try JSONRPCEnvelope.scan(ByteView($0), scratch: &scratch)
            }
        }
        return call
    }

    private let json = "Content-Type: application/json"
    private let events = "Content-Type: text/event-stream; charset=utf-8"

    @Test func `hold JSON and pass events on`() throws {
        #expect(try verdict("200 OK", [json]) == "hold")
        #expect(try verdict("200 OK", ["content-type: Application/JSON; charset=utf-8"]) == "hold")
        #expect(try verdict("200 OK", [events]) == "stream")
        #expect(try verdict("200 OK", [events], method: "GET", kind: nil) == "stream")
    }

    @Test(arguments: ["500 a", "502 a", "504 a", "503 a"])
    func `take a server's error for a failure`(status: String) throws {
        #expect(try verdict(status, [json]) == "fail(Gateway.AttemptOutcome.serverError)")
    }

    @Test(arguments: [
        ("429", "7", 7), ("503", "0", 0), ("503", "Wed, 21 Oct 2026 07:28:00 GMT", 1),
        ("503", "99999999999999999999", 86_400),
    ])
    func `leave a backend alone that names a time`(status: String, retryAfter: String, seconds: Int) throws {
        #expect(try verdict("\(status) x", ["Retry-After: \(retryAfter)"]) == "refused(retryAfterSeconds: \(seconds))")
    }

    @Test(arguments: ["400 a", "404 a", "405 a", "409 a", "422 a", "429 a"])
    func `pass on what the caller did wrong`(status: String) throws {
        #expect(try verdict(status, ["Content-Type: text/html"]) == "hold")
    }

    @Test func `pass on errors that come as events`() throws {
        #expect(try verdict("404 Not Found", [events]) == "stream")
        #expect(try verdict("404 Not Found", [events], method: "DELETE", kind: nil) == "hold")
    }

    @Test(arguments: ["401 a", "403 a"])
    func `keep challenges of the backend's own leg`(status: String) throws {
        #expect(try verdict(status, [json]) == "fail(Gateway.AttemptOutcome.unauthorized)")
    }

    @Test func `refuse what cannot answer a call`() throws {
        let failure = "fail(Gateway.AttemptOutcome.protocolError)"
        #expect(try verdict("200 OK", ["Content-Type: text/html"]) == failure)
        #expect(try verdict("200 OK", []) == failure)
        #expect(try verdict("200 OK", [json, "Content-Encoding: gzip"]) == failure)
        #expect(try verdict("204 No Content", []) == failure)
        #expect(try verdict("202 Accepted", [json]) == failure)
        #expect(try verdict("204 No Content", [events]) == failure)
        #expect(try verdict("200 OK", [json], method: "GET", kind: nil) == failure)
        #expect(try verdict("302 Found", ["Location: http://elsewhere"]) == failure)
        #expect(try verdict("304 Not Modified", []) == failure)
    }

    @Test func `let an acceptance be empty`() throws {
        #expect(try verdict("202 Accepted", [], kind: .notification) == "hold")
        #expect(try verdict("204 No Content", [], kind: .result) == "hold")
        #expect(try verdict("200 OK", [], method: "DELETE", kind: nil) == "hold")
    }
}

@Suite struct `outcomes of tries` {
    @Test(arguments: AttemptOutcome.allCases)
    func `say what the breaker is told and whether another backend may be asked`(outcome: AttemptOutcome) {
        let isNeverExecuted: Set<AttemptOutcome> = [.connectFailed, .stale, .refused]
        #expect(outcome.isNeverExecuted == isNeverExecuted.contains(outcome))
        let isOver: Set<AttemptOutcome> = [.success, .unauthorized, .clientGone, .superseded, .limited, .internalError]
        #expect(outcome.mayBeRepeated == !isOver.contains(outcome))
        let told = "\(outcome.breakerOutcome(isSlow: false))"
        switch outcome {
        case .success, .unauthorized, .internalError: #expect(told == "success")
        case .connectFailed: #expect(told == "connectFailure")
        case .lost, .serverError, .protocolError, .timeout: #expect(told == "failure")
        case .stale, .refused, .clientGone, .superseded, .limited: #expect(told == "neutral")
        }
        #expect(outcome.consequence.passesOver == (outcome == .refused))
        let keepsConnection: Set<AttemptOutcome> = [.success, .limited, .internalError]
        #expect(outcome.consequence.closesConnection == !keepsConnection.contains(outcome))
        #expect(outcome.consequence.isOfConnection == (outcome == .connectFailed || outcome == .lost))
        #expect(
            outcome.breakerOutcome(isSlow: false, isConfirmed: true)
                == (outcome == .internalError ? .failure : outcome.breakerOutcome(isSlow: false)))
    }

    @Test func `tell slow successes apart`() {
        #expect("\(AttemptOutcome.success.breakerOutcome(isSlow: true))" == "slowSuccess")
        #expect("\(AttemptOutcome.timeout.breakerOutcome(isSlow: true))" == "failure")
    }
}
