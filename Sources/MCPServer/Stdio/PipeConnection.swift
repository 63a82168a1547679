import NIOCore
import Transport
import Wire

/// The other end of a pair of pipes: one message a line, both ways, of both eras (MCP, stdio).
///
/// Belongs to its loop.
final class PipeConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: MCPServer
    private let executor: LoopExecutor
    private var reader: LineReader
    private var scratch = JSONScratch(seed: UInt64.random(in: .min ... .max))
    private var context: ChannelHandlerContext?
    /// What an `initialize` has opened.
    private var session: ClientSession?
    /// Modern requests stand alone; here it is only known which of them are being answered.
    private let modern = ClientSession(version: .newestModern)
    private var runningCount = 0
    private var inputHasEnded = false

    init(_ server: MCPServer, executor: LoopExecutor, maximumMessageBytes: Int) {
        self.server = server
        self.executor = executor
        reader = LineReader(limit: maximumMessageBytes)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        session?.end()
        modern.end()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        reader.append(unwrapInboundIn(data))
        while let line = reader.next() {
            switch line {
            case .line(let text): receive(text)
            case .tooLong: write(.failure(.invalidRequest("the message is too long"), to: nil, .unknown))
            }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent {
            inputHasEnded = true
            // The client has gone, or wants this to end: what is ready still goes out (MCP, stdio, shutdown).
            if runningCount == 0 { close() }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    // MARK: Messages

    private func receive(_ body: ByteBuffer) {
        switch read(body) {
        case .failure(let refusal):
            write(Answer(body: refusal.answer(to: body).body, method: .unknown))
        case .success(let message):
            switch server.receive(message) {
            case .ready(let answer): finish(answer)
            case .pending(let work): run(work, message)
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
            if error.era == .modern, !server.eras.contains(.modern) {
                return .failure(EndpointRefusal.ofModern(envelope, .unknown))
            }
            return .failure(
                EndpointRefusal(
                    failure: error.failure, era: error.era, message: error.message, id: envelope.id,
                    requestedVersion: error.requestedVersion, eras: server.eras))
        }
        let method = envelope.method.map { MCPMethod($0, in: bytes) } ?? .unknown
        if let refusal = EndpointRefusal.ofOtherEra(classification, envelope, method, eras: server.eras) {
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

    private func outlet() -> (any MessageOutlet)? {
        guard let context else { return nil }
        return PipeOutlet(connection: NIOLoopBound(self, eventLoop: context.eventLoop))
    }

    private func run(_ work: @escaping @Sendable ((any MessageOutlet)?) async -> Answer, _ message: IncomingMessage) {
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
            bound.value.ended(Task.isCancelled ? nil : answer)
        }
        if let owner, let id { owner.run(id, task) }
    }

    private func ended(_ answer: Answer?) {
        runningCount -= 1
        if let answer { finish(answer) }
        if inputHasEnded, runningCount == 0 { close() }
    }

    private func finish(_ answer: Answer) {
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

    /// Sends a message as a line; succeeds when the pipe has taken it.
    func send(_ message: ByteBuffer) -> EventLoopFuture<Void> {
        guard let context else { return executor.eventLoop.makeSucceededVoidFuture() }
        var line = ByteBuffer()
        line.reserveCapacity(message.readableBytes + 1)
        line.writeImmutableBuffer(message)
        line.replaceLineEnds()
        line.writeStaticString("\n")
        return context.writeAndFlush(wrapOutboundOut(line))
    }

    private func close() {
        guard let context else { return }
        // Behind everything that is still to be written.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}

@available(*, unavailable)
extension PipeConnection: Sendable {}

/// The same for handlers, which may run anywhere.
private struct PipeOutlet: MessageOutlet {
    let connection: NIOLoopBound<PipeConnection>

    func post(_ message: ByteBuffer) {
        let connection = connection
        connection.eventLoop.execute { _ = connection.value.send(message) }
    }

    func send(_ message: ByteBuffer) async -> Bool {
        let connection = connection
        // A pipe that is closed takes nothing more, as a client that has gone.
        return (try? await connection.eventLoop.flatSubmit { connection.value.send(message) }.get()) != nil
    }
}
