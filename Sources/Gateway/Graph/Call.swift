package import NIOCore
package import Transport
package import Wire

/// One JSON-RPC request of a client on its way through the gateway.
///
/// A connection has one call at a time and uses the same object for all of them, so that a call allocates nothing. In
/// the shard's region while the shard decides about it; between two entries its `RequestHandler` reads it on the same
/// loop.
package final class Call {
    /// What the HTTP request was.
    package var request: HTTPServerRequest?
    /// The method of the HTTP request.
    package private(set) var httpMethod = HTTPMethod.other
    /// What the head says that the body says too.
    package var headers = MCPHeaderValues()
    /// What was made of its head before, if it has come before.
    private var accepted: AcceptedHead?
    /// The members of the body; `nil` for GET and DELETE.
    package var envelope: JSONRPCEnvelope?
    /// The method, `unknown` for GET, DELETE and methods that are not MCP's.
    package var method = MCPMethod.unknown
    /// Which era the client speaks in this call.
    package var era = MCPEra.legacy
    /// Which revision it is in, if that is known.
    package var version: MCPProtocolVersion?
    /// When the request was complete.
    package var startedAt = NIODeadline.uptimeNanoseconds(0)
    /// The position of the pool that the route leads to.
    package var poolIndex = 0
    /// What is different for the tool that is called; `nil` if nothing is.
    package var tool: ToolPlan?
    /// The session that the call belongs to, for calls of legacy clients that have one.
    package var session: OpenSession?
    /// The address of the client, hashed; only made where something depends on it, and then once for the connection unless
    /// a proxy sends the calls of many.
    package var address: CallerKey?
    /// What the rate limits have to know of the call, while Redis is asked about it.
    package var limited: LimitedCall?
    /// Whether the call came before the process was asked to end.
    package var isAdmitted = false
    /// What is left of the rate limit that the call is nearest to, if there is one.
    package var quota: RateLimitVerdict.Quota?
    /// What the cache has to do with the call; `nil` if no answer to it can be kept.
    package var caching: CallCaching?

    /// The backend that is being tried.
    package var backend: Backend?
    /// The connection that is leased for the try.
    package var connection: BackendConnection?
    /// The permit of the try.
    package var permit: BackendStatus.Permit?
    /// What the try takes of the room that there is.
    package var place = Place()
    /// How many places of its pool had been given back when it was last looked for one.
    var departures: UInt32 = 0
    /// Since when the call has waited for room; `nil` if it never had to.
    package var queuedAt: NIODeadline?
    /// When the try began.
    package var attemptStartedAt = NIODeadline.uptimeNanoseconds(0)
    /// When the try's answer turned out to be a stream, whose length says nothing of the backend's speed.
    package var streamBeganAt: NIODeadline?
    /// When a second attempt is made beside this one, unless an answer comes first.
    package var hedgesAt: NIODeadline?
    /// The head of the answer that is being received.
    package var answerHead: HTTPReceivedHead?
    /// The body of that answer, as far as it has come, of one that is held until it is whole.
    package var held = ByteBuffer()
    /// When the whole answer was there, of an answer that is passed on whole.
    package var answeredAt: NIODeadline?
    /// How long backends had the call, over all tries that have ended, with the waits between them.
    package var timeWithBackends = TimeAmount.zero
    /// How many tries there were.
    package var attemptCount = 0
    /// The positions of the backends that were tried; of those beyond 64 only the last one is remembered, by `backend`.
    package var triedBackends: UInt64 = 0
    /// The longest time that a backend asked to be left alone for, in this call.
    package var retryAfterSeconds = 0
    /// Since when the next attempt is waited for, or room for it.
    package var pausedAt = NIODeadline.uptimeNanoseconds(0)
    /// What the client is told of the last attempt that failed, if none goes better.
    package var failure: GatewayFailure?

    package init() {}

    /// Makes ready for the next request of the connection; `accepted` is the note on its head if there is one.
    func begin(_ request: HTTPServerRequest, poolIndex: Int, accepted: AcceptedHead? = nil) {
        self.request = request
        self.accepted = accepted
        httpMethod = request.received.request.method
        headers = accepted?.headers ?? MCPHeaderValues(request.received)
        self.poolIndex = poolIndex
        envelope = nil
        method = .unknown
        era = .legacy
        version = nil
        tool = nil
        session = nil
        limited = nil
        isAdmitted = false
        quota = nil
        caching = nil
        answeredAt = nil
        timeWithBackends = .zero
        attemptCount = 0
        triedBackends = 0
        retryAfterSeconds = 0
        failure = nil
        queuedAt = nil
    }

    /// Lets go of the request's bytes.
    package func end() {
        request = nil
        accepted = nil
        headers = MCPHeaderValues()
        envelope = nil
        caching = nil
        answerHead = nil
        held = ByteBuffer()
        session = nil
        tool = nil
        backend = nil
        connection = nil
    }

    /// Makes this a call that asks anew what `other` asked, for nobody but the cache.
    func begin(refreshing other: Call, _ ticket: FlightTicket, at now: NIODeadline) {
        guard let request = other.request else { return }
        // The object of the client's connection is used for its next request.
        begin(
            HTTPServerRequest(request.received, body: request.body), poolIndex: other.poolIndex,
            accepted: other.accepted)
        envelope = other.envelope
        method = other.method
        era = other.era
        version = other.version
        tool = other.tool
        session = other.session
        address = other.address
        caching = CallCaching(ticket)
        startedAt = now
    }

    /// What its head says of the caller.
    func caller(_ hash: CallerHash) -> HeadCaller {
        guard let request else { return HeadCaller(variation: .nobody, credential: nil) }
        if let caller = accepted?.caller { return caller }
        let caller = HeadCaller(
            variation: hash.variation(of: request.received), credential: hash.credential(of: request.received))
        accepted?.caller = caller
        return caller
    }

    /// Who its head says that the caller is, by a credential; `nil` if it has none.
    func credential(_ hash: CallerHash) -> CallerKey? {
        // What is made of a head that comes again is made once, with all that may be asked for.
        if accepted != nil { return caller(hash).credential }
        return request.flatMap { hash.credential(of: $0.received) }
    }

    /// How many answers the call wants: none for notifications, answers of the client, GET and DELETE.
    var expectedAnswerCount: Int {
        switch envelope?.kind {
        case .request: 1
        case .batch: envelope?.batchRequestCount ?? 0
        case .notification, .result, .error, nil: 0
        }
    }

    /// Whether the client only listens, for as long as both sides like.
    var isListening: Bool { method == .subscriptionsListen || httpMethod == .get }

    /// How long things may take.
    func timeouts(in pool: PoolPlan) -> PoolTimeouts { tool?.timeouts ?? pool.timeouts }

    /// When the call is over, whatever becomes of it until then.
    func deadline(in pool: PoolPlan) -> NIODeadline {
        startedAt + (tool?.timeouts.request ?? pool.timeouts.request)
    }

    /// Whether a try that failed may be made again although it may have been executed (reliability: "Repeatable").
    func isRepeatable(in pool: PoolPlan) -> Bool {
        guard let envelope, !envelope.hasInputResponses, !envelope.hasRequestState else { return false }
        guard method == .toolsCall else {
            return method.isRepeatable && (method != .initialize || session == nil)
        }
        if let isRepeatable = tool?.isRepeatable { return isRepeatable }
        guard let traits = pool.toolTraits, let name = envelope.name, let request else { return false }
        return request.body.withByteView { traits.isRepeatable(name, in: $0) }
    }

    /// Whether an internal error that a server admits may count as a failure of it (reliability 1.2).
    func countsInternalErrors(in pool: PoolPlan) -> Bool {
        if let tool, !tool.breakers.isEmpty { return tool.countsInternalErrors }
        return pool.countsInternalErrors
    }

    /// Lets every backend be asked once more.
    func forgetTries() {
        triedBackends = 0
        backend = nil
    }

    /// Takes back that its backend has been asked.
    func unmarkTry() {
        if let index = backend?.index, index < 64 { triedBackends &= ~(1 << UInt64(index)) }
        backend = nil
        attemptCount -= 1
    }

    func hasTried(_ index: Int) -> Bool {
        index < 64 ? triedBackends & (1 << UInt64(index)) != 0 : backend?.index == index
    }

    func markTried(_ index: Int) {
        if index < 64 { triedBackends |= 1 << UInt64(index) }
    }
}

@available(*, unavailable)
extension Call: Sendable {}

/// A session of a legacy client, opened from its sealed id.
package struct OpenSession {
    /// Names the backend that holds the session.
    package var backendKey: UInt64
    /// The session id that the backend gave.
    package var upstreamID: [UInt8]
    /// The revision that was negotiated.
    package var version: MCPProtocolVersion?
}
