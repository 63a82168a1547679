import NIOCore
import Transport
import Wire

/// The answer to one request to an `HTTPStreamPage`: an event stream from its first byte on. Belongs to the loop of its
/// connection.
final class PageStream {
    private let eventLoop: any EventLoop
    private let writer: EventWriter
    private var task: Task<Void, Never>?

    private init(_ writer: EventWriter, _ eventLoop: any EventLoop) {
        self.writer = writer
        self.eventLoop = eventLoop
    }

    /// Answers `request`; gives the stream that the answer is, unless it is another one.
    static func answer(
        _ request: HTTPServerRequest, by page: HTTPStreamPage, on connection: HTTPServerConnection, _ loop: EndpointLoop
    ) -> PageStream? {
        switch page.open(request.body) {
        case .refuse(let contents):
            loop.metrics.record(refusal: .invalidRequest)
            connection.respond(
                HTTPAnswer(status: contents.status, fields: contents.form.fields, body: contents.body))
            return nil
        case .stream(let work):
            let stream = PageStream(
                EventWriter(request, on: connection, loop: loop.context), loop.context.eventLoop)
            stream.run(work, loop.context.executor)
            return stream
        }
    }

    /// Sends an event; succeeds when another one may be sent, fails when the client has gone.
    func send(_ event: SSEEvent) -> EventLoopFuture<Void> {
        guard writer.isOpen else { return eventLoop.makeFailedFuture(CancellationError()) }
        var block = ByteBuffer()
        event.write(into: &block)
        return writer.send(block)
    }

    /// The client takes more again.
    func resume() {
        writer.resume()
    }

    /// The client has gone.
    func cancel() {
        guard writer.isOpen else { return }
        writer.end()
        task?.cancel()
    }

    private func run(_ work: @escaping @Sendable (EventOutlet) async throws -> Void, _ executor: LoopExecutor) {
        writer.open()
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let outlet = EventOutlet(self, eventLoop)
        task = Task(executorPreference: executor) {
            try? await work(outlet)
            bound.value.finish()
        }
        // The client has gone while it was sent the head, before there was anybody to tell.
        if !writer.isOpen { task?.cancel() }
    }

    private func finish() {
        if writer.isOpen { writer.finish(ByteBuffer()) }
    }
}

@available(*, unavailable)
extension PageStream: Sendable {}
