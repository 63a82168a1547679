import NIOCore
import Transport
import Wire

/// One client connection of the MCP endpoint: Streamable HTTP of both eras.
///
/// Legacy: POST with sessions, DELETE ends one, GET is answered 405 because this server says nothing unasked. Modern:
/// POST only. Answers are JSON, unless a handler says something before its result (`RequestStream`), or the client accepts
/// event streams only.
final class EndpointConnection: HTTPServerDelegate {
    private let loop: EndpointLoop
    private var target = EndpointRules.Target.endpoint
    /// The request that a handler is at work on.
    private var running: Running?

    private struct Running {
        var stream: RequestStream
        /// Cancelled when a modern client leaves; a legacy one that leaves has not cancelled anything (MCP 2025-11-25,
        /// Transports).
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
            return .refuse(
                EndpointRefusal.answer(
                    to: failure, era: era, allowing: allowedMethods(failure, bytes[head.path]), closes: false))
        }
    }

    private func allowedMethods(_ failure: GatewayFailure, _ path: ByteView) -> StaticString? {
        guard failure == .methodNotAllowed else { return nil }
        if !loop.rules.isEndpoint(path) { return "Content-Type: application/json\r\nAllow: GET, HEAD\r\n" }
        return loop.hasSessions
            ? "Content-Type: application/json\r\nAllow: POST, DELETE\r\n"
            : "Content-Type: application/json\r\nAllow: POST\r\n"
    }

    func answer(to error: HTTPError) -> HTTPAnswer {
        loop.metrics.record(refusal: error == .bodyTooLarge ? .tooLarge : .malformedHTTP)
        let failure = GatewayFailure(error)
        return EndpointRefusal.answer(to: failure, era: .legacy, closes: failure != .payloadTooLarge)
    }

    // MARK: Requests

    func receive(_ request: HTTPServerRequest, on connection: HTTPServerConnection) {
        switch target {
        case .page(let index): show(loop.settings.pages[index], on: connection)
        case .endpoint where request.head.method == .delete: endSession(request, on: connection)
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
        let text = request.received.requestField(.mcpSessionID)
        guard let id = text.flatMap({ SessionID($0) }), loop.sessions.use(id, at: loop.context.eventLoop.now) != nil
        else {
            loop.metrics.record(refusal: .session)
            let failure: GatewayFailure = text == nil ? .badRequest : .sessionNotFound
            connection.respond(EndpointRefusal.answer(to: failure, era: .legacy, closes: false))
            return
        }
        loop.sessions.close(id)
        connection.respond(HTTPAnswer(status: 204))
    }

    private func receiveMessage(_ request: HTTPServerRequest, on connection: HTTPServerConnection) {
        let now = loop.context.eventLoop.now
        let reader = MessageReader(
            sessions: loop.hasSessions ? loop.sessions : nil, eras: loop.server.eras, now: now)
        var message: IncomingMessage
        do throws(EndpointRefusal) {
            message = try reader.read(request, scratch: &loop.scratch)
        } catch {
            loop.metrics.record(error.method, Problem(error.failure), took: loop.context.eventLoop.now - now)
            connection.respond(error.answer(to: request.body))
            return
        }
        let exchange = Exchange(startedAt: now, version: message.version, form: AnswerForm(request))
        let stream = RequestStream(
            request, on: connection, loop: loop.context,
            canStream: loop.settings.streamsAnswers && AnswerForm.allowsStream(request))
        message.outlet = RequestOutlet(stream, loop.context.eventLoop)
        switch loop.server.receive(message) {
        case .ready(let answer): finish(answer, exchange, on: connection)
        case .pending(let work): run(work, for: message, exchange, stream, on: connection)
        }
    }

    private func run(
        _ work: @escaping @Sendable () async -> Answer, for message: IncomingMessage, _ exchange: Exchange,
        _ stream: RequestStream, on connection: HTTPServerConnection
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
        let bound = NIOLoopBound((self, connection), eventLoop: loop.context.eventLoop)
        let task = Task(executorPreference: loop.context.executor) {
            let answer = await work()
            if let session, let id { session.ended(id) }
            let (endpoint, connection) = bound.value
            endpoint.finish(answer, exchange, on: connection)
        }
        if let session, let id { session.run(id, task) }
        running = Running(stream: stream, task: exchange.version.era == .modern ? task : nil)
    }

    private func finish(_ answer: Answer, _ exchange: Exchange, on connection: HTTPServerConnection) {
        let now = loop.context.eventLoop.now
        var sessionID: SessionID?
        var isOverloaded = false
        if let version = answer.negotiatedVersion, loop.hasSessions {
            sessionID = loop.sessions.open(version, at: now)
            isOverloaded = sessionID == nil
        }
        // Before the answer is written: whoever has read it finds it counted.
        loop.metrics.record(
            answer.method, isOverloaded ? .overloaded : answer.problem, took: now - exchange.startedAt)
        guard !isOverloaded else {
            connection.respond(EndpointRefusal.answer(to: .overloaded, era: .legacy, closes: false))
            return
        }
        let stream = running?.stream
        running = nil
        if let stream, stream.isStreaming {
            stream.finish(answer.body)
            return
        }
        stream?.end()
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
        if form == .eventStream { form.wrap(&answer.body) }
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
        // A legacy client that closed its side only still takes what is said.
        if isClosed || running?.task != nil { running?.stream.end() }
        // There is a task only for a modern client. One that closes its sending side has left: over TCP that looks the
        // same as closing everything, and modern clients have nothing more to send (MCP 2026-07-28, Cancellation).
        guard let task = running?.task else { return }
        running = nil
        task.cancel()
        if !isClosed { connection.close() }
    }

    func writabilityChanged(_ connection: HTTPServerConnection, isWritable: Bool) {
        if isWritable { running?.stream.resume() }
    }

    func closed(_ connection: HTTPServerConnection) {
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
}
