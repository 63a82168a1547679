import GatewayTestKit
import NIOCore
import Resilience
import Testing

@testable import Gateway

/// A row of the table of outcomes (reliability 1.2): what a backend does in an attempt, and what follows.
struct OutcomeRow: Sendable, CustomTestStringConvertible {
    /// What a breaker counts of one attempt.
    enum Counted: Equatable {
        case success, slow, failure, neutral

        init(_ counts: SlidingWindow.Counts) {
            self = counts.total == 0 ? .neutral : counts.failures > 0 ? .failure : counts.slow > 0 ? .slow : .success
        }
    }

    /// The words of the table, and which of its cases.
    var testDescription: String
    var behaviour: ScriptedBackend.Behaviour
    var outcome: AttemptOutcome
    var counts: Counted
    /// Whether a call that may not be repeated is sent to somebody else.
    var isSentAgain = false
    /// Whether the connection is closed.
    var closes = true
    /// How long the backend works before it answers.
    var workTime = TimeAmount.zero
    /// The status that the client gets if nobody else is asked.
    var status: Int

    private static func json(_ body: String, status: String = "200 OK", fields: String = "") -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static func plain(_ status: String, _ fields: String = "") -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: text/plain\r\n\(fields)Content-Length: 4\r\n\r\nsick"
    }

    private static let result = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[]}}"
    private static let toolError = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[],\"isError\":true}}"
    private static let stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"

    private static func error(_ code: Int) -> String {
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":\(code),\"message\":\"no\"}}"
    }

    private static func failing(
        _ words: String, _ behaviour: ScriptedBackend.Behaviour, _ outcome: AttemptOutcome, status: Int = 502
    ) -> OutcomeRow {
        OutcomeRow(
            testDescription: words, behaviour: behaviour, outcome: outcome, counts: .failure, status: status)
    }

    private static func broken(_ words: String, _ text: String, status: Int = 502) -> OutcomeRow {
        failing("protocol: \(words)", .sends(text), .protocolError, status: status)
    }

    private static func fine(
        _ words: String, _ text: String, _ outcome: AttemptOutcome = .success, counts: Counted = .success, status: Int
    ) -> OutcomeRow {
        OutcomeRow(
            testDescription: words, behaviour: .sends(text), outcome: outcome, counts: counts, closes: false,
            status: status)
    }

    /// Connect/TLS/DNS failure, no head in time, total or idle time-out, reset or EOF before the end of the answer. The
    /// network says of TLS and DNS only that no connection came about, as of one that is refused.
    static let lost: [OutcomeRow] = [
        OutcomeRow(
            testDescription: "connect refused", behaviour: .refuse, outcome: .connectFailed, counts: .failure,
            isSentAgain: true, status: 503),
        OutcomeRow(
            testDescription: "connect timed out", behaviour: .blackHole, outcome: .connectFailed, counts: .failure,
            isSentAgain: true, status: 503),
        failing("no head in time", .stall, .timeout, status: 504),
        failing(
            "total time-out",
            .sends("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"),
            .timeout, status: 504),
        failing("idle time-out of a stream", .sends(stream + "Content-Length: 99\r\n\r\n:\n\n"), .timeout, status: 200),
        failing("reset before the head", .resetAfterRunning, .lost),
        failing("reset within the head", .sends("HTTP/1.1 200 OK\r\nContent-", closes: true), .lost),
        failing("reset within the body", .resetMidAnswer, .lost),
        failing(
            "EOF before the end of a stream", .sends(stream + "Content-Length: 99\r\n\r\n:\n\n", closes: true), .lost,
            status: 200),
    ]

    /// Malformed HTTP, truncated body, body that is not one JSON-RPC message, other or missing `id`, batch, result and error
    /// together, wrong content type, answer over the size limit, stream that ends without the answer.
    static let malformed: [OutcomeRow] = [
        failing("protocol: malformed HTTP", .garbage, .protocolError),
        broken("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n{}{}"),
        broken("truncated body", json(String(result.dropLast(3)))),
        broken("no JSON", json("sick")),
        broken("JSON that is no JSON-RPC message", json("{\"ok\":true}")),
        broken("a request", json("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}")),
        broken("other id", json("{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}")),
        broken("id of another type", json("{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":{}}")),
        broken("missing id", json("{\"jsonrpc\":\"2.0\",\"result\":{}}")),
        broken("error without id", json("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32000,\"message\":\"no\"}}")),
        broken("batch", json("[\(result)]")),
        broken(
            "result and error together",
            json("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"error\":{\"code\":-32000,\"message\":\"no\"}}")),
        broken("wrong content type", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nsick"),
        broken("no content type", "HTTP/1.1 200 OK\r\nContent-Length: \(result.utf8.count)\r\n\r\n\(result)"),
        broken("answer over the size limit", json(String(repeating: " ", count: 2_048) + result)),
        broken("redirect", "HTTP/1.1 302 Found\r\nLocation: http://elsewhere\r\nContent-Length: 0\r\n\r\n"),
        broken("stream that ends without the answer", stream + "Content-Length: 3\r\n\r\n:\n\n", status: 200),
    ]

    /// HTTP 500, 502, 504, 503 without `Retry-After`.
    static let serverErrors: [OutcomeRow] = [
        failing("HTTP 500", .status(500), .serverError), failing("HTTP 502", .status(502), .serverError),
        failing("HTTP 504", .status(504), .serverError),
        failing("HTTP 503 without Retry-After", .status(503), .serverError),
        failing("HTTP 500 with a JSON-RPC error", .sends(json(error(-32_603), status: "500 No")), .serverError),
    ]

    /// 429, 503 with `Retry-After`.
    static let refusals: [OutcomeRow] = [
        fine("429", plain("429 No"), .limited, counts: .neutral, status: 429),
        fine(
            "429 with a JSON-RPC error", json(error(-32_000), status: "429 No"), .limited, counts: .neutral, status: 429
        ),
        OutcomeRow(
            testDescription: "429 with Retry-After", behaviour: .sends(plain("429 No", "Retry-After: 3\r\n")),
            outcome: .refused, counts: .neutral, isSentAgain: true, status: 429),
        OutcomeRow(
            testDescription: "503 with Retry-After", behaviour: .refusing(retryAfterSeconds: 3), outcome: .refused,
            counts: .neutral, isSentAgain: true, status: 503),
    ]

    /// Other 4xx, any JSON-RPC error in 200/400/404, result with `isError: true`; -32603 with HTTP 200, by default.
    static let answers: [OutcomeRow] = [
        fine("400", plain("400 No"), status: 400), fine("404", plain("404 No"), status: 404),
        fine("405", plain("405 No"), status: 405), fine("422", plain("422 No"), status: 422),
        OutcomeRow(
            testDescription: "401", behaviour: .status(401), outcome: .unauthorized, counts: .success, status: 502),
        OutcomeRow(
            testDescription: "403", behaviour: .status(403), outcome: .unauthorized, counts: .success, status: 502),
        fine("JSON-RPC error in 200", json(error(-32_602)), status: 200),
        fine("JSON-RPC error in 400", json(error(-32_602), status: "400 No"), status: 400),
        fine("JSON-RPC error in 404", json(error(-32_601), status: "404 No"), status: 404),
        fine("result with isError", json(toolError), status: 200),
        fine("JSON-RPC -32603 with HTTP 200", json(error(-32_603)), status: 200),
        fine("a result", json(result), status: 200),
        fine(
            "a result in a stream", stream + "Content-Length: \(result.utf8.count + 8)\r\n\r\ndata: \(result)\n\n",
            status: 200),
        OutcomeRow(
            testDescription: "slower than slow_call", behaviour: .answer, outcome: .success, counts: .slow,
            closes: false, workTime: .milliseconds(150), status: 200),
    ]

    static let all = lost + malformed + serverErrors + refusals + answers
}

/// What each class of outcome counts as, whether the call is sent again, and whether all is given back.
@Suite struct `outcomes of attempts` {
    private static let pool = """
            retry: { backoff: 5ms }
            circuit_breaker: { slow_call: 100ms }
            timeout: { connect: 300ms, first_byte: 300ms, request: 600ms, stream_idle: 1s }
            tools: { echo: { repeatable: true } }

        """
    private static let settings = "limits: { max_answer: 1KiB }\n"

    private func counted(_ simulation: Simulation, backend: Int = 0) -> OutcomeRow.Counted {
        let status = simulation.plan.pools[0].backends[backend].status
        return OutcomeRow.Counted(status.counts(at: MonotonicTime(simulation.loop.now)))
    }

    /// What came of attempts at a backend, by outcome.
    private func attempts(_ simulation: Simulation, backend: Int = 0) -> [AttemptOutcome: Int] {
        let counts = simulation.snapshot.backends[0][backend].attempts
        return Dictionary(uniqueKeysWithValues: AttemptOutcome.allCases.map { ($0, counts[Int($0.rawValue)]) })
            .filter { $0.value > 0 }
    }

    private func expectAllGivenBack(_ simulation: Simulation, _ location: SourceLocation = #_sourceLocation) {
        let pool = simulation.plan.pools[0]
        #expect(pool.admission.inFlight == 0 && pool.admission.waiting == 0, sourceLocation: location)
        for backend in pool.backends {
            #expect(backend.status.callCount == 0 && backend.status.probesInFlight == 0, sourceLocation: location)
        }
        for backend in simulation.snapshot.backends[0] { #expect(backend.inFlight == 0, sourceLocation: location) }
        #expect(simulation.snapshot.counters.inFlight == 0, sourceLocation: location)
    }

    @Test(arguments: OutcomeRow.all)
    func `count as the table says`(row: OutcomeRow) throws {
        let simulation = try Simulation(seed: 1, backendCount: 2, pool: Self.pool, settings: Self.settings)
        simulation.backends[0].behaviour = row.behaviour
        simulation.backends[0].workTime = row.workTime
        let client = simulation.connectClient()
        client.call("tools/call", id: 1, name: "charge")
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .seconds(3)))
        simulation.advance(by: .milliseconds(5))
        #expect(attempts(simulation) == [row.outcome: 1])
        #expect(counted(simulation) == row.counts)
        #expect(simulation.backends[1].runs == (row.isSentAgain ? ["1"] : []))
        #expect(client.answers.first?.status == (row.isSentAgain ? 200 : row.status))
        #expect(simulation.snapshot.backends[0][0].idleConnections == (row.closes ? 0 : 1))
        expectAllGivenBack(simulation)
    }

    @Test(arguments: OutcomeRow.all)
    func `give the place of a probe back, and only a failure opens again`(row: OutcomeRow) throws {
        let simulation = try Simulation(seed: 1, backendCount: 2, pool: Self.pool, settings: Self.settings)
        let status = simulation.plan.pools[0].backends[0].status
        for _ in 0..<5 {
            let permit = try status.admit(isRepeatable: true, at: MonotonicTime(simulation.loop.now)).get()
            status.record(.failure, permit: permit, shard: 0, at: MonotonicTime(simulation.loop.now))
        }
        #expect(status.breakerWord.phase == .open)
        simulation.advance(by: .seconds(3))
        simulation.backends[0].behaviour = row.behaviour
        simulation.backends[0].workTime = row.workTime
        // Whoever is asked first: one of two calls is the probe.
        for _ in 0..<2 where attempts(simulation).isEmpty {
            let client = simulation.connectClient()
            client.call("tools/call", id: 1, name: "echo")
            #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .seconds(3)))
            simulation.advance(by: .milliseconds(5))
        }
        #expect(attempts(simulation) == [row.outcome: 1])
        #expect(status.breakerWord.phase == (row.counts == .failure ? .open : .halfOpen))
        expectAllGivenBack(simulation)
    }

    @Test func `of a client that has left are neutral`() throws {
        let simulation = try Simulation(seed: 1, backendCount: 1, pool: Self.pool)
        simulation.backends[0].behaviour = .hold
        let client = simulation.connectClient()
        client.call("tools/call", id: 1, name: "charge")
        #expect(simulation.advance(until: { simulation.backends[0].runs.count == 1 }, limit: .milliseconds(100)))
        client.disconnect()
        simulation.advance(by: .milliseconds(10))
        #expect(attempts(simulation) == [.clientGone: 1])
        #expect(counted(simulation) == .neutral)
        expectAllGivenBack(simulation)
    }

    @Test func `are none where the gateway shed the call`() throws {
        let simulation = try Simulation(
            seed: 1, backendCount: 1, pool: Self.pool + "    limits: { max_concurrency: 1, queue: 0 }\n")
        simulation.backends[0].behaviour = .hold
        let (first, second) = (simulation.connectClient(), simulation.connectClient())
        first.call("tools/call", id: 1, name: "charge")
        #expect(simulation.advance(until: { simulation.backends[0].runs.count == 1 }, limit: .milliseconds(50)))
        second.call("tools/call", id: 2, name: "charge")
        #expect(simulation.advance(until: { second.answers.count == 1 }, limit: .milliseconds(50)))
        #expect(second.answers[0].status == 503 || second.answers[0].status == 429)
        #expect(attempts(simulation).isEmpty)
        #expect(counted(simulation) == .neutral)
        simulation.backends[0].release()
        #expect(simulation.advance(until: { first.answers.count == 1 }, limit: .milliseconds(50)))
        #expect(simulation.backends[0].runs == ["1"])
        expectAllGivenBack(simulation)
    }

    @Test func `are none where the gateway rate-limited the call`() throws {
        let simulation = try Simulation(
            seed: 1, backendCount: 1, pool: Self.pool,
            settings: "rate_limits:\n  - { name: all, key: global, rate: 1/h }\n")
        let client = simulation.connectClient()
        client.call("tools/call", id: 1, name: "charge")
        client.call("tools/call", id: 2, name: "charge")
        #expect(simulation.advance(until: { client.answers.count == 2 }, limit: .milliseconds(100)))
        #expect(client.answers.map(\.status) == [200, 429])
        #expect(attempts(simulation) == [.success: 1])
        let counts = simulation.plan.pools[0].backends[0].status.counts(at: MonotonicTime(simulation.loop.now))
        #expect(counts == SlidingWindow.Counts(total: 1, failures: 0, slow: 0), "the second counted for nothing")
        expectAllGivenBack(simulation)
    }

    @Test func `of a hedge that lost are neutral`() throws {
        let simulation = try Simulation(
            seed: 1, backendCount: 2, pool: Self.pool + "    hedge: { delay: 20ms, min_delay: 10ms }\n")
        simulation.backends[0].workTime = .milliseconds(200)
        let client = simulation.connectClient()
        client.call("tools/call", id: 1, name: "echo")
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .milliseconds(100)))
        simulation.advance(by: .milliseconds(5))
        #expect(client.answers[0].status == 200)
        #expect(attempts(simulation) == [.superseded: 1])
        #expect(counted(simulation) == .neutral)
        #expect(attempts(simulation, backend: 1) == [.success: 1])
        #expect(counted(simulation, backend: 1) == .success)
        expectAllGivenBack(simulation)
    }

    @Test func `of a hedge that was refused leave that backend alone for as long as it asked`() throws {
        let simulation = try Simulation(
            seed: 1, backendCount: 2, pool: Self.pool + "    hedge: { delay: 20ms, min_delay: 10ms }\n")
        simulation.backends[0].workTime = .milliseconds(80)
        simulation.backends[1].behaviour = .refusing(retryAfterSeconds: 7)
        let client = simulation.connectClient()
        client.call("tools/call", id: 1, name: "echo")
        #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .milliseconds(200)))
        #expect(attempts(simulation, backend: 1) == [.refused: 1])
        #expect(counted(simulation, backend: 1) == .neutral)
        simulation.backends[0].workTime = .zero
        simulation.backends[1].behaviour = .answer
        simulation.advance(by: .seconds(6))
        for id in 2...5 { client.call("tools/call", id: id, name: "charge") }
        #expect(simulation.advance(until: { client.answers.count == 5 }, limit: .milliseconds(100)))
        #expect(simulation.backends[1].runs == ["1"], "seven seconds are not over")
        simulation.advance(by: .seconds(1))
        for id in 6...9 { client.call("tools/call", id: id, name: "charge") }
        #expect(simulation.advance(until: { client.answers.count == 9 }, limit: .milliseconds(100)))
        #expect(simulation.backends[1].runs.count == 3)
    }

    // MARK: Internal errors

    private static func internalErrors(_ behaviour: String, pool: String) throws -> Simulation {
        let error = "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32603,\"message\":\"no\"}}"
        let simulation = try Simulation(seed: 1, backendCount: 1, pool: pool)
        let isStream = behaviour == "stream"
        let body = isStream ? "data: \(error)\n\n" : error
        let type = isStream ? "text/event-stream" : "application/json"
        simulation.backends[0].behaviour = .sends(
            "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return simulation
    }

    private func call(_ simulation: Simulation, _ callers: [(token: String, address: String)]) {
        for caller in callers {
            let client = simulation.connectClient(from: caller.address)
            let fields = caller.token.isEmpty ? "" : "Authorization: Bearer \(caller.token)\r\n"
            client.call("tools/call", id: 1, name: "charge", fields: fields)
            #expect(simulation.advance(until: { client.answers.count == 1 }, limit: .milliseconds(50)))
            #expect(client.answers.first?.status == 200, "the client gets what the server said")
            #expect(client.answers.first?.body.contains("-32603") == true)
        }
    }

    @Test(arguments: ["json", "stream"])
    func `that are internal errors count as failures once three identities have met them`(form: String) throws {
        let simulation = try Self.internalErrors(
            form, pool: "    circuit_breaker: { count_internal_errors: true, consecutive_failures: 100 }\n")
        let status = simulation.plan.pools[0].backends[0].status
        func failures() -> Int { status.counts(at: MonotonicTime(simulation.loop.now)).failures }
        call(
            simulation, Array(repeating: ("a", "10.0.0.1"), count: 10) + Array(repeating: ("b", "10.0.0.2"), count: 10))
        #expect(failures() == 0, "two are not enough")
        call(simulation, [("c", "10.0.0.1")])
        #expect(failures() == 1)
        call(simulation, [("a", "10.0.0.3")])
        #expect(failures() == 2)
        #expect(attempts(simulation) == [.internalError: 22])
        // After the window nobody remembers.
        simulation.advance(by: .seconds(11))
        call(simulation, [("a", "10.0.0.1")])
        #expect(failures() == 0)
        expectAllGivenBack(simulation)
    }

    @Test func `that are internal errors go by the address of those who show no credential`() throws {
        let simulation = try Self.internalErrors(
            "json", pool: "    circuit_breaker: { count_internal_errors: true, consecutive_failures: 100 }\n")
        call(simulation, Array(repeating: ("", "10.0.0.1"), count: 5) + [("", "10.0.0.2"), ("", "10.0.0.3")])
        let counts = simulation.plan.pools[0].backends[0].status.counts(at: MonotonicTime(simulation.loop.now))
        #expect(counts == SlidingWindow.Counts(total: 7, failures: 1, slow: 0))
    }

    @Test func `that are internal errors open the breaker of a server that has only those`() throws {
        let simulation = try Self.internalErrors(
            "json", pool: "    circuit_breaker: { count_internal_errors: true }\n")
        call(simulation, (0..<7).map { ("caller \($0)", "10.0.0.1") })
        #expect(simulation.plan.pools[0].backends[0].status.breakerWord.phase == .open)
    }

    @Test func `that are internal errors are successes by default, however many meet them`() throws {
        let simulation = try Self.internalErrors("json", pool: "")
        call(simulation, (0..<50).map { ("caller \($0)", "10.0.0.1") })
        #expect(attempts(simulation) == [.success: 50])
        #expect(simulation.plan.pools[0].backends[0].status.breakerWord.phase == .closed)
        #expect(counted(simulation) == .success)
    }
}
