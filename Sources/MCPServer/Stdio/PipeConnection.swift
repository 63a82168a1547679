import NIOCore
import Transport
import Wire

/// The other end of a pair of pipes: one message a line, both ways, of both eras (MCP, stdio).
///
/// Belongs to its loop.
final class PipeConnection: ChannelInboundHandler, DuplexPeer.Way {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: MCPServer
    private let executor: LoopExecutor
    private var reader: LineReader
    private var peer: DuplexPeer?
    private var context: ChannelHandlerContext?

    init(_ server: MCPServer, executor: LoopExecutor, maximumMessageBytes: Int) {
        self.server = server
        self.executor = executor
        reader = LineReader(limit: maximumMessageBytes)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        peer = DuplexPeer(server, eras: [.legacy, .modern], executor: executor, way: self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        peer?.end()
        peer = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        reader.append(unwrapInboundIn(data))
        while let line = reader.next() {
            switch line {
            case .line(let text): peer?.receive(text)
            case .tooLong: peer?.receiveTooLong()
            }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The client has gone, or wants this to end: what is ready still goes out (MCP, stdio, shutdown).
        if case .some(.inputClosed) = event as? ChannelEvent { peer?.endInput() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    // MARK: Writing

    func write(_ message: ByteBuffer) -> EventLoopFuture<Void> {
        guard let context else { return executor.eventLoop.makeSucceededVoidFuture() }
        var line = ByteBuffer()
        line.reserveCapacity(message.readableBytes + 1)
        line.writeImmutableBuffer(message)
        line.replaceLineEnds()
        line.writeStaticString("\n")
        return context.writeAndFlush(wrapOutboundOut(line))
    }

    func lastAnswerWritten() {
        guard let context else { return }
        // Behind everything that is still to be written.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}

@available(*, unavailable)
extension PipeConnection: Sendable {}
