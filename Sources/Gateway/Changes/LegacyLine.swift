import NIOCore
import Transport
import Wire

/// A session with a legacy backend, and the GET stream on which it tells what happens (MCP 2025-03-26 to 2025-11-25,
/// Streamable HTTP).
///
/// ```
/// initialize ─▶ notifications/initialized ─▶ GET ──▶ resources/subscribe … ──▶ (DELETE)
///                                            ▲ └─ ended after an event with an id: GET with Last-Event-ID
///                                            └────────────────────────────────────┘
/// ```
///
/// Belongs to its loop.
final class LegacyLine: ChangeLine {
    /// Short requests that wait; a backend that asks more than that gets no answers.
    private static let maximumWaiting = WatchedResources.countLimit + 64
    /// How long a stream that has ended is left alone before the rest is asked for.
    private static let resumeSpans = (
        shortest: Duration.milliseconds(500), usual: Duration.seconds(1), longest: Duration.seconds(30)
    )

    private(set) var resources: Set<[UInt8]>
    private let requests: ListeningRequests
    private let eventLoop: any EventLoop
    private let connect: (BackendExchange) -> Void
    private var handler: ((ChangeLineEvent) -> Void)?
    private var session: ListeningRequests.Session?
    private var takesResources = false
    private var scratch = JSONScratch(seed: 0)

    private var stream: BackendExchange?
    private var streamStatus = 0
    private var isAcknowledged = false
    private var isResuming = false
    private var resumption: Scheduled<Void>?

    private let errands: BackendErrands

    /// A line that is asked for at once; `connect` starts an exchange.
    init(
        _ requests: ListeningRequests, naming resources: Set<[UInt8]>, on eventLoop: any EventLoop,
        connect: @escaping (BackendExchange) -> Void, handler: @escaping (ChangeLineEvent) -> Void
    ) {
        self.requests = requests
        self.resources = resources
        self.eventLoop = eventLoop
        self.connect = connect
        self.handler = handler
        errands = BackendErrands(maximumWaiting: LegacyLine.maximumWaiting, on: eventLoop, connect: connect)
        var sessionID: [UInt8]?
        errands.send(requests.initialize(), onHead: { sessionID = $0 }) { [weak self] status, message in
            self?.initialized(status, sessionID, message)
        }
    }

    // MARK: Opening

    private func initialized(_ status: Int, _ sessionID: [UInt8]?, _ message: ByteBuffer) {
        guard status != 0 else { return refuse(.failed) }
        message.withByteView { bytes in
            guard let envelope = try? JSONRPCEnvelope.scan(bytes, scratch: &scratch) else {
                return refuse(ListeningMachine.Refusal(status: status, errorCode: nil))
            }
            guard envelope.kind == .result, let result = envelope.result, let text = envelope.resultProtocolVersion,
                let version = MCPProtocolVersion(text: text, in: bytes)
            else {
                return refuse(ListeningMachine.Refusal(status: status, errorCode: envelope.errorCode))
            }
            let capabilities = JSONMemberRanges.value(of: "capabilities", in: result, bytes)
            let ofResources = capabilities.flatMap { JSONMemberRanges.value(of: "resources", in: $0.range, bytes) }
            let subscribe = ofResources.flatMap { JSONMemberRanges.value(of: "subscribe", in: $0.range, bytes) }
            takesResources =
                subscribe.map { $0.kind == .bool && bytes[Int($0.range.start)] == UInt8(ascii: "t") } ?? false
            let session = ListeningRequests.Session(id: sessionID, version: Array("\(version.text)".utf8))
            self.session = session
            send(requests.initialized(session)) { [weak self] status, _ in
                guard let self, handler != nil else { return }
                guard status != 0, status < 400 else { return refuse(.failed) }
                openStream(after: nil)
            }
        }
    }

    private func openStream(after event: [UInt8]?) {
        guard let session else { return }
        isResuming = event != nil
        streamStatus = 0
        let stream = BackendExchange(requests.stream(session, after: event)) { [weak self] in self?.receive($0) }
        self.stream = stream
        connect(stream)
    }

    private func receive(_ event: BackendExchange.Event) {
        switch event {
        case .head(let status, let isStream, _):
            streamStatus = status
            guard isStream else {
                if isAcknowledged { return lose() }
                return refuse(status == 409 ? .failed : ListeningMachine.Refusal(status: status, errorCode: nil))
            }
            isResuming = false
            handler?(.heard(isKeepAlive: false))
            guard !isAcknowledged else { return }
            isAcknowledged = true
            handler?(.acknowledged(takesResources: takesResources))
            if takesResources { for uri in resources { subscribe(toOne: uri) } }
        case .message(let message):
            handler?(.heard(isKeepAlive: false))
            read(message)
        case .comment:
            handler?(.heard(isKeepAlive: true))
        case .end:
            streamEnded()
        }
    }

    private func read(_ message: ByteBuffer) {
        message.withByteView { bytes in
            guard let session, let envelope = try? JSONRPCEnvelope.scan(bytes, scratch: &scratch) else { return }
            switch envelope.kind {
            case .notification:
                if let topics = CacheTopic.changed(by: envelope, in: bytes) { handler?(.changed(topics)) }
            case .request:
                guard let id = envelope.id, let method = envelope.method else { return }
                let isPing = MCPMethod(method, in: bytes) == .ping
                send(requests.answer(toPing: isPing, id: bytes[id.range].bytes, session)) { _, _ in }
            case .result, .error, .batch:
                break
            }
        }
    }

    /// The stream may be resumed where it can be said from where on; then nothing is lost.
    private func streamEnded() {
        let event = stream?.lastEventID
        let retry = stream?.retry
        stream = nil
        guard isAcknowledged else { return refuse(.failed) }
        guard !isResuming, let event else { return lose() }
        let spans = LegacyLine.resumeSpans
        let wait = min(max(retry ?? spans.usual, spans.shortest), spans.longest)
        resumption = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(wait)) { [weak self] in
            guard let self, handler != nil else { return }
            openStream(after: event)
            resumption = eventLoop.assumeIsolated().scheduleTask(in: BackendErrands.limit) { [weak self] in
                if self?.isResuming == true { self?.lose() }
            }
        }
    }

    private func refuse(_ refusal: ListeningMachine.Refusal) {
        tell(.refused(refusal))
    }

    private func lose() {
        tell(.lost)
    }

    private func tell(_ last: ChangeLineEvent) {
        guard let handler else { return }
        // Goes on alone until the session is over.
        close {}
        handler(last)
    }

    // MARK: Asking

    func subscribe(to resources: Set<[UInt8]>) {
        let news = resources.subtracting(self.resources)
        self.resources = resources
        guard takesResources, isAcknowledged else { return }
        for uri in news { subscribe(toOne: uri) }
    }

    private func subscribe(toOne uri: [UInt8]) {
        guard let session else { return }
        send(requests.subscribe(to: uri, session)) { [weak self] status, _ in
            // Whatever was read before was not watched.
            if status == 200 { self?.handler?(.subscribed(to: uri)) }
            if status == 404 { self?.lose() }
        }
    }

    func ping() {
        guard let session else { return }
        send(requests.ping(session)) { [weak self] status, _ in
            if status == 200 { self?.handler?(.heard(isKeepAlive: false)) } else { self?.lose() }
        }
    }

    func close(_ done: @escaping () -> Void) {
        handler = nil
        resumption?.cancel()
        stream?.close()
        stream = nil
        errands.dropWaiting()
        guard let session, session.id != nil else {
            errands.close()
            return done()
        }
        self.session = nil
        // Kept by what it waits for.
        errands.send(requests.delete(session)) { [errands] _, _ in
            errands.close()
            done()
        }
    }

    private func send(_ bytes: ByteBuffer, done: @escaping BackendErrands.Outcome) { errands.send(bytes, done: done) }
}

@available(*, unavailable)
extension LegacyLine: Sendable {}
