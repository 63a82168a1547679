import Resilience
import Wire

/// One probe as a value: which request comes next, and what the answers say of the server. It sends nothing itself.
///
/// ```
///            ┌ era unknown ─▶ discovering ─┬─ modern ─▶ checking ─▶ calling ─▶ done
/// health ─▶ ─┼ modern ─────────────────────┘               ▲            (if a tool is to be called)
///            └ legacy ─▶ initializing ─▶ announcing ───────┘
/// ```
///
/// What is remembered of the era is doubted once: when the first request in it is refused, the probe finds out anew. The
/// health page comes first and ends nothing: a server that calls itself ill is still asked.
struct ProbeMachine: Sendable {
    /// What is to be done next.
    enum Action: Hashable, Sendable {
        /// Send this, and tell what comes of it.
        case send(ProbeRequest)
        /// Nothing: the findings are complete.
        case finish
    }

    private enum State: Hashable, Sendable {
        case ready, health, discovering, initializing, announcing, checking, calling, done
    }

    private let asksHealth: Bool
    private let call: ProbeCall?
    private let now: MonotonicTime
    private var state = State.ready
    private var lastID = 0
    private var session: ProbeSession?
    /// The revision that a legacy server has settled on.
    private var revision: MCPProtocolVersion?
    private var hasTools = true
    /// Whether the era comes from an earlier probe and has not been confirmed in this one.
    private var isEraDoubtful = false

    /// What is known of the era, for the next probe.
    private(set) var memory: EraMemory
    /// What was found so far.
    private(set) var findings = ProbeFindings()

    /// A probe that begins at `now`.
    ///
    /// - Parameters:
    ///   - asksHealth: whether the health page is asked for.
    ///   - call: the tool to call, if any.
    ///   - memory: what the last probe has left.
    init(asksHealth: Bool, call: ProbeCall?, memory: EraMemory, now: MonotonicTime) {
        self.asksHealth = asksHealth
        self.call = call
        self.now = now
        self.memory = memory.still(at: now)
    }

    /// The request that ends the session, if the probe has left one open. For afterwards: what becomes of it says nothing
    /// about the server.
    var farewell: ProbeRequest? {
        guard state == .done, let session, let revision else { return nil }
        return ProbeRequests.endSession(session, revision)
    }

    // MARK: Events

    /// The first action.
    mutating func begin() -> Action {
        guard asksHealth else { return enterEra() }
        state = .health
        return .send(ProbeRequests.health)
    }

    /// The request was answered.
    mutating func receive(_ answer: ProbeAnswer) -> Action {
        switch state {
        case .health:
            findings.health = HealthPage(answer)
            return enterEra()
        case .discovering: return discovered(answer)
        case .initializing: return initialized(answer)
        case .announcing: return announced(answer)
        case .checking: return checked(answer)
        case .calling: return called(answer)
        case .ready, .done: return .finish
        }
    }

    /// The request was not answered.
    mutating func fail(_ failure: ProbeFailure) -> Action {
        if state == .health {
            switch failure.status {
            case .httpError, .protocolError, .unhealthy, .toolError, .ok, .degraded:
                // The page broke, which says little about the endpoint.
                findings.health = .failed(failure)
                return enterEra()
            case .timeout, .connectError, .tlsError, .authError:
                break  // nothing else would fare better
            }
        }
        return end(failure)
    }

    // MARK: Eras

    private mutating func enterEra() -> Action {
        switch memory {
        case .unknown:
            return discover()
        case .modern(let hasTools):
            self.hasTools = hasTools
            isEraDoubtful = true
            return enterModern()
        case .legacy:
            isEraDoubtful = true
            return initialize()
        }
    }

    private mutating func discover() -> Action {
        memory = .unknown
        isEraDoubtful = false
        state = .discovering
        return .send(ProbeRequests.modern(.discover, id: nextID()))
    }

    private mutating func discovered(_ answer: ProbeAnswer) -> Action {
        switch EraVerdict(answer) {
        case .modern(let discovery):
            hasTools = discovery?.hasTools ?? true
            findings.software = discovery?.software
            return enterModern()
        case .legacy:
            return initialize()
        case .noEvidence(let failure):
            return end(failure)
        }
    }

    private mutating func enterModern() -> Action {
        memory = .modern(hasTools: hasTools)
        revision = nil
        findings.era = .modern
        findings.revision = .newestModern
        state = .checking
        return .send(ProbeRequests.modern(checkingStep, id: nextID()))
    }

    private mutating func initialize() -> Action {
        state = .initializing
        return .send(ProbeRequests.initialize(id: nextID()))
    }

    private mutating func initialized(_ answer: ProbeAnswer) -> Action {
        let result: JSONValue
        switch answer.outcome(of: .initialize) {
        case .success(let value): result = value
        case .failure(let failure): return doubt(answer) ?? end(ProbeMachine.hint(failure, answer))
        }
        guard let name = result["protocolVersion"]?.stringValue else {
            return end(ProbeFailure(.protocolError, "initialize: the result names no protocolVersion"))
        }
        let known = Array(name.utf8).withUnsafeBytes { MCPProtocolVersion(ByteView($0)) }
        guard let known, known.era == .legacy else {
            let quoted = ProbeFailure.quoted(name)
            return end(
                ProbeFailure(.protocolError, "initialize: the server chose revision \(quoted), which is not known"))
        }
        isEraDoubtful = false
        revision = known
        if case .legacy = memory {} else { memory = .legacy(until: now + EraMemory.legacyLife) }
        findings.era = .legacy
        findings.revision = known
        findings.software = ProbeFindings.software(result["serverInfo"])
        hasTools = result["capabilities"]?["tools"] != nil
        session = answer.sessionID.map { ProbeSession(id: $0, origin: answer.origin) }
        state = .announcing
        return .send(ProbeRequests.initialized(session, known))
    }

    private mutating func announced(_ answer: ProbeAnswer) -> Action {
        if let failure = answer.refusal(of: .initialized) { return end(failure) }
        guard (200..<300).contains(answer.status) else { return end(answer.badStatus(of: .initialized)) }
        state = .checking
        return .send(legacy(checkingStep))
    }

    // MARK: Exchange

    private mutating func checked(_ answer: ProbeAnswer) -> Action {
        switch answer.outcome(of: checkingStep) {
        case .failure(let failure):
            return doubt(answer) ?? end(failure)
        case .success(let result):
            if hasTools {
                guard let tools = result["tools"]?.arrayValue else {
                    return doubt(answer) ?? end(ProbeFailure(.protocolError, "tools/list: the result has no tools"))
                }
                findings.toolCount = tools.count
            } else if revision == nil {
                // By the next probe there may be tools to list.
                memory = .modern(hasTools: ServerDiscovery(result).hasTools)
            }
        }
        isEraDoubtful = false
        guard let call else { return end(nil) }
        state = .calling
        if revision != nil { return .send(legacy(.callTool, parameters: call.parameters)) }
        return .send(
            ProbeRequests.modern(.callTool, id: nextID(), name: call.tool, parameters: call.parameters))
    }

    private mutating func called(_ answer: ProbeAnswer) -> Action {
        switch answer.outcome(of: .callTool) {
        case .failure(var failure):
            // The endpoint has shown that it is in order; what refuses is the tool.
            if failure.status == .protocolError { failure.status = .toolError }
            return end(failure)
        case .success(let result):
            let tool = ProbeFailure.quoted(call?.tool ?? "")
            if result["isError"]?.boolValue == true {
                return end(ProbeFailure(.toolError, "tools/call: \(tool) answers that it has failed"))
            }
            if let type = result["resultType"]?.stringValue, type != "complete" {
                return end(ProbeFailure(.toolError, "tools/call: \(tool) answers \(ProbeFailure.quoted(type))"))
            }
            return end(nil)
        }
    }

    /// Finds the era out anew, if the answer refuses the first request in a remembered one.
    private mutating func doubt(_ answer: ProbeAnswer) -> Action? {
        guard isEraDoubtful, answer.isAboutEra else { return nil }
        findings.era = nil
        findings.revision = nil
        return discover()
    }

    private mutating func end(_ failure: ProbeFailure?) -> Action {
        if failure != nil {
            findings.failedStep = step
            // It may come back as another one.
            if state != .calling { memory = .unknown }
        }
        findings.failure = failure
        state = .done
        return .finish
    }

    private var step: ProbeStep? {
        switch state {
        case .health: .health
        case .discovering: .discover
        case .initializing: .initialize
        case .announcing: .initialized
        case .checking: checkingStep
        case .calling: .callTool
        case .ready, .done: nil
        }
    }

    private var checkingStep: ProbeStep {
        hasTools ? .listTools : revision == nil ? .discover : .ping
    }

    private mutating func legacy(_ step: ProbeStep, parameters: String = "") -> ProbeRequest {
        ProbeRequests.legacy(step, id: nextID(), session, revision ?? .newestLegacy, parameters: parameters)
    }

    /// From 1 on: there are servers that take 0 for none.
    private mutating func nextID() -> Int {
        lastID += 1
        return lastID
    }

    /// Says what it may mean that a server refuses both openings (MCP 2025-11-25, "Backwards Compatibility").
    private static func hint(_ failure: ProbeFailure, _ answer: ProbeAnswer) -> ProbeFailure {
        guard [400, 404, 405].contains(answer.status), failure.status == .httpError else { return failure }
        var failure = failure
        failure.reason += "; is this the MCP endpoint, and not one of HTTP+SSE (2024-11-05)?"
        return failure
    }
}
