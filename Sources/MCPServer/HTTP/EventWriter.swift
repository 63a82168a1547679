import NIOCore
import Transport
import Wire

/// An event stream on its way to a client, as the answer to one request over HTTP.
///
/// Belongs to the loop of its connection.
final class EventWriter: DeadlineOwner {
    private enum State {
        /// Nothing has been sent.
        case silent
        /// Events are going out.
        case open
        /// The last event is out, or nobody reads.
        case ended
    }

    /// A stream on which nothing was sent for so long gets a comment, so that nobody between takes it for dead.
    private static let keepAlive = TimeAmount.seconds(15)

    private let loop: LoopContext
    private let connection: HTTPServerConnection
    private let isChunked: Bool
    private let timer = DeadlineTimer()
    private var state = State.silent
    /// Those who wait until the client takes more.
    private var waiting: [EventLoopPromise<Void>] = []

    /// The answer to `request`, if it becomes a stream.
    init(_ request: HTTPServerRequest, on connection: HTTPServerConnection, loop: LoopContext) {
        self.loop = loop
        self.connection = connection
        isChunked = request.head.minorVersion == 1
    }

    /// Whether the head has gone out, and the last event has not.
    var isOpen: Bool { state == .open }

    /// Sends the head, so that the client knows that it is being served.
    func open() {
        guard state == .silent else { return }
        state = .open
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
        armKeepAlive()
    }

    /// Sends events, the head before the first ones; succeeds when the client takes more.
    func send(_ events: ByteBuffer) -> EventLoopFuture<Void> {
        open()
        // Who sends may not know yet that the stream is over; the connection may have another answer to give by now.
        guard state == .open else { return loop.eventLoop.makeSucceededVoidFuture() }
        if events.readableBytes > 0 { write(events) }
        // Writing may have ended the connection, and this with it.
        guard state == .open, !connection.isWritable else { return loop.eventLoop.makeSucceededVoidFuture() }
        let promise = loop.eventLoop.makePromise(of: Void.self)
        waiting.append(promise)
        return promise.futureResult
    }

    /// Sends the last events, of which there may be none.
    func finish(_ events: ByteBuffer) {
        open()
        guard state == .open else { return }
        end()
        guard isChunked else { return connection.finish(events) }
        var last = ByteBuffer()
        if events.readableBytes > 0 { last.writeChunk(events) }
        last.writeStaticString("0\r\n\r\n")
        connection.finish(last)
    }

    /// Nothing more will be sent: the answer goes out another way, or the client has gone.
    func end() {
        state = .ended
        loop.wheel.remove(timer)
        resume()
    }

    /// The client takes more again.
    func resume() {
        let waiting = self.waiting
        self.waiting = []
        for promise in waiting { promise.succeed() }
    }

    func deadlineReached(_ timer: DeadlineTimer, now: NIODeadline) {
        guard state == .open else { return }
        var comment = ByteBuffer()
        comment.writeStaticString(SSEEvent.keepAlive)
        write(comment)
    }

    private func write(_ bytes: ByteBuffer) {
        if isChunked {
            var chunk = ByteBuffer()
            chunk.writeChunk(bytes)
            connection.stream(chunk)
        } else {
            connection.stream(bytes)
        }
        if state == .open { armKeepAlive() }
    }

    private func armKeepAlive() {
        timer.disarm()
        loop.wheel.arm(timer, at: loop.eventLoop.now + EventWriter.keepAlive, owner: self)
    }
}

@available(*, unavailable)
extension EventWriter: Sendable {}
