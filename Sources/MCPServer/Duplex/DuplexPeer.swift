import NIOCore
import Transport
import Wire

/// A client that sends messages one by one and gets everything on one way back: at the other end of a pair of pipes, or of
/// the two endpoints of HTTP+SSE.
///
/// Belongs to its loop.
final class DuplexPeer {
    /// The way back. Called on the loop.
    protocol Way: AnyObject {
        /// Sends a message; succeeds when the client can take another.
        func write(_ message: ByteBuffer) -> EventLoopFuture<Void>

        /// The last answer is out, after `endInput`.
        func lastAnswerWritten()
    }

    private let server: MCPServer
    private let executor: LoopExecutor
    private weak var way: (any Way)?
    private let eras: Set<MCPEra>
    private var scratch = JSONScratch(seed: UInt64.random(in: .min ... .max))
    /// What an `initialize` has opened.
    private var session: ClientSession?
    /// Modern requests stand alone; here it is only known which of them are being answered.
    private let modern = ClientSession(version: .newestModern)
    private let principal: [UInt8]?
    private let metrics: LoopMetrics?
    private var runningCount = 0
    private var inputHasEnded = false

    /// A client of `server` in one of these `eras`, who has presented a credential with this hash if any.
    init(
        _ server: MCPServer, eras: Set<MCPEra>, principal: [UInt8]? = nil, executor: LoopExecutor, way: any Way,
        metrics: LoopMetrics? = nil
    ) {
        self.metrics = metrics
        self.server = server
        self.eras = eras.intersection(server.eras)
        self.principal = principal
        self.executor = executor
        self.way = way
    }

    /// The client will send no more: tells when the last answer is out.
    func endInput() {
        inputHasEnded = true
        if runningCount == 0 { way?.lastAnswerWritten() }
    }

    /// The client has gone: cancels what runs.
    func end() {
        way = nil
        session?.end()
        modern.end()
    }

    // MARK: Messages

    /// The client has sent something that is too long.
    func receiveTooLong() {
        write(.failure(.invalidRequest("the message is too long"), to: nil, .unknown))
    }

    /// The client has sent a message.
    func receive(_ body: ByteBuffer) {
        switch read(body) {
        case .failure(let refusal):
            metrics?.record(refusal: Problem(refusal.failure))
            write(Answer(body: refusal.answer(to: body).body, method: .unknown))
        case .success(var message):
            message.principal = principal
            let startedAt = executor.eventLoop.now
            switch server.receive(message) {
            case .ready(let answer): finish(answer, startedAt)
            case .pending(let work): run(work, message, startedAt)
            }
        }
    }

    private func read(_ body: ByteBuffer) -> Result<IncomingMessage, EndpointRefusal> {
        body.withByteView { bytes in
            do throws(JSONRPCError) {
                let envelope = try JSONRPCEnvelope.scan(bytes, scratch: &scratch)
                return classify(envelope, bytes, body)
            } catch {
                switch error {
                case .notJSON: return .failure(EndpointRefusal(failure: .parseError, era: .legacy))
                case .invalidRequest(_, let id):
                    return .failure(EndpointRefusal(failure: .invalidRequest, era: .legacy, id: id))
                }
            }
        }
    }

    private func classify(
        _ envelope: JSONRPCEnvelope, _ bytes: ByteView, _ body: ByteBuffer
    ) -> Result<IncomingMessage, EndpointRefusal> {
        let classification: MCPClassification
        do throws(MCPRefusal) {
            classification = try MCPClassifier.classify(envelope, body: bytes, sessionVersion: session?.version)
        } catch {
            if error.era == .modern, !eras.contains(.modern) {
                return .failure(EndpointRefusal.ofModern(envelope, .unknown))
            }
            return .failure(
                EndpointRefusal(
                    failure: error.failure, era: error.era, message: error.message, id: envelope.id,
                    requestedVersion: error.requestedVersion, eras: eras))
        }
        let method = envelope.method.map { MCPMethod($0, in: bytes) } ?? .unknown
        if let refusal = EndpointRefusal.ofOtherEra(classification, envelope, method, eras: eras) {
            return .failure(refusal)
        }
        if classification.era == .legacy, envelope.kind == .request {
            let isInitialize = method == .initialize
            if isInitialize == (session != nil), method != .ping {
                return .failure(
                    EndpointRefusal(
                        failure: .invalidRequest, era: .legacy,
                        message: isInitialize ? "initialize was called already" : "call initialize first",
                        id: envelope.id))
            }
        }
        let isModern = classification.era == .modern
        return .success(
            IncomingMessage(
                body: body, envelope: envelope,
                version: classification.version ?? session?.version ?? .newestLegacy,
                // A cancellation without an envelope may mean a request of either era.
                session: isModern ? modern : session ?? modern))
    }

    private func outlet() -> any MessageOutlet {
        DuplexOutlet(peer: NIOLoopBound(self, eventLoop: executor.eventLoop))
    }

    private func run(
        _ work: @escaping @Sendable ((any MessageOutlet)?) async -> Answer, _ message: IncomingMessage,
        _ startedAt: NIODeadline
    ) {
        let owner = message.session
        let id = message.body.withByteView { bytes in
            message.envelope.id.map { ClientSession.RequestID($0, in: bytes) }
        }
        if let owner, let id, !owner.begin(id) {
            write(.failure(.invalidRequest("a request with this id is being answered"), to: message, .unknown))
            return
        }
        runningCount += 1
        let bound = NIOLoopBound(self, eventLoop: executor.eventLoop)
        let outlet = outlet()
        let task = Task(executorPreference: executor) {
            let answer = await work(outlet)
            if let owner, let id { owner.ended(id) }
            // Who has cancelled a request does not want its answer (MCP, Cancellation).
            bound.value.ended(Task.isCancelled ? nil : answer, startedAt)
        }
        if let owner, let id { owner.run(id, task) }
    }

    private func ended(_ answer: Answer?, _ startedAt: NIODeadline) {
        runningCount -= 1
        if let answer { finish(answer, startedAt) }
        if inputHasEnded, runningCount == 0 { way?.lastAnswerWritten() }
    }

    private func finish(_ answer: Answer, _ startedAt: NIODeadline) {
        // Before the answer is written: whoever has read it finds it counted.
        metrics?.record(answer.method, answer.problem, took: executor.eventLoop.now - startedAt)
        if let handshake = answer.handshake {
            session = ClientSession(
                version: handshake.version, capabilities: handshake.capabilities, outlet: outlet())
            session?.listen(to: server.changes)
        }
        write(answer)
    }

    // MARK: Writing

    private func write(_ answer: Answer) {
        guard answer.body.readableBytes > 0 else { return }
        _ = send(answer.body)
    }

    /// Sends a message; succeeds when the client can take another, and when there is none any longer.
    func send(_ message: ByteBuffer) -> EventLoopFuture<Void> {
        way?.write(message) ?? executor.eventLoop.makeSucceededVoidFuture()
    }
}

@available(*, unavailable)
extension DuplexPeer: Sendable {}

/// The same for handlers, which may run anywhere.
private struct DuplexOutlet: MessageOutlet {
    let peer: NIOLoopBound<DuplexPeer>

    func post(_ message: ByteBuffer) {
        let peer = peer
        peer.eventLoop.execute { _ = peer.value.send(message) }
    }

    func send(_ message: ByteBuffer) async -> Bool {
        let peer = peer
        // What is closed takes nothing more, as a client that has gone.
        return (try? await peer.eventLoop.flatSubmit { peer.value.send(message) }.get()) != nil
    }
}
