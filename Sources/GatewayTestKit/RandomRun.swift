import Gateway
import NIOCore
import Resilience
import Transport

/// A gateway with a configuration, backends, clients, faults and a network that all come from one seed, driven for some
/// seconds of its own time, then healed; and what was wrong with what it did.
///
/// What must hold whatever happens:
///
/// - each call gets one answer, its own, on its connection and in turn, or the connection ends;
/// - a call that may not be repeated reaches a backend once, unless that refused it;
/// - nobody is asked whose breaker is open, but in a panic, and for no tool whose own breaker is open there;
/// - attempts that are made again stay within the budget;
/// - when all is well again, calls are answered, every permit and every connection has been given back, and nothing is
///   left that waits.
package final class RandomRun {
    /// What it found, in words; empty if all is well.
    package private(set) var complaints: [String] = []
    /// The lines of the configuration that were drawn.
    package let settings: String
    /// Calls that were made.
    package private(set) var callCount = 0
    /// Calls that were answered with a result.
    package private(set) var goodCount = 0

    private let simulation: Simulation
    private var random: SeededRandom
    private var clients: [Caller] = []
    private var calls: [Call] = []
    /// How often a backend was reached by a call, by the number of the call.
    private var arrivals: [Int: Int] = [:]
    /// Since when the breaker of each backend is open.
    private var openSince: [NIODeadline?]
    /// How often the breaker of each backend had changed when it was last looked at.
    private var changeCounts: [Int]

    /// Whether the backends are checked.
    private let isWatched: Bool
    /// Whether a tool has breakers of its own, and since when each of them is open.
    private let hasToolBreakers: Bool
    private var toolOpenSince: [NIODeadline?]
    /// Whether backends say in place of some answers that they have an internal error.
    private let hasInternalErrors: Bool

    private struct Call {
        var isRepeatable: Bool
        /// Whether it is of the tool that may have breakers of its own.
        var isCharge = false
    }

    /// A client, and what it still waits for.
    private final class Caller {
        let client: SimulatedClient
        var asked: [Int] = []
        var isLeaving = false

        init(_ client: SimulatedClient) { self.client = client }
    }

    /// A run that has been set up from `seed`.
    package init(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        func draw(_ choices: String...) -> String { choices[random.next(below: choices.count)] }
        // Drawn apart, so that what is drawn of everything else is what it was before there were these; with this constant
        // the seeds that once failed have neither, and go as they went.
        var apart = SeededRandom(seed: seed ^ 0x74_6F_6F_7E)
        hasToolBreakers = apart.next(below: 3) == 0
        hasInternalErrors = apart.next(below: 3) == 0
        let counting = hasInternalErrors && apart.next(below: 2) == 0 ? ", count_internal_errors: true" : ""
        let ofTool =
            "circuit_breaker: { open_duration: 200ms, slow_call: \(["50ms", "1s"][apart.next(below: 2)])\(counting) }"
        let charge = hasToolBreakers ? ", charge: { \(ofTool) }" : ""
        settings = [
            "balance: " + draw("round_robin", "least_request", "peak_ewma", "consistent_hash", "random"),
            "timeout: { first_byte: \(draw("100ms", "300ms", "1s")), request: \(draw("200ms", "1s", "3s")) }",
            "retry: { attempts: \(draw("1", "2", "3", "5")), backoff: \(draw("5ms", "25ms", "100ms")) }",
            draw(
                "", "", "limits: { per_backend: \(draw("1", "3")), queue: \(draw("0", "2", "256")) }",
                "limits: { max_concurrency: \(draw("1", "4")), per_identity: \(draw("0", "1")), queue_timeout: 50ms }"),
            draw("", "", "hedge: { delay: \(draw("20ms", "60ms", "p95")), min_delay: 10ms }"),
            "tools: { echo: { repeatable: true }, kept: { cache: { ttl: 1s\(draw("", ", scope: public")) } }\(charge) }",
            hasInternalErrors ? "circuit_breaker: { count_internal_errors: true }" : "",
        ].filter { !$0.isEmpty }.map { "    \($0)\n" }.joined()
        let count = 1 + random.next(below: 5)
        simulation = try Simulation(
            seed: seed, backendCount: count, shardCount: 1 + random.next(below: 3), pool: settings,
            backendSettings: (0..<count).map { _ in draw("", "", "weight: 3") })
        openSince = [NIODeadline?](repeating: nil, count: count)
        changeCounts = [Int](repeating: 0, count: count)
        toolOpenSince = openSince
        isWatched = random.next(below: 4) > 0
        self.random = random
        simulation.network.cutsPieces = random.next(below: 2) == 0
        simulation.network.delay = 50_000...[500_000, 500_000, 5_000_000][random.next(below: 3)]
        for backend in simulation.backends {
            backend.onCall = { [unowned self, unowned backend] id in note(arrivalOf: id, at: backend) }
        }
        for _ in 0..<(1 + random.next(below: 8)) { connect() }
    }

    private var now: NIODeadline { simulation.loop.now }
    private var statuses: [BackendStatus] { simulation.plan.pools[0].backends.map(\.status) }

    /// How each backend stands, as the gateway sees it.
    package var backendStates: [String] {
        statuses.map { status in
            let left = status.refusal(at: MonotonicTime(now)).map { " for \($0 - MonotonicTime(now))" } ?? ""
            return "\(status.health), breaker \(status.breakerWord.phase.label)\(left)"
        }
    }

    private func connect() {
        let shard = random.next(below: simulation.rooms.count)
        clients.append(Caller(simulation.connectClient(toShard: shard)))
    }

    /// Does it all.
    package func run() {
        if isWatched { simulation.startMonitors() }
        for _ in 0..<(100 + random.next(below: 300)) { step() }
        heal()
        settle()
        checkAnswers()
        checkEnd()
    }

    // MARK: What happens

    private func step() {
        switch random.next(below: 100) {
        case 0..<60: call()
        case 60..<70: breakBackend()
        case 70..<76: simulation.backends[random.next(below: simulation.backends.count)].behaviour = .answer
        case 76..<79: simulation.backends[random.next(below: simulation.backends.count)].resetAll()
        case 79..<82: simulation.backends[random.next(below: simulation.backends.count)].resetSome(oneIn: 3)
        case 82..<84: for backend in simulation.backends where backend.behaviour == .hold { backend.release() }
        case 84..<87: leave()
        case 87..<90: connect()
        default: break
        }
        advance(.microseconds(Int64(random.next(below: 60_000))))
    }

    private func call() {
        let caller = clients[random.next(below: clients.count)]
        guard !caller.isLeaving, !caller.client.isClosed else { return }
        let number = callCount
        callCount += 1
        caller.asked.append(number)
        let kind = random.next(below: 6)
        calls.append(Call(isRepeatable: kind != 0, isCharge: kind == 0))
        switch kind {
        case 0, 1:
            caller.client.call(
                "tools/call", id: number, name: kind == 0 ? "charge" : "echo", arguments: "{\"n\":\(number)}")
        case 2:
            // Equal calls of several clients: one may be answered with what another has fetched.
            caller.client.call("tools/call", id: number, name: "kept", fields: "Authorization: Bearer a\r\n")
        case 3: caller.client.call("prompts/list", id: number)
        case 4: caller.client.call("resources/read", id: number, uri: "test://\(random.next(below: 3))")
        default: caller.client.postLegacy("{\"jsonrpc\":\"2.0\",\"id\":\(number),\"method\":\"tools/list\"}")
        }
    }

    private func breakBackend() {
        let backend = simulation.backends[random.next(below: simulation.backends.count)]
        let behaviours: [ScriptedBackend.Behaviour] = [
            .status(500), .status(503), .status(404), .refusing(retryAfterSeconds: 1), .resetAfterRunning,
            .resetMidAnswer,
            .wrongID, .garbage, .stall, .hold, .stream(notifications: 2), .refuse, .blackHole, .answer,
        ]
        backend.behaviour = behaviours[random.next(below: behaviours.count)]
        if hasInternalErrors, backend.behaviour == .status(404) { backend.behaviour = .internalError }
        backend.failureShare = random.next(below: 3) == 0 ? 50 : 0
        backend.workTime = .milliseconds(Int64([0, 0, 5, 50, 150][random.next(below: 5)]))
    }

    private func leave() {
        let caller = clients[random.next(below: clients.count)]
        caller.isLeaving = true
        switch random.next(below: 3) {
        case 0: caller.client.disconnect()
        case 1: caller.client.reset()
        default: caller.client.endSending()
        }
        if clients.allSatisfy(\.isLeaving) { connect() }
    }

    private func heal() {
        for backend in simulation.backends {
            backend.release()
            backend.failureShare = 0
            backend.workTime = .zero
        }
    }

    /// Lets everything end, and then makes calls that must succeed.
    private func settle() {
        simulation.network.delay = 50_000...500_000
        // Without checks to end it, a breaker may stay open for a minute.
        for _ in 0..<(isWatched ? 100 : 650) { advance(.milliseconds(100)) }
        let last = Caller(simulation.connectClient())
        ask(12, of: last)
        advance(.seconds(4))
        // Without checks, a breaker may open when it is asked for the first time after a long time half open.
        let isWell = !isWatched || last.client.answers.suffix(4).allSatisfy { $0.status == 200 }
        if last.client.answers.count != 12 || !isWell {
            complain("\(backendStates): all is well again, but answers are \(last.client.answers.map(\.status))")
        }
        if hasToolBreakers { settleTool() }
        for caller in clients where !caller.isLeaving { caller.client.disconnect() }
        // Longer than idle connections are kept.
        for _ in 0..<27 { advance(.seconds(1)) }
    }

    /// No check brings a tool back: its own calls do, when the open time is over, which is at most 60 s.
    private func settleTool() {
        for _ in 0..<620 { advance(.milliseconds(100)) }
        let last = Caller(simulation.connectClient())
        ask(20, of: last, isCharge: true)
        advance(.seconds(1))
        guard isWatched else { return }
        if last.client.answers.count != 20 || !last.client.answers.allSatisfy({ $0.status == 200 }) {
            complain("all is well again, but answers of the tool are \(last.client.answers.map(\.status))")
        }
        // Any other way to choose may pass over a backend twenty times.
        guard settings.contains("balance: round_robin") else { return }
        let tool = simulation.plan.pools[0].tools.first { !$0.breakers.isEmpty }
        for breaker in tool?.breakers ?? [] where breaker.phase == .open { complain("the breaker of the tool is open") }
    }

    /// Makes calls that may be repeated, since a breaker may still want a probe.
    private func ask(_ count: Int, of caller: Caller, isCharge: Bool = false) {
        clients.append(caller)
        for _ in 0..<count {
            caller.asked.append(callCount)
            calls.append(Call(isRepeatable: !isCharge, isCharge: isCharge))
            if isCharge {
                caller.client.call("tools/call", id: callCount, name: "charge")
            } else {
                caller.client.call("prompts/list", id: callCount)
            }
            callCount += 1
            advance(.milliseconds(200))
        }
    }

    private func advance(_ time: TimeAmount) {
        let end = now + time
        while now < end {
            watchBreakers()
            simulation.advance(by: min(end - now, .milliseconds(2)))
        }
        watchBreakers()
    }

    // MARK: What must hold

    private func complain(_ words: String) {
        if complaints.count < 20 { complaints.append(words) }
    }

    private func watchBreakers() {
        for (index, status) in statuses.enumerated() {
            let changes = status.transitionCounts.reduce(0, +)
            if changes != changeCounts[index] { openSince[index] = nil }
            changeCounts[index] = changes
            let isOpen =
                status.breakerWord.phase == .open && !status.mayAdmit(at: MonotonicTime(now))
                && simulation.plan.pools[0].choice == .closed
            openSince[index] = isOpen ? openSince[index] ?? now : nil
        }
        guard hasToolBreakers, let tool = simulation.plan.pools[0].tools.first(where: { !$0.breakers.isEmpty }) else {
            return
        }
        for (index, breaker) in tool.breakers.enumerated() {
            let isOpen = breaker.phase == .open && !breaker.mayAdmit(at: MonotonicTime(now))
            toolOpenSince[index] = isOpen ? toolOpenSince[index] ?? now : nil
        }
    }

    private func note(arrivalOf id: String, at backend: ScriptedBackend) {
        guard let number = Int(id), calls.indices.contains(number) else {
            return complain("a call \(id) that nobody made")
        }
        watchBreakers()
        if let index = simulation.backends.firstIndex(where: { $0 === backend }), let since = openSince[index],
            // What was on its way; a connection and a request take two delays, in up to four pieces each.
            now - since > .milliseconds(60)
        {
            complain(
                "call \(number) reached backend \(index), whose breaker is open for \((now - since).nanoseconds / 1_000) µs"
            )
        }
        if calls[number].isCharge, let index = simulation.backends.firstIndex(where: { $0 === backend }),
            let since = toolOpenSince[index], now - since > .milliseconds(60),
            simulation.plan.pools[0].choice != .nobody
        {
            complain("call \(number) reached backend \(index), where the breaker of its tool is open")
        }
        if case .refusing = backend.behaviour { return }
        arrivals[number, default: 0] += 1
        if !calls[number].isRepeatable, arrivals[number] == 2 { complain("call \(number) may not be repeated and was") }
    }

    private func checkAnswers() {
        for (index, caller) in clients.enumerated() {
            let answers = caller.client.answers
            guard answers.count <= caller.asked.count else {
                complain("client \(index) got \(answers.count) answers to \(caller.asked.count) calls")
                continue
            }
            for (number, answer) in zip(caller.asked, answers) {
                if !answer.body.contains("\"id\":\(number),") && !answer.body.contains("\"id\":\(number)}") {
                    complain("client \(index) got to call \(number): \(answer.status) \(answer.body.prefix(200))")
                }
                if answer.status == 200 { goodCount += 1 }
                if ![200, 404, 502, 503, 504].contains(answer.status) {
                    complain("status \(answer.status) to call \(number)")
                }
            }
            if answers.count < caller.asked.count, !caller.isLeaving, !caller.client.isClosed {
                complain("client \(index) still waits for \(caller.asked[answers.count])")
            }
        }
    }

    private func checkEnd() {
        for (number, snapshot) in simulation.snapshots.enumerated() {
            if snapshot.counters.inFlight != 0 {
                complain("shard \(number) has \(snapshot.counters.inFlight) calls left")
            }
            if snapshot.counters.connections != 0 { complain("shard \(number) has connections of clients left") }
            if snapshot.counters.bugs != 0 { complain("shard \(number) has found \(snapshot.counters.bugs) bugs") }
            for (index, backend) in snapshot.backends[0].enumerated() where backend.inFlight != 0 {
                complain("shard \(number) has \(backend.inFlight) attempts left at backend \(index)")
            }
            for (index, backend) in snapshot.backends[0].enumerated() where backend.idleConnections != 0 {
                complain("shard \(number) keeps \(backend.idleConnections) connections to backend \(index)")
            }
        }
        let admission = simulation.plan.pools[0].admission
        if admission.inFlight != 0 || admission.waiting != 0 {
            complain("\(admission.inFlight) places of the pool are taken, and \(admission.waiting) calls wait")
        }
        for (index, status) in statuses.enumerated() where status.callCount != 0 {
            complain("\(status.callCount) places of backend \(index) are taken")
        }
        let attempts = arrivals.values.reduce(0, +)
        // The budget of ten seconds is there about three times in the time of a run.
        if attempts > callCount + callCount / 5 + 300 { complain("\(attempts) attempts of \(callCount) calls") }
        guard isWatched else { return }
        for (index, status) in statuses.enumerated() where status.breakerWord.phase != .closed {
            complain("the breaker of backend \(index) is \(status.breakerWord.phase.label)")
        }
    }
}

@available(*, unavailable)
extension RandomRun: Sendable {}
