import NIOCore

/// The connection that carries a stream at the moment, for those who may be on another loop.
///
/// What is called in an order happens in that order.
protocol EventSink: AnyObject, Sendable {
    /// Sends events; succeeds when the client takes more, or takes nothing any longer.
    func send(_ events: ByteBuffer) -> EventLoopFuture<Void>

    /// Sends the last events, of which there may be none, and ends the stream.
    func finish(_ events: ByteBuffer)
}

/// A sink that is an HTTP exchange.
final class ConnectionSink: EventSink {
    private let writer: NIOLoopBound<EventWriter>

    /// The sink that `writer` is. Only on its loop.
    init(_ writer: EventWriter, _ eventLoop: any EventLoop) {
        self.writer = NIOLoopBound(writer, eventLoop: eventLoop)
    }

    func send(_ events: ByteBuffer) -> EventLoopFuture<Void> {
        let writer = writer
        return writer.eventLoop.flatSubmit { writer.value.send(events) }
    }

    func finish(_ events: ByteBuffer) {
        let writer = writer
        writer.eventLoop.execute { writer.value.finish(events) }
    }
}
