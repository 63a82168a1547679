package import NIOCore
import Resilience
import Transport
package import Wire

/// What is to be done with a call after the shard has decided.
package enum Dispatch {
    /// Send the request on this open connection.
    case send(BackendConnection)
    /// Open this connection, then send.
    case connect(BackendConnection)
    /// Ask Redis whether the rate limits let the call through.
    case ask
    /// Answer with what the cache has, and fetch it anew beside that if there is a ticket.
    case serve(ServedAnswer, refresh: FlightTicket?)
    /// Look for the answer where other gateways put theirs.
    case search(SharedPlaces)
    /// Wait for the answer to somebody else's call.
    case wait(FlightWaiter)
    /// Wait until there is room.
    case queue
    /// Wait until then before the next attempt.
    case pause(until: NIODeadline)
    /// Answer with an error of our own.
    case refuse(Refusal)
}

/// An error answer of the gateway's own.
package struct Refusal {
    /// What it is; status, code and text follow from the table.
    package var failure: GatewayFailure
    /// The client may try again after this many seconds; 0 says nothing.
    package var retryAfterSeconds = 0
    /// What a refused classification said besides.
    package var detail: MCPRefusal?
    /// The id to answer to, when the envelope could not be read as a whole.
    package var id: JSONRPCID?
}

extension Shard {
    // MARK: Beginning

    /// Judges a request whose body is complete, and chooses where it goes.
    static func begin(_ call: Call, _ shard: isolated Shard) -> Dispatch {
        let now = shard.executor.eventLoop.now
        call.startedAt = now
        shard.counters.inFlight += 1
        call.isAdmitted = !shard.isDraining
        if let refusal = shard.read(call, at: now) { return .refuse(refusal) }
        if let limiter = shard.plan.limiter, let dispatch = shard.checkLimits(of: call, by: limiter, at: now) {
            return dispatch
        }
        // Time has passed: a backend is not to be blamed for what reading took.
        return shard.answer(call, at: shard.executor.eventLoop.now)
    }

    /// Answers from the cache, or chooses a backend.
    func answer(_ call: Call, at now: NIODeadline) -> Dispatch {
        lookIntoCache(for: call, at: now) ?? dispatch(call, at: now)
    }

    /// Reads and classifies the body, and opens the session. `nil` if nothing is wrong.
    private func read(_ call: Call, at now: NIODeadline) -> Refusal? {
        guard let request = call.request else {
            counters.bugs += 1
            return Refusal(failure: .badRequest)
        }
        // Opened first: whether a batch may be read depends on the revision that the session negotiated.
        let session = call.headers.sessionID.flatMap {
            sessions.open($0, credential: request.received.requestField(.authorization), at: now)
        }
        if call.httpMethod == .post {
            let refusal = request.body.withByteView { readBody(call, body: $0, session: session) }
            if let refusal { return refusal }
        }
        guard call.era == .legacy, call.headers.sessionID != nil else { return nil }
        guard let session else { return Refusal(failure: .sessionNotFound) }
        call.session = session
        return nil
    }

    private func readBody(
        _ call: Call, body: ByteView, session: OpenSession?
    ) -> Refusal? {
        let envelope: JSONRPCEnvelope
        do throws(JSONRPCError) {
            envelope = try JSONRPCEnvelope.scan(body, scratch: &scratch)
        } catch {
            switch error {
            case .notJSON: return Refusal(failure: .parseError)
            case .invalidRequest(_, let id): return Refusal(failure: .invalidRequest, id: id)
            }
        }
        call.envelope = envelope
        if let method = envelope.method { call.method = MCPMethod(method, in: body) }
        if call.method == .toolsCall, let name = envelope.name {
            call.tool = pools[call.poolIndex].plan.tool(named: name, in: body)
        }
        do throws(MCPRefusal) {
            let classification = try MCPClassifier.classify(
                envelope, body: body, headers: call.headers, sessionVersion: session?.version)
            call.era = classification.era
            call.version = classification.version
        } catch {
            call.era = error.era
            return Refusal(failure: error.failure, detail: error)
        }
        return nil
    }

    /// Chooses the backend of the next try and leases a connection to it.
    func dispatch(_ call: Call, at now: NIODeadline) -> Dispatch {
        if isDraining, !call.isAdmitted, call.session == nil {
            return .refuse(Refusal(failure: .draining, retryAfterSeconds: 1))
        }
        let pool = pools[call.poolIndex]
        let admission = pool.plan.admission
        if overload >= .critical, isDispensable(call, in: pool) {
            return .refuse(Refusal(failure: .overloaded, retryAfterSeconds: 1))
        }
        call.departures = admission.departures
        switch admission.enter(&call.place, identity: identity(of: call, in: pool)) {
        case .entered: break
        case .full: return .queue
        case .overShare:
            admission.leave(&call.place, at: MonotonicTime(now))
            return .refuse(Refusal(failure: .overloaded, retryAfterSeconds: 1))
        }
        let choice = call.session.map { pick(for: call, of: $0, in: pool, at: now) } ?? pool.pick(for: call, at: now)
        let backend: Backend
        switch choice {
        case .backend(let picked, let permit):
            backend = picked
            call.permit = permit
            call.place.isAtBackend = true
        case .full:
            admission.leaveQuietly(&call.place)
            return .queue
        case .gone:
            admission.leave(&call.place, at: MonotonicTime(now))
            return .refuse(Refusal(failure: .sessionNotFound))
        case .none(let retryAt):
            admission.leave(&call.place, at: MonotonicTime(now))
            let seconds = min(max((retryAt - MonotonicTime(now)).secondsRoundedUp, 1), 60)
            return .refuse(Refusal(failure: .unavailable, retryAfterSeconds: max(call.retryAfterSeconds, seconds)))
        }
        call.backend = backend
        call.queuedAt = nil
        if call.attemptCount == 0 { pool.plan.retries.began(shard: number) }
        call.attemptCount += 1
        call.attemptStartedAt = now
        call.answeredAt = nil
        call.streamBeganAt = nil
        call.hedgesAt = timeOfHedge(for: call, in: pool, at: now)
        call.markTried(backend.index)
        pool.began(call, with: backend)
        if let connection = backend.lease(at: now, discarded: &discarded) {
            call.connection = connection
            return .send(connection)
        }
        let connection = BackendConnection(to: backend, of: self, at: now)
        call.connection = connection
        return .connect(connection)
    }

    /// The backend that holds the session of `call`, and nobody else.
    private func pick(for call: Call, of session: OpenSession, in pool: Pool, at now: NIODeadline) -> Pool.Pick {
        guard let backend = pool.backend(withKey: session.backendKey) else {
            // As long as a name is not known, the backend may be one of its.
            return pool.plan.hasUnresolvedNames ? .none(retryAt: .zero) : .gone
        }
        guard !call.hasTried(backend.index) else { return .none(retryAt: .zero) }
        guard backend.plan.status.enter(atMost: pool.plan.admission.perBackend) else { return .full }
        switch pool.admit(call, to: backend, at: MonotonicTime(now)) {
        case .success(let permit):
            return .backend(backend, permit)
        case .failure:
            backend.plan.status.leave()
            return .none(retryAt: call.tool?.breaker(at: backend.index)?.refusal(at: MonotonicTime(now)) ?? .zero)
        }
    }

    // MARK: Ending a try

    /// How a try ended, and whether the client has seen anything of its answer.
    package struct AttemptEnd {
        var call: Call
        var outcome: AttemptOutcome
        /// What the client is told if no other try goes better.
        var failure = GatewayFailure.backendLost
        /// `Retry-After` of the backend, in seconds.
        var retryAfterSeconds = 0
        /// Whether bytes of this try's answer went to the client: then no other backend can help.
        var hasAnswered = false
    }

    /// Takes note of a try that failed, and says what is to be done if it is to be made again; `nil` if it is not.
    static func attemptFailed(_ end: AttemptEnd, _ shard: isolated Shard) -> Dispatch? {
        let call = end.call
        let now = shard.executor.eventLoop.now
        shard.giveBack(call, end.outcome, at: now)
        if end.outcome == .protocolError { shard.counters.backendProtocolErrors += 1 }
        if end.outcome.consequence.passesOver {
            call.retryAfterSeconds = max(call.retryAfterSeconds, end.retryAfterSeconds)
            call.backend?.passOver(forSeconds: end.retryAfterSeconds, at: now)
        }
        if end.outcome == .stale {
            // Nobody has been asked yet. It ends: a connection that is made anew is not stale.
            call.unmarkTry()
            return shard.dispatch(call, at: now)
        }
        call.failure = end.failure
        return end.hasAnswered ? nil : shard.retry(call, after: end.outcome, at: now)
    }

    /// Takes note of a try whose answer is complete, or that nobody waits for any more.
    static func attemptEnded(_ end: AttemptEnd, _ shard: isolated Shard) {
        shard.giveBack(end.call, end.outcome, at: end.call.answeredAt ?? shard.executor.eventLoop.now)
    }

    func giveBack(_ call: Call, _ outcome: AttemptOutcome, at now: NIODeadline) {
        guard let backend = call.backend, let permit = call.permit else { return }
        call.permit = nil
        leavePlace(of: call, at: now)
        let duration = now - call.attemptStartedAt
        call.timeWithBackends = call.timeWithBackends + duration
        let latency = (call.streamBeganAt ?? now) - call.attemptStartedAt
        let pool = pools[call.poolIndex]
        tellBreakers(
            of: backend, about: call, outcome, latency: latency, permit: permit, in: pool.plan, at: MonotonicTime(now))
        if outcome.isFailure || permit.isProbe { pool.plan.reconsider(at: MonotonicTime(now)) }
        if outcome.isFailure {
            backend.plan.status.note(BackendFailure(.call(outcome), atMilliseconds: WallClock.milliseconds()))
        }
        let connection = call.connection.take()
        connection?.lessee = nil
        backend.giveBack(connection, outcome: outcome, duration: duration, at: now)
        pool.ended(call, with: backend, Pool.TryEnd(outcome: outcome, permit: permit, latency: latency, now: now))
    }
}
