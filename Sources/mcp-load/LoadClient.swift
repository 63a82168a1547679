import NIOCore
import Transport
import Wire

/// One connection of the load and what its server knows of it: handshake, then one call after another.
///
/// ```
/// offline ─▶ connecting ─▶ discovering ─▶ initializing ─▶ announcing ─▶ ready ⇄ calling
///    ▲            (steps that the era does not need are left out)         │
///    └───────── the connection ended ─────────────────────────────────────┤
///                                                    ended ◀── ending ◀───┘
/// ```
///
/// Belongs to the loop of its worker, like everything that it calls.
final class LoadClient: HTTPClientDelegate, DeadlineOwner {
    private enum State {
        case offline, connecting, discovering, initializing, announcing, ready, calling, ending, ended
    }

    /// How long a connection may take to be made: one that is made at all takes no longer.
    private static let connectTimeout = TimeAmount.seconds(5)
    /// How long a client waits after a connection attempt that failed.
    private static let pause = TimeAmount.milliseconds(50)

    private unowned let worker: LoadWorker
    private let timer = DeadlineTimer()
    private var http = HTTPClientConnection()
    private var state = State.offline
    private var reader: AnswerReader
    private var session: LegacySession?
    private var isAnnounced = false
    /// The call with its last id; kept, so that a call allocates nothing.
    private var request = ByteBuffer()
    private var template: RequestTemplate?
    private var id = 0
    private var intendedAt = NIODeadline.uptimeNanoseconds(0)
    /// Whether the call under way began after the warm-up.
    private var isMeasured = false

    /// A client that is not connected yet.
    init(_ worker: LoadWorker, seed: UInt64) {
        self.worker = worker
        reader = AnswerReader(seed: seed)
    }

    /// Whether a call is under way.
    var isCalling: Bool { state == .calling }

    /// Connects, and tells the worker when the first call can be made or why not.
    func connect() {
        guard state == .offline else { return }
        state = .connecting
        http = HTTPClientConnection()
        http.delegate = self
        var address = BackendAddress(host: worker.settings.endpoint.host, port: worker.settings.endpoint.port)
        address.tls = worker.settings.tls
        worker.network.connect(
            to: address,
            timeout: LoadClient.connectTimeout, on: worker.eventLoop, connection: http)
    }

    /// Makes one call. Only when ready.
    ///
    /// - Parameters:
    ///   - intendedAt: when it should have been sent; the latency counts from here.
    ///   - isMeasured: whether it is counted.
    func call(intendedAt: NIODeadline, now: NIODeadline, isMeasured: Bool) {
        guard state == .ready, let template else {
            assertionFailure("a call was made on a connection that is not ready")
            return
        }
        self.intendedAt = intendedAt
        self.isMeasured = isMeasured
        state = .calling
        id = worker.nextID()
        template.set(id, in: &request)
        worker.wheel.arm(timer, at: now + worker.timeout, owner: self)
        http.send(request)
    }

    /// Ends the session, if there is one, and the connection; tells the worker when that is done.
    func end() {
        if state == .ready, http.isReusable, let session, session.id != nil {
            send(RequestTemplates(worker.settings).delete(session), as: .ending)
        } else {
            finish()
        }
    }

    /// Ends the connection at once.
    func finish() {
        guard state != .ended else { return }
        state = .ended
        worker.wheel.remove(timer)
        http.close()
        worker.hasEnded(self)
    }

    // MARK: Handshake

    /// Sends whatever the server still has to be told, or reports ready.
    private func proceed() {
        guard http.isReusable else {
            reconnect()
            return
        }
        let templates = RequestTemplates(worker.settings)
        switch worker.era {
        case .auto:
            send(templates.discover, as: .discovering)
        case .legacy:
            guard let session else {
                send(templates.initialize, as: .initializing)
                return
            }
            guard isAnnounced else {
                send(templates.initialized(session), as: .announcing)
                return
            }
            becomeReady { templates.legacyCall(session) }
        case .modern:
            becomeReady { templates.modernCall }
        }
    }

    private func becomeReady(_ makeTemplate: () -> RequestTemplate) {
        if template == nil {
            let made = makeTemplate()
            template = made
            request = made.bytes
        }
        // Only from here on: what is expected of calls is not expected of the handshake.
        reader.expectedText = worker.settings.expectedText
        state = .ready
        timer.disarm()
        worker.isReady(self)
    }

    private func send(_ template: RequestTemplate, as next: State) {
        state = next
        id = worker.nextID()
        var bytes = template.bytes
        template.set(id, in: &bytes)
        worker.wheel.arm(timer, at: .now() + worker.timeout, owner: self)
        http.send(bytes)
    }

    private func forgetSession() {
        session = nil
        isAnnounced = false
        template = nil
        reader.expectedText = nil
    }

    private func reconnect() {
        state = .offline
        worker.willReconnect()
        connect()
    }

    // MARK: Events of the connection

    func connected(_ connection: HTTPClientConnection) {
        proceed()
    }

    func answerHead(on connection: HTTPClientConnection) {
        reader.begin(connection.answerHead)
    }

    func answerBody(_ piece: ByteBuffer, on connection: HTTPClientConnection) {
        reader.append(piece, id: id)
    }

    func answerReadComplete(on connection: HTTPClientConnection) {}

    func answerEnd(on connection: HTTPClientConnection) {
        switch state {
        case .calling:
            endCall()
        case .discovering:
            worker.era = reader.end(id: id) == nil ? .modern : .legacy
            proceed()
        case .initializing:
            if let failure = reader.end(id: id) { return failHandshake(failure) }
            guard let revision = reader.resultRevision else { return failHandshake(.malformedAnswer) }
            session = LegacySession(id: reader.sessionID, revision: revision)
            proceed()
        case .announcing:
            if let failure = reader.end(id: nil) { return failHandshake(failure) }
            isAnnounced = true
            proceed()
        case .ending:
            finish()
        case .offline, .connecting, .ready, .ended:
            assertionFailure("an answer came while none was awaited")
        }
    }

    private func endCall() {
        let failure = reader.end(id: id)
        let now = NIODeadline.now()
        timer.disarm()
        if let failure {
            worker.callFailed(failure, isMeasured: isMeasured)
            // The session has ended (MCP 2025-11-25, "Session Management"): the next call needs a new one.
            if case .status(404, _) = failure, session != nil { forgetSession() }
        } else if isMeasured {
            worker.callAnswered(
                nanoseconds: (now - intendedAt).nanoseconds, bodyBytes: reader.bodyByteCount,
                isEventStream: reader.isEventStream)
        }
        state = .ready
        worker.callEnded()
        guard state == .ready else { return }
        if http.isReusable, template != nil {
            worker.isReady(self, now: now)
        } else {
            proceed()
        }
    }

    private func failHandshake(_ failure: CallFailure) {
        state = .offline
        http.close()
        worker.setUpFailed(self, failure)
        retryLater()
    }

    func exchangeFailed(_ failure: HTTPClientFailure, on connection: HTTPClientConnection) {
        guard connection === http else { return }
        switch failure {
        case .connect: connectionFailed(.connect)
        case .closed: connectionFailed(.connectionLost)
        case .malformed, .unexpected, .misused: connectionFailed(.malformedHTTP)
        }
    }

    func closedWhileIdle(_ connection: HTTPClientConnection) {
        guard connection === http, state == .ready else { return }
        worker.isUnready(self)
        reconnect()
    }

    func deadlineReached(_ timer: DeadlineTimer, now: NIODeadline) {
        http.close()
        connectionFailed(.timeout)
    }

    private func connectionFailed(_ failure: CallFailure) {
        worker.wheel.remove(timer)
        let last = state
        state = .offline
        switch last {
        case .calling:
            worker.callFailed(failure, isMeasured: isMeasured)
            worker.callEnded()
            if state == .offline, worker.isRunning { reconnect() }
        case .connecting, .discovering, .initializing, .announcing:
            worker.setUpFailed(self, failure)
            retryLater()
        case .ending:
            finish()
        case .offline, .ready, .ended:
            state = last
        }
    }

    private func retryLater() {
        guard worker.isRunning else { return }
        let bound = NIOLoopBound(self, eventLoop: worker.eventLoop)
        worker.eventLoop.scheduleTask(in: LoadClient.pause) {
            let client = bound.value
            guard client.state == .offline, client.worker.isRunning else { return }
            client.reconnect()
        }
    }
}

@available(*, unavailable)
extension LoadClient: Sendable {}
