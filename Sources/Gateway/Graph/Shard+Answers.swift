import NIOCore
import Transport
import Wire

extension Shard {
    // MARK: Judging

    /// What a good answer means.
    package struct JudgedAnswer {
        /// What goes out as the body.
        enum Body {
            /// What the backend sent.
            case received
            /// Nothing.
            case empty
            /// Our own words for the backend's status.
            case own
        }

        var status: CallStatus
        var body = Body.received
        /// How the attempt has ended.
        var outcome = AttemptOutcome.success
        /// The revision that an `initialize` has settled on.
        var negotiatedVersion: MCPProtocolVersion?
    }

    /// Checks the whole answer that `call` holds; `nil` if it cannot be the answer to it.
    static func judgeAnswer(_ call: Call, _ shard: isolated Shard) -> JudgedAnswer? {
        // What follows is the gateway's time, not the backend's.
        call.answeredAt = shard.executor.eventLoop.now
        var judged = shard.judgeBody(of: call)
        if call.answerHead?.response.status == 429 { judged?.outcome = .limited }
        return judged
    }

    private func judgeBody(of call: Call) -> JudgedAnswer? {
        let isError = (call.answerHead?.response.status ?? 0) >= 400
        guard call.expectedAnswerCount > 0 else {
            // Nothing was asked: an acceptance has no body, and a refusal keeps its own if that is a JSON-RPC error.
            guard isError else { return JudgedAnswer(status: .ok, body: .empty) }
            let isJSONRPC = call.held.withByteView { isErrorWithoutCall($0) }
            return JudgedAnswer(status: .rpcError, body: isJSONRPC ? .received : .own)
        }
        return call.held.withByteView { bytes in
            do throws(JSONRPCError) {
                let envelope = try JSONRPCEnvelope.scan(bytes, scratch: &scratch)
                let judged = judge(envelope, bytes, for: call, isError: isError)
                if judged != nil, call.caching != nil { land(envelope, bytes, of: call) }
                return judged
            } catch {
                // A 4xx in plain text or HTML is put into our words; anything else with a 2xx is broken.
                guard isError else { return nil }
                Shard.landNothing(call, self)
                return JudgedAnswer(status: .rpcError, body: .own)
            }
        }
    }

    private func isErrorWithoutCall(_ bytes: ByteView) -> Bool {
        guard let envelope = try? JSONRPCEnvelope.scan(bytes, scratch: &scratch) else { return false }
        return envelope.kind == .error
    }

    private func judge(
        _ envelope: JSONRPCEnvelope, _ bytes: ByteView, for call: Call, isError: Bool
    ) -> JudgedAnswer? {
        switch envelope.kind {
        case .result where !isError:
            guard matches(envelope, bytes, call) else { return nil }
            var judged = JudgedAnswer(status: envelope.isToolError ? .toolError : .ok)
            judged.negotiatedVersion = envelope.resultProtocolVersion.flatMap {
                MCPProtocolVersion(text: $0, in: bytes)
            }
            return judged
        case .error:
            // An error may come without an id only where the request could not be read (JSON-RPC 2.0 §5).
            guard matches(envelope, bytes, call) || (envelope.id == nil && isError) else { return nil }
            let isInternal =
                !isError && envelope.isInternalError && call.countsInternalErrors(in: pools[call.poolIndex].plan)
            return JudgedAnswer(status: .rpcError, outcome: isInternal ? .internalError : .success)
        case .batch where call.envelope?.kind == .batch:
            return JudgedAnswer(status: .ok)
        case .result, .request, .notification, .batch:
            return nil
        }
    }

    private func matches(_ envelope: JSONRPCEnvelope, _ bytes: ByteView, _ call: Call) -> Bool {
        guard let id = envelope.id, let expected = call.envelope?.id, let request = call.request else {
            // The answers of a batch are matched by the client: they all belong to its one HTTP exchange.
            return call.envelope?.kind == .batch
        }
        return request.body.withByteView { id.matches(expected, in: bytes, otherBytes: $0) }
    }

    /// The data of one event of a stream.
    package struct StreamedEvent {
        var call: Call
        var data: ByteView
    }

    /// Checks one event against the call whose stream it came on.
    static func judgeEvent(_ event: StreamedEvent, _ shard: isolated Shard) -> AnswerStream.Event {
        let envelope: JSONRPCEnvelope
        do throws(JSONRPCError) {
            envelope = try JSONRPCEnvelope.scan(event.data, scratch: &shard.scratch)
        } catch {
            return .broken
        }
        switch envelope.kind {
        case .notification:
            event.call.caching?.hasOtherMessages = true
            if let topics = CacheTopic.changed(by: envelope, in: event.data) {
                shard.plan.cache.invalidate(topics, pool: event.call.poolIndex, source: .call)
            }
            return .passed
        case .request:
            event.call.caching?.hasOtherMessages = true
            // Modern servers never ask their clients (MCP 2026-07-28, Messages).
            return event.call.era == .legacy ? .passed : .broken
        case .result, .error:
            // On a stream that resumes another one the answer is to a call of an earlier exchange.
            guard event.call.envelope != nil else { return .passed }
            guard shard.matches(envelope, event.data, event.call) else { return .broken }
            if event.call.caching != nil { shard.noteArrival(envelope, event.data, of: event.call) }
            return .answer(envelope)
        case .batch:
            guard event.call.era == .legacy else { return .broken }
            return event.call.envelope?.kind == .batch && envelope.batchRequestCount == 0 ? .answer(envelope) : .passed
        }
    }

    /// What is kept of an answer that came as an event.
    struct StreamedAnswer {
        var status: CallStatus
        var negotiatedVersion: MCPProtocolVersion?
        /// Whether the server says that it has an internal error.
        var isInternalError: Bool

        init(_ envelope: JSONRPCEnvelope, _ data: ByteView) {
            status = envelope.kind == .error ? .rpcError : envelope.isToolError ? .toolError : .ok
            negotiatedVersion = envelope.resultProtocolVersion.flatMap { MCPProtocolVersion(text: $0, in: data) }
            isInternalError = envelope.isInternalError
        }
    }

    // MARK: Sessions

    /// The answer to an `initialize` that opens a session.
    package struct NewSession {
        var call: Call
        var version: MCPProtocolVersion?
    }

    /// The session id that the client gets in place of the backend's own.
    static func seal(_ session: NewSession, _ shard: isolated Shard) -> [UInt8]? {
        guard let upstreamID = session.call.answerHead?.answerField(.mcpSessionID), let backend = session.call.backend,
            let request = session.call.request
        else { return nil }
        return shard.sessions.seal(
            upstreamID: upstreamID, backendKey: backend.plan.key, version: session.version,
            credential: request.received.requestField(.authorization), age: shard.plan.sessionAge)
    }

    // MARK: Counting

    /// How a call ended.
    package struct CallEnd {
        var call: Call
        var status: CallStatus
        var httpStatus: Int
        var answerByteCount: Int
        /// How the last try ended, if it has not been given back yet.
        var attempt: AttemptOutcome?
    }

    /// What is to be done with the access log after a line was added.
    package enum LogEffect {
        case none
        /// The first line of a block: make sure that it is handed over in time.
        case schedule
        /// A full block, to be handed over now.
        case write([UInt8])
    }

    /// Counts and logs a call that is over.
    static func finished(_ end: CallEnd, _ shard: isolated Shard) -> LogEffect {
        let call = end.call
        if let outcome = end.attempt { attemptEnded(AttemptEnd(call: call, outcome: outcome), shard) }
        let duration = shard.executor.eventLoop.now - call.startedAt
        shard.counters.inFlight -= 1
        shard.counters.count(pool: call.poolIndex, method: call.method, status: end.status, duration: duration)
        if call.answeredAt != nil, end.attempt == .success {
            shard.counters.count(overhead: duration - call.timeWithBackends, pool: call.poolIndex)
        }
        guard shard.access.isEnabled else { return .none }
        let wasEmpty = shard.access.isEmpty
        let block = shard.access.append(
            AccessLogBuffer.Entry(
                call: call, pool: shard.plan.pools[call.poolIndex], status: end.status, httpStatus: end.httpStatus,
                answerByteCount: end.answerByteCount, duration: duration))
        if let block { return .write(block) }
        return wasEmpty ? .schedule : .none
    }

    /// Takes the lines that wait, for the housekeeper.
    static func takeLog(_: Void, _ shard: isolated Shard) -> [UInt8]? {
        shard.access.take()
    }

    static func connectionOpened(_: Void, _ shard: isolated Shard) {
        shard.counters.connections += 1
    }

    static func connectionClosed(_: Void, _ shard: isolated Shard) {
        shard.counters.connections -= 1
    }

    static func refusedHead(_ failure: GatewayFailure, _ shard: isolated Shard) {
        shard.counters.count(refusal: failure)
    }

    /// A call that the gateway has not let through, and why.
    package struct ShedCall {
        var call: Call
        var failure: GatewayFailure
    }

    static func noteShed(_ shed: ShedCall, _ shard: isolated Shard) {
        shard.counters.count(shed: shed.failure, pool: shed.call.poolIndex)
    }

    static func noteLag(_ lag: TimeAmount, _ shard: isolated Shard) {
        shard.counters.loopLag = max(lag, .zero)
    }

    /// The gateway has caught itself at something that cannot be.
    static func noteBug(_: Void, _ shard: isolated Shard) {
        shard.counters.bugs += 1
    }

    static func malformedInput(_: Void, _ shard: isolated Shard) {
        shard.counters.clientProtocolErrors += 1
    }
}

extension JSONRPCEnvelope {
    /// Whether it is an error with the code of an internal one (JSON-RPC 2.0 §5.1).
    var isInternalError: Bool { errorCode == -32_603 }
}

extension CallStatus {
    /// How a call counts that the gateway itself answered with `failure`.
    init(_ failure: GatewayFailure) {
        self =
            switch failure {
            case .badAnswer, .backendLost: .backendError
            case .timeout: .timeout
            case .unavailable, .overloaded, .draining, .rateLimited: .refused
            default: .clientError
            }
    }
}

extension MCPProtocolVersion {
    /// The revision that a JSON string names; revisions have no characters that need escapes.
    init?(text: JSONText, in bytes: ByteView) {
        guard !text.isEscaped else { return nil }
        self.init(bytes[text.range])
    }
}
