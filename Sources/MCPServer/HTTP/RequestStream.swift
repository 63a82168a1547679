import NIOCore
import Transport
import Wire

/// The answer to one request over HTTP: a JSON text, unless something has to be said before it. From then on it is an
/// event stream, whose last event is the answer.
///
/// Belongs to the loop of its connection.
final class RequestStream: DeadlineOwner {
    private enum State {
        /// Nothing has been sent.
        case silent
        /// Events are going out.
        case streaming
        /// The answer is out, or nobody waits for it.
        case ended
    }

    /// A stream on which nothing was sent for so long gets a comment, so that nobody between takes it for dead.
    private static let keepAlive = TimeAmount.seconds(15)

    private let loop: LoopContext
    private let connection: HTTPServerConnection
    private let isChunked: Bool
    private let canStream: Bool
    private let timer = DeadlineTimer()
    private var state = State.silent
    /// Those who wait until the client takes more.
    private var waiting: [EventLoopPromise<Void>] = []

    /// The answer to `request`; `canStream` tells whether it may be an event stream.
    init(_ request: HTTPServerRequest, on connection: HTTPServerConnection, loop: LoopContext, canStream: Bool) {
        self.loop = loop
        self.connection = connection
        self.canStream = canStream
        isChunked = request.head.minorVersion == 1
    }

    /// Whether events have gone out already.
    var isStreaming: Bool { state == .streaming }

    /// Sends a message before the answer; succeeds when another one may be sent.
    func send(_ message: ByteBuffer) -> EventLoopFuture<Void> {
        guard canStream, state != .ended else { return loop.eventLoop.makeSucceededVoidFuture() }
        if state == .silent {
            state = .streaming
            begin()
        }
        write(RequestStream.event(message))
        // Writing may have ended the connection, and this with it.
        guard state == .streaming, !connection.isWritable else { return loop.eventLoop.makeSucceededVoidFuture() }
        let promise = loop.eventLoop.makePromise(of: Void.self)
        waiting.append(promise)
        return promise.futureResult
    }

    /// Sends the answer as the last event. Only when streaming.
    func finish(_ answer: ByteBuffer) {
        guard state == .streaming else { return }
        end()
        var last = isChunked ? ByteBuffer() : RequestStream.event(answer)
        if isChunked {
            last.writeChunk(RequestStream.event(answer))
            last.writeStaticString("0\r\n\r\n")
        }
        connection.finish(last)
    }

    /// Nothing more will be sent: the answer goes out another way, or the client has gone.
    func end() {
        state = .ended
        loop.wheel.remove(timer)
        release()
    }

    /// The client takes more again.
    func resume() {
        release()
    }

    func deadlineReached(_ timer: DeadlineTimer, now: NIODeadline) {
        guard state == .streaming else { return }
        var comment = ByteBuffer()
        comment.writeStaticString(SSEEvent.keepAlive)
        write(comment)
    }

    private func release() {
        let waiting = self.waiting
        self.waiting = []
        for promise in waiting { promise.succeed() }
    }

    private func begin() {
        if !isChunked { connection.closeAfterAnswer() }
        var writer = HTTPHeadWriter(loop.takeBuffer(), reserving: 512)
        writer.statusLine(200)
        writer.lines(
            "Content-Type: text/event-stream\r\nCache-Control: no-cache, no-transform\r\nX-Accel-Buffering: no\r\n")
        writer.date(loop.dateText())
        if isChunked { writer.lines("Transfer-Encoding: chunked\r\n") }
        if !connection.isKeptAlive { writer.lines("Connection: close\r\n") }
        let head = writer.finish()
        connection.begin(head)
        loop.recycle(head)
    }

    private func write(_ bytes: ByteBuffer) {
        if isChunked {
            var chunk = ByteBuffer()
            chunk.writeChunk(bytes)
            connection.stream(chunk)
        } else {
            connection.stream(bytes)
        }
        guard state == .streaming else { return }
        timer.disarm()
        loop.wheel.arm(timer, at: loop.eventLoop.now + RequestStream.keepAlive, owner: self)
    }

    /// A message as an event.
    private static func event(_ message: ByteBuffer) -> ByteBuffer {
        var event = message
        AnswerForm.eventStream.wrap(&event)
        return event
    }
}

@available(*, unavailable)
extension RequestStream: Sendable {}

/// The same for handlers, which may run anywhere.
struct RequestOutlet: MessageOutlet {
    private let stream: NIOLoopBound<RequestStream>

    /// The outlet of `stream`. Only on its loop.
    init(_ stream: RequestStream, _ eventLoop: any EventLoop) {
        self.stream = NIOLoopBound(stream, eventLoop: eventLoop)
    }

    func send(_ message: ByteBuffer) async {
        let stream = stream
        // A loop that has ended takes nothing more, as a client that has gone.
        try? await stream.eventLoop.flatSubmit { stream.value.send(message) }.get()
    }
}
