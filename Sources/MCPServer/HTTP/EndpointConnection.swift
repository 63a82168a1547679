import NIOCore
import Transport
import Wire

/// One client connection of the MCP endpoint: Streamable HTTP of both eras.
///
/// Legacy: POST with sessions, DELETE ends one, GET listens to one or goes on with a stream that was cut. Modern: POST only.
/// Answers are JSON, unless a handler says something before its result (`RequestStream`), or the client accepts event
/// streams only.
final class EndpointConnection: HTTPServerDelegate {
    let loop: EndpointLoop
    private var target = EndpointRules.Target.endpoint
    /// The request that a handler is at work on.
    private var running: Running?
    /// The stream of a client of HTTP+SSE.
    var eventStream: EventStream?
    /// The answer of a streaming page that is or was given last.
    private var pageStream: PageStream?
    /// The stream that a GET has opened, or goes on with.
    private var listening: Listening?

    private struct Listening {
        var writer: EventWriter
        var sink: ConnectionSink
        var session: ClientSession
        var stream: SessionStreams.Number
    }

    private struct Running {
        var stream: RequestStream
        /// Cancelled when a modern client leaves; a legacy one that leaves has not cancelled anything (MCP 2025-11-25,
        /// Transports), unless the settings say so.
        var task: Task<Void, Never>?
    }

    init(_ loop: EndpointLoop) {
        self.loop = loop
    }

    // MARK: Heads

    func verdict(on head: HTTPReceivedHead, connection: HTTPServerConnection) -> HTTPHeadVerdict {
        judge(head.request, head.bytes)
    }

    private func judge(_ head: borrowing HTTPRequestHead, _ bytes: ByteView) -> HTTPHeadVerdict {
        let era = EndpointRules.era(head.fields, bytes)
        switch loop.rules.judge(head, bytes) {
        case .pass(let target):
            self.target = target
            return .accept(maximumBody: loop.settings.maximumRequestBytes)
        case .fail(let failure):
            loop.metrics.record(refusal: Problem(failure))
            // Where it is not certain where the request ends, or for whom the connection is, nothing after it is read.
            let closes =
                failure == .lengthRequired || failure == .misdirectedRequest || head.method == .connect
                || head.method == .trace
            return .refuse(
                EndpointRefusal.answer(
                    to: failure, era: era, allowing: allowedMethods(failure, bytes[head.path]), closes: closes))
        }
    }

    private func allowedMethods(_ failure: GatewayFailure, _ path: ByteView) -> StaticString? {
        guard failure == .methodNotAllowed else { return nil }
        if loop.rules.isMessages(path) { return "Content-Type: application/json\r\nAllow: POST\r\n" }
        if loop.rules.isEventStream(path) { return "Content-Type: application/json\r\nAllow: GET\r\n" }
        if loop.rules.isStream(path) { return "Content-Type: application/json\r\nAllow: POST\r\n" }
        if !loop.rules.isEndpoint(path) { return "Content-Type: application/json\r\nAllow: GET, HEAD\r\n" }
        guard loop.hasSessions else { return "Content-Type: application/json\r\nAllow: POST\r\n" }
        return loop.settings.streamsAnswers
            ? "Content-Type: application/json\r\nAllow: GET, POST, DELETE\r\n"
            : "Content-Type: application/json\r\nAllow: POST, DELETE\r\n"
    }

    func answer(to error: HTTPError) -> HTTPAnswer {
        loop.metrics.record(refusal: error == .bodyTooLarge ? .tooLarge : .malformedHTTP)
        return EndpointRefusal.answer(to: GatewayFailure(error), era: .legacy, closes: true)
    }

    // MARK: Requests

    func receive(_ request: HTTPServerRequest, on connection: HTTPServerConnection) {
        if let refusal = RequestGate.refusal(of: request, for: target, on: connection, loop) {
            connection.respond(refusal)
            return
        }
        switch target {
        case .eventStream: openEventStream(request, on: connection)
        case .messages: receivePosted(request, on: connection)
        case .page(let index): show(loop.settings.pages[index], on: connection)
        case .stream(let index):
            pageStream = PageStream.answer(request, by: loop.settings.streamPages[index], on: connection, loop)
        case .endpoint where request.head.method == .delete: endSession(request, on: connection)
        case .endpoint where request.head.method == .get: listen(request, on: connection)
        case .endpoint: receiveMessage(request, on: connection)
        }
    }

    private func show(_ page: HTTPPage, on connection: HTTPServerConnection) {
        let bound = NIOLoopBound(connection, eventLoop: loop.context.eventLoop)
        _ = Task(executorPreference: loop.context.executor) {
            let contents = await page.contents()
            let answer = HTTPAnswer(status: contents.status, fields: contents.form.fields, body: contents.body)
            bound.value.respond(answer)
        }
    }

    private func endSession(_ request: HTTPServerRequest, on connection: HTTPServerConnection) {
        guard let (id, _) = session(of: request, on: connection) else { return }
        loop.sessions.close(id)
        connection.respond(HTTPAnswer(status: 204))
    }

    /// The session that a request without a body belongs to; refuses the request if there is none.
    private func session(
        of request: HTTPServerRequest, on connection: HTTPServerConnection
    ) -> (SessionID, ClientSession)? {
        let text = request.received.requestField(.mcpSessionID)
        let principal = request.received.requestField(.authorization).map { StateSealer.principal($0) }
        if let id = text.flatMap({ SessionID($0) }),
            let session = loop.sessions.use(id, by: principal, at: loop.context.eventLoop.now)
        {
            return (id, session)
        }
        loop.metrics.record(refusal: .session)
        refuse(text == nil ? .badRequest : .sessionNotFound, on: connection)
        return nil
    }

    func refuse(
        _ failure: GatewayFailure, _ message: StaticString? = nil, status: Int? = nil,
        on connection: HTTPServerConnection
    ) {
        var answer = EndpointRefusal(failure: failure, era: .legacy, message: message).answer(to: ByteBuffer())
        if let status { answer.status = status }
        connection.respond(answer)
    }

    /// Opens the stream of what belongs to no request, or goes on with the one that the client has lost (MCP 2025-11-25,
    /// Streamable HTTP, Listening for Messages, Resumability and Redelivery).
    private func listen(_ request: HTTPServerRequest, on connection: HTTPServerConnection) {
        guard let (_, session) = session(of: request, on: connection) else { return }
        let writer = EventWriter(request, on: connection, loop: loop.context)
        let sink = ConnectionSink(writer, loop.context.eventLoop)
        do throws(SessionStreams.Refusal) {
            var stream = 0
            if let text = request.received.requestField(.lastEventID) {
                guard let id = EventID(text) else { throw .unknown }
                try session.streams.resume(after: id, sink)
                stream = id.stream
            } else {
                try session.streams.listen(sink)
            }
            listening = Listening(writer: writer, sink: sink, session: session, stream: stream)
            writer.open()
        } catch {
            loop.metrics.record(refusal: .session)
            switch error {
            case .unknown: refuse(.badRequest, "The events behind this Last-Event-ID are not kept", on: connection)
            case .taken: refuse(.badRequest, "The session has a stream already", status: 409, on: connection)
            }
        }
    }

    private func receiveMessage(_ request: HTTPServerRequest, on connection: HTTPServerConnection) {
        let now = loop.context.eventLoop.now
        let reader = MessageReader(
            sessions: loop.hasSessions ? loop.sessions : nil, eras: loop.server.eras, now: now)
        let message: IncomingMessage
        do throws(EndpointRefusal) {
            message = try reader.read(request, scratch: &loop.scratch)
        } catch {
            loop.metrics.record(error.method, Problem(error.failure), took: loop.context.eventLoop.now - now)
            connection.respond(error.answer(to: request.body))
            return
        }
        let exchange = Exchange(
            startedAt: now, version: message.version, form: AnswerForm(request), principal: message.principal)
        switch loop.server.receive(message) {
        case .ready(let answer):
            finish(answer, exchange, on: connection)
        case .pending(let work):
            let streams = loop.settings.streamsAnswers || loop.server.method(of: message) == .subscriptionsListen
            let stream = RequestStream(
                request, on: connection, loop: loop.context,
                canStream: streams && AnswerForm.allowsStream(request), session: message.session)
            run(work, for: message, exchange, stream, on: connection)
        }
    }

    private func run(
        _ work: @escaping @Sendable ((any MessageOutlet)?) async -> Answer, for message: IncomingMessage,
        _ exchange: Exchange, _ stream: RequestStream, on connection: HTTPServerConnection
    ) {
        let session = message.session
        let id = message.body.withByteView { bytes in
            message.envelope.id.map { ClientSession.RequestID($0, in: bytes) }
        }
        if let session, let id, !session.begin(id) {
            // Two answers with one id could not be told apart.
            let error = MCPError.invalidRequest("a request with this id is being answered")
            finish(.failure(error, to: message, .unknown, status: 400), exchange, on: connection)
            return
        }
        let bound = NIOLoopBound((self, stream, connection), eventLoop: loop.context.eventLoop)
        let outlet = stream.outlet
        let task = Task(executorPreference: loop.context.executor) {
            let answer = await work(outlet)
            if let session, let id { session.ended(id) }
            let (endpoint, stream, connection) = bound.value
            endpoint.finish(answer, exchange, stream, on: connection)
        }
        if let session, let id { session.run(id, task) }
        let isCancelled = exchange.version.era == .modern || loop.settings.cancelsLegacyCalls
        running = Running(stream: stream, task: isCancelled ? task : nil)
    }

    private func finish(
        _ answer: Answer, _ exchange: Exchange, _ stream: RequestStream? = nil, on connection: HTTPServerConnection
    ) {
        let now = loop.context.eventLoop.now
        var sessionID: SessionID?
        var isOverloaded = false
        if let handshake = answer.handshake, loop.hasSessions {
            sessionID = loop.sessions.open(
                handshake, principal: exchange.principal, changes: loop.server.changes, at: now)
            isOverloaded = sessionID == nil
        }
        // Before the answer is written: whoever has read it finds it counted.
        loop.metrics.record(
            answer.method, isOverloaded ? .overloaded : answer.problem, took: now - exchange.startedAt)
        guard !isOverloaded else {
            connection.respond(EndpointRefusal.answer(to: .overloaded, era: .legacy, closes: false))
            return
        }
        // A client that has left may have come back on this connection with another request.
        let isCurrent = stream == nil || running?.stream === stream
        if isCurrent { running = nil }
        if stream?.finish(answer.body) == true || !isCurrent { return }
        if answer.body.readableBytes == 0 {
            connection.respond(HTTPAnswer(status: answer.status))
        } else {
            connection.finish(write(answer, sessionID, exchange.form, on: connection))
        }
    }

    private func write(
        _ answer: Answer, _ sessionID: SessionID?, _ form: AnswerForm, on connection: HTTPServerConnection
    ) -> ByteBuffer {
        var answer = answer
        // An error of HTTP is no stream: clients and proxies look for JSON in its body.
        let form = answer.status < 400 ? form : .json
        if form == .eventStream { answer.body = AnswerForm.event(answer.body) }
        var writer = HTTPHeadWriter(loop.context.takeBuffer(), reserving: 256 &+ answer.body.readableBytes)
        writer.statusLine(answer.status)
        writer.lines(form.fields)
        writer.date(loop.context.dateText())
        if let sessionID {
            writer.lines("Mcp-Session-Id: ")
            sessionID.write(into: &writer.buffer)
            writer.lines("\r\n")
        }
        writer.field("Content-Length: ", answer.body.readableBytes)
        if !connection.isKeptAlive { writer.lines("Connection: close\r\n") }
        var buffer = writer.finish()
        buffer.writeImmutableBuffer(answer.body)
        return buffer
    }

    // MARK: Ends

    func clientLeft(_ connection: HTTPServerConnection, isClosed: Bool) {
        stopListening()
        closeEventStream()
        if isClosed { pageStream?.cancel() }
        // A legacy client that closed its side only still takes what is said.
        if isClosed || running?.task != nil { running?.stream.clientLeft() }
        // There is a task only for a client that cancels by leaving. One that closes its sending side has left: over TCP
        // that looks the same as closing everything, and modern clients have nothing more to send (MCP 2026-07-28,
        // Cancellation).
        guard let task = running?.task else { return }
        running = nil
        task.cancel()
        if !isClosed { connection.close() }
    }

    func writabilityChanged(_ connection: HTTPServerConnection, isWritable: Bool) {
        guard isWritable else { return }
        pageStream?.resume()
        running?.stream.writer.resume()
        listening?.writer.resume()
        eventStream?.writer.resume()
    }

    /// A client that closes its side of a stream has left it: there is nothing for it to send.
    private func stopListening() {
        guard let listening else { return }
        self.listening = nil
        listening.session.streams.detach(listening.stream, listening.sink)
        listening.writer.finish(ByteBuffer())
    }

    /// Lets a client go that listens for as long as the server runs.
    func release() {
        eventStream?.writer.finish(ByteBuffer())
    }

    func closed(_ connection: HTTPServerConnection) {
        closeEventStream()
        pageStream = nil
        loop.forget(connection)
    }
}

@available(*, unavailable)
extension EndpointConnection: Sendable {}

/// What must be known of a request when its answer is written.
private struct Exchange: Sendable {
    var startedAt: NIODeadline
    var version: MCPProtocolVersion
    var form: AnswerForm
    var principal: [UInt8]?
}
