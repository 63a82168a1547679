package import NIOCore
import Redis
package import Transport
package import Wire

/// The gateway's side of one client connection: asks the shard what to do with a request and does it.
///
/// ```
///          receive            connected / at once            answer
/// idle ─────────────▶ deciding ─────────────────▶ awaiting ─────────▶ holding ───▶ idle
///              Redis's │ ▲                           │     │
///              limits  ▼ │ in 20 ms                  │     │
///                     asking                         │     │
///                      ▲ │ │                         │     │          relaying ──▶ idle   (long answers, from holding)
///                 news │ │ └─▶ served from the cache │     └────────▶ streaming ─▶ idle
///    searching, waiting ◀┘ other gateways, or others │
///                        │ here, may have it         │
///                        │                           │
///     queued: no room ◀─▶│ pausing: before a retry ◀─┤
///                        │                           │
///                        └──────── refused ──────────┴── failed ────▶ (another try, or an error answer)
/// ```
///
/// Where others wait for the answer, the call goes on when its client has left; and the cache has calls of its own, which
/// never had a client. Those answer nobody and are counted as nobody's.
///
///
/// Entries into the shard decide and return; everything that touches a channel happens here, after they have returned.
package final class RequestHandler: HTTPServerDelegate, BackendLessee, DeadlineOwner {
    enum State {
        /// No request, or one that has been answered.
        case idle
        /// Redis has been asked whether the rate limits let the call through.
        case asking
        /// The answer is looked for where other gateways put theirs.
        case searching
        /// Somebody else has asked the same, and is waited for.
        case waiting
        /// There is no room for it with any backend, and it waits for some.
        case queued
        /// An attempt has failed, and the next one is waited for.
        case pausing
        /// A connection to a backend is being made.
        case connecting
        /// The request has been sent.
        case awaiting
        /// An answer is being received that is passed on when it is whole and has been checked.
        case holding
        /// A long answer is being checked and passed on as it comes.
        case relaying
        /// Events are being passed on as they come.
        case streaming
    }

    /// What serves the call that is under way, or served the last one: one generation from its head to its end.
    private(set) var shard: Shard
    private(set) var room: ShardRoom
    private var rules: HeadRules
    let home: ServingLoop
    let loop: LoopContext
    let network: any Network
    var housekeeper: Housekeeper { home.housekeeper }
    /// The address of the listener that the client has connected to.
    private let listener: SocketAddressSetting
    /// Whether a head has been accepted whose body is still to come.
    private var awaitsBody = false
    let call = Call()
    let timer = DeadlineTimer()
    /// `X-Forwarded-For` and its kin for this connection, made when the first request comes; not for those of proxies.
    var forwardedFields: [UInt8]?
    /// The note on the head of the current request, if it has come before.
    private var accepted: AcceptedHead?

    var state = State.idle
    /// The client's connection, while it has a request; `nil` where the call is made for the cache only.
    var client: HTTPServerConnection?
    /// Whether the call goes on for the cache alone.
    var isForCacheOnly = false
    /// The search among the answers of other gateways.
    var search: SharedSearch?
    /// Where the call waits for room.
    var waiting: Waiting?
    /// The long answer that is being passed on.
    var longAnswer: LongAnswer?
    /// The second attempt beside the one that is under way.
    var hedge: HedgeAttempt?
    /// The event stream that is being passed on, and how the answer on it counts.
    var stream: AnswerStream?
    var streamedStatus = CallStatus.ok
    /// How the attempt counts when the stream ends as it should.
    var streamedOutcome = AttemptOutcome.success
    private var poolIndex = 0
    /// Where Redis' replies about limits come; made when the first call of the connection asks.
    var limitsInbox: LimitsInbox?

    var pool: PoolPlan { shard.plan.pools[call.poolIndex] }

    /// A handler for one client connection of `home` to the listener on this address.
    package init(_ home: ServingLoop, network: any Network, listener: SocketAddressSetting) {
        self.home = home
        self.listener = listener
        room = home.room
        shard = home.room.shard
        rules = home.room.rules(of: listener)
        loop = home.loop
        self.network = network
        loop.executor.enter(shard, Shard.connectionOpened, ())
    }

    /// A handler without a client, which fetches what `other` has asked for, for the cache. It ends with its call.
    init(refreshing other: RequestHandler, _ ticket: FlightTicket) {
        home = other.home
        listener = other.listener
        room = other.room
        shard = other.shard
        loop = other.loop
        network = other.network
        rules = other.rules
        isForCacheOnly = true
        accepted = other.accepted
        forwardedFields = other.forwarded()
        call.begin(refreshing: other.call, ticket, at: loop.eventLoop.now)
    }

    // MARK: The client

    package func verdict(on head: HTTPReceivedHead, connection: HTTPServerConnection) -> HTTPHeadVerdict {
        if room !== home.room { moveOn() }
        if home.overload == .exhausted { return refuse(.overloaded, head) }
        accepted = head.note as? AcceptedHead
        if let accepted, accepted.rules === rules {
            poolIndex = accepted.pool
            awaitsBody = true
            return .accept(maximumBody: shard.plan.maximumBody)
        }
        accepted = nil
        switch rules.judge(head.request, head.bytes) {
        case .pass(let pool):
            poolIndex = pool
            if head.isRepeated {
                accepted = AcceptedHead(head, passed: rules, pool: pool)
                head.note = accepted
            }
            awaitsBody = true
            return .accept(maximumBody: shard.plan.maximumBody)
        case .fail(let failure):
            return refuse(failure, head)
        }
    }

    /// Refuses a request for its head; what there is of a body is not kept.
    private func refuse(_ failure: GatewayFailure, _ head: HTTPReceivedHead) -> HTTPHeadVerdict {
        loop.executor.enter(shard, Shard.refusedHead, failure)
        let method = head.request.method
        let closes =
            method == .connect || method == .trace || failure == .misdirectedRequest
            || failure == .lengthRequired || failure == .payloadTooLarge || failure == .overloaded
        var answer = ErrorAnswer.make(failure, era: HeadRules.era(head.request.fields, head.bytes), closes: closes)
        if failure == .overloaded { answer.retryAfterSeconds = 1 }
        return .refuse(answer)
    }

    /// Between two calls, goes over to the generation that new calls are served by.
    func moveOnIfIdle() {
        if state == .idle, !awaitsBody, room !== home.room { moveOn() }
    }

    private func moveOn() {
        room = home.room
        shard = room.shard
        rules = room.rules(of: listener)
        accepted = nil
        // Made with what was in effect then.
        forwardedFields = nil
        call.address = nil
    }

    package func answer(to error: HTTPError) -> HTTPAnswer {
        loop.executor.enter(shard, Shard.malformedInput, ())
        return ErrorAnswer.make(GatewayFailure(error), era: .legacy, closes: true)
    }

    package func receive(_ request: HTTPServerRequest, on connection: HTTPServerConnection) {
        client = connection
        awaitsBody = false
        call.begin(request, poolIndex: poolIndex, accepted: accepted)
        if shard.plan.needsAddresses { noteAddress(of: request, on: connection) }
        carryOut(loop.executor.enter(shard, Shard.begin, call))
    }

    package func clientLeft(_ connection: HTTPServerConnection, isClosed: Bool) {
        // A legacy client that closes its sending side still reads its answer; a modern one cancels (MCP 2026-07-28,
        // Cancellation). A connection that is gone ends the call in both eras, and never with a message in its name.
        // One that goes on for the cache has been told already.
        guard state != .idle, client != nil, isClosed || call.era == .modern else { return }
        stopWaiting()
        if let ticket = call.caching?.ticket, shard.plan.cache.leave(ticket.leader) {
            goOnForCache(connection)
            return
        }
        call.caching?.ticket = nil
        abandonAttempt(.clientGone)
        finishCall(.clientGone, httpStatus: 499, answerByteCount: 0)
        connection.close()
    }

    package func writabilityChanged(_ connection: HTTPServerConnection, isWritable: Bool) {
        guard hasAnswered, let backend = call.connection else { return }
        if isWritable { backend.http.resume() } else { backend.http.pause() }
    }

    package func closed(_ connection: HTTPServerConnection) {
        client = nil
        limitsInbox?.close()
        if !isForCacheOnly { loop.wheel.remove(timer) }
        housekeeper.remove(connection)
        loop.executor.enter(shard, Shard.connectionClosed, ())
    }

    // MARK: Trying a backend

    /// Notes whose address the call comes from: the connection's, or the one for which a trusted proxy has sent it.
    private func noteAddress(of request: HTTPServerRequest, on connection: HTTPServerConnection) {
        let (proxies, hash) = (shard.plan.trustedProxies, shard.plan.callers)
        if proxies.trusts(connection.remoteAddress), let address = proxies.client(of: request.received) {
            call.address = hash.address(address)
        } else if call.address == nil || !proxies.isEmpty {
            call.address = hash.address(connection.remoteAddress)
        }
    }

    /// Does what the shard has decided.
    func carryOut(_ dispatch: Dispatch) {
        switch dispatch {
        case .send(let connection):
            connection.lessee = self
            if connection.isStale(at: call.attemptStartedAt) {
                failAttempt(.stale, .unavailable, hasAnswered: false)
            } else {
                attemptConnected(connection)
            }
        case .connect(let connection):
            connection.lessee = self
            state = .connecting
            network.connect(
                to: connection.backend.plan.address, timeout: pool.timeouts.connect, on: loop.eventLoop,
                connection: connection.http)
        case .ask:
            askLimits()
        case .serve(let answer, let refresh):
            serve(answer, refresh: refresh)
        case .search(let places):
            search(places)
        case .wait(let waiter):
            state = .waiting
            loop.wheel.arm(timer, at: call.deadline(in: pool), owner: self)
            room.desk.add(self, as: waiter)
        case .queue:
            waitForRoom()
        case .pause(let time):
            state = .pausing
            loop.wheel.arm(timer, at: time, owner: self)
        case .refuse(let refusal):
            refuse(refusal)
        }
    }

    package func attemptConnected(_ connection: BackendConnection) {
        state = .awaiting
        armForHead()
        send(on: connection)
    }

    /// Sends the request.
    func send(on connection: BackendConnection) {
        guard let request = call.request else { return connection.http.send(ByteBuffer()) }
        let bodyByteCount = call.httpMethod == .post ? request.body.readableBytes : 0
        var buffer: ByteBuffer
        if bodyByteCount <= RequestHandler.joinedBodyLimit {
            buffer = makeHead(of: request, to: connection.backend.plan, reserving: bodyByteCount)
            if bodyByteCount > 0 { buffer.writeImmutableBuffer(request.body) }
            connection.http.send(buffer)
        } else {
            // A long one is not copied, however long the backend lets it wait.
            buffer = makeHead(of: request, to: connection.backend.plan, reserving: 0)
            connection.http.send(buffer, followedBy: request.body)
        }
        loop.recycle(buffer)
    }

    package func attemptFailed(_ failure: HTTPClientFailure) {
        let hasAnswered = self.hasAnswered
        if case .misused = failure { loop.executor.enter(shard, Shard.noteBug, ()) }
        let outcome = AttemptOutcome(failure)
        switch outcome {
        case .connectFailed: failAttempt(outcome, .unavailable, hasAnswered: hasAnswered)
        case .protocolError: failAttempt(outcome, .badAnswer, hasAnswered: hasAnswered)
        default: failAttempt(outcome, .backendLost, hasAnswered: hasAnswered)
        }
    }

    package func deadlineReached(_ timer: DeadlineTimer, now: NIODeadline) {
        switch state {
        case .idle, .asking, .searching:
            break
        case .waiting:
            stopWaiting()
            refuse(Refusal(failure: .timeout))
        case .queued:
            queueDeadlineReached(now)
        case .pausing:
            carryOut(loop.executor.enter(shard, Shard.goOnAfterPause, call))
        case .awaiting where call.hedgesAt.map({ now >= $0 }) == true:
            beginHedge()
        case .connecting, .awaiting, .holding:
            failAttempt(.timeout, .timeout, hasAnswered: false)
        case .relaying:
            failAttempt(outcomeOfDeadline, .timeout, hasAnswered: true)
        case .streaming:
            streamDeadlineReached(now)
        }
    }

    /// The try has come to nothing: the next backend if one may be asked, else an error answer.
    func failAttempt(
        _ outcome: AttemptOutcome, _ failure: GatewayFailure, retryAfterSeconds: Int = 0, hasAnswered: Bool
    ) {
        timer.disarm()
        if outcome.consequence.closesConnection { closeBackend() }
        // Of an answer that was not passed on nothing may be left for the next try.
        call.held = ByteBuffer()
        if goOnWithHedge(after: outcome) { return }
        // Whoever is turned away now must not be served what was right before.
        if outcome == .unauthorized { loop.executor.enter(shard, Shard.landNothing, call) }
        // An answer whose head is still held back has not begun for the client.
        let hasAnswered = hasAnswered && stream?.holdsHead != true
        let end = Shard.AttemptEnd(
            call: call, outcome: outcome, failure: failure, retryAfterSeconds: retryAfterSeconds,
            hasAnswered: hasAnswered)
        if !hasAnswered { stream = nil }
        if let next = loop.executor.enter(shard, Shard.attemptFailed, end) {
            carryOut(next)
        } else if hasAnswered {
            endBegunAnswer(failure)
        } else {
            // Who finds nobody may come back soon: one that is down is looked for once a second.
            let wait = failure == .unavailable ? max(call.retryAfterSeconds, 1) : call.retryAfterSeconds
            refuse(Refusal(failure: failure, retryAfterSeconds: wait))
        }
    }

    /// Ends the try and its connection without a further word; the backend sees the connection close.
    func abandonAttempt(_ outcome: AttemptOutcome) {
        guard call.permit != nil else { return }
        closeBackend()
        loop.executor.enter(shard, Shard.attemptEnded, Shard.AttemptEnd(call: call, outcome: outcome))
    }

    func closeBackend() {
        call.connection?.lessee = nil
        call.connection?.http.close()
    }

    /// What a deadline in the middle of an answer says of the backend: nothing, if it waits for a slow client.
    var outcomeOfDeadline: AttemptOutcome {
        call.connection?.http.isPaused == true ? .clientGone : .timeout
    }

    /// Whether the client has been sent a part of the answer.
    var hasAnswered: Bool { state == .streaming || state == .relaying }

    /// Until the end of an answer that is one JSON object: the call's time.
    func armForBody() {
        loop.wheel.arm(timer, at: call.deadline(in: pool), owner: self)
    }

    /// Until the head of the answer: the shorter of the try's and the call's time.
    func armForHead() {
        let timeouts = call.timeouts(in: pool)
        var deadline = min(call.attemptStartedAt + timeouts.firstByte, call.startedAt + timeouts.request)
        if let time = call.hedgesAt { deadline = min(deadline, time) }
        loop.wheel.arm(timer, at: deadline, owner: self)
    }

    // MARK: Writing

    /// Bytes of a body that are copied behind their head.
    private static let joinedBodyLimit = 16_384

    /// The head of the request as the backend gets it, written anew, with room for `bodyByteCount` bytes behind it.
    private func makeHead(
        of request: HTTPServerRequest, to backend: BackendPlan, reserving bodyByteCount: Int
    ) -> ByteBuffer {
        let start =
            switch call.httpMethod {
            case .get: backend.requestStarts.get
            case .delete: backend.requestStarts.delete
            default: backend.requestStarts.post
            }
        var writer = HTTPHeadWriter(
            loop.takeBuffer(),
            reserving: start.count + request.received.request.byteCount + bodyByteCount + 1_280)
        writer.buffer.writeBytes(start)
        request.received.writeRequestFields(
            accepted, era: call.era, isForOthersToo: call.caching?.ticket != nil, into: &writer)
        writer.buffer.writeBytes(forwarded())
        if let session = call.session {
            writer.lines("Mcp-Session-Id: ")
            writer.buffer.writeBytes(session.upstreamID)
            writer.lines("\r\n")
        }
        if call.httpMethod == .post { writer.field("Content-Length: ", request.body.readableBytes) }
        return writer.finish()
    }

    func forwarded() -> [UInt8] {
        if let forwardedFields { return forwardedFields }
        let remoteAddress = client?.remoteAddress
        let address = remoteAddress?.ipAddress ?? "unknown"
        if shard.plan.trustedProxies.trusts(remoteAddress), let request = call.request {
            return shard.plan.trustedProxies.fields(for: request.received, from: address)
        }
        let scheme = client?.isSealed == true ? "https" : "http"
        let fields = Array("X-Forwarded-For: \(address)\r\nX-Forwarded-Proto: \(scheme)\r\n".utf8)
        forwardedFields = fields
        return fields
    }

    /// Answers with an error of the gateway's own and ends the call.
    func refuse(_ refusal: Refusal) {
        timer.disarm()
        guard let client else { return finishCall(failed: refusal.failure, httpStatus: 0, answerByteCount: 0) }
        if refusal.failure.allowsStaleAnswer, let stale = loop.executor.enter(shard, Shard.staleAnswer, call) {
            serve(stale, refresh: nil)
            return
        }
        let body = ErrorAnswer.body(refusal, call: call, pool: pool)
        let status = refusal.failure.httpStatus(call.era)
        let count = body.readableBytes
        var answer = ErrorAnswer.wrap(body, status: status, retryAfterSeconds: refusal.retryAfterSeconds)
        if let quota = call.quota, let limiter = shard.plan.limiter { answer.addedFields = limiter.fields(for: quota) }
        finishCall(failed: refusal.failure, httpStatus: status, answerByteCount: count)
        client.respond(answer)
    }

    /// The call is over without an answer of a backend.
    func finishCall(failed failure: GatewayFailure, httpStatus: Int, answerByteCount: Int) {
        let status = CallStatus(failure)
        if status == .refused, !isForCacheOnly {
            loop.executor.enter(shard, Shard.noteShed, Shard.ShedCall(call: call, failure: failure))
        }
        finishCall(status, httpStatus: httpStatus, answerByteCount: answerByteCount)
    }

    /// The call is over, and with it its try if `attempt` says how: counts both, logs the call, forgets it.
    func finishCall(
        _ status: CallStatus, httpStatus: Int, answerByteCount: Int, attempt: AttemptOutcome? = nil
    ) {
        timer.disarm()
        endHedge()
        leaveQueue()
        state = .idle
        stream = nil
        longAnswer = nil
        accepted = nil
        search?.cancel()
        search = nil
        if call.caching?.places != nil { shareAnswer() }
        if call.caching?.ticket != nil { loop.executor.enter(shard, Shard.giveUpFlight, call) }
        if isForCacheOnly {
            if let attempt {
                loop.executor.enter(shard, Shard.attemptEnded, Shard.AttemptEnd(call: call, outcome: attempt))
            }
            call.end()
            return
        }
        let effect = loop.executor.enter(
            shard, Shard.finished,
            Shard.CallEnd(
                call: call, status: status, httpStatus: httpStatus, answerByteCount: answerByteCount, attempt: attempt))
        call.end()
        housekeeper.carryOut(effect)
    }
}

@available(*, unavailable)
extension RequestHandler: Sendable {}
