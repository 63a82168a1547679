import NIOCore
import NIOEmbedded
import Transport

/// A server connection on an embedded channel, whose time is moved by hand.
final class ServerHarness {
    let channel = EmbeddedChannel()
    let server = RecordingServer()
    let loop: LoopContext
    let connection: HTTPServerConnection
    let tap = ChannelTap()

    init(timeouts: HTTPServerTimeouts = HTTPServerTimeouts()) throws {
        loop = LoopContext(LoopExecutor(channel.eventLoop), wallClock: { 784_111_777 })
        connection = HTTPServerConnection(loop: loop, delegate: server, timeouts: timeouts)
        try channel.pipeline.syncOperations.addHandlers([tap, connection])
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    }

    /// Gives the server bytes, in one read or byte by byte.
    func send(_ text: String, piecewise: Bool = false) throws {
        if piecewise {
            for byte in text.utf8 where channel.isActive { try channel.writeInbound(ByteBuffer(bytes: [byte])) }
        } else {
            try channel.writeInbound(ByteBuffer(string: text))
        }
    }

    /// What the server has written and flushed since the last time.
    func received() throws -> String {
        var text = ""
        while let part = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: part) }
        return text
    }

    /// The status codes, in order, of what the server has written and flushed since the last time.
    func statuses() throws -> [Int] {
        try received().split(separator: "HTTP/1.1 ", omittingEmptySubsequences: false).dropFirst().compactMap {
            Int($0.prefix(3))
        }
    }

    func advance(_ amount: TimeAmount) {
        channel.embeddedEventLoop.advanceTime(by: amount)
    }

    /// The client closes its sending side.
    func closeInput() {
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    /// Sets whether the socket takes more, and says so.
    func setWritable(_ isWritable: Bool) {
        channel.isWritable = isWritable
        channel.pipeline.fireChannelWritabilityChanged()
    }

    /// What has arrived has been delivered; whether the connection wants more.
    func wantsToRead() -> Bool {
        let before = tap.readCount
        channel.pipeline.fireChannelReadComplete()
        return tap.readCount > before
    }

    var isOpen: Bool { channel.isActive }
}

/// Stands between a connection and its channel: counts reads, and keeps half of a close from closing an embedded channel,
/// which knows no halves.
final class ChannelTap: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private(set) var readCount = 0
    private(set) var isOutputClosed = false
    /// Set to hold the end of the output back, as a client does that takes nothing.
    var holdsClose = false
    private var heldClose: EventLoopPromise<Void>?
    private var heldWrite: EventLoopPromise<Void>?

    func read(context: ChannelHandlerContext) {
        readCount += 1
        context.read()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if holdsClose, unwrapOutboundIn(data).readableBytes == 0 {
            heldWrite = promise
        } else {
            context.write(data, promise: promise)
        }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard case .output = mode else {
            context.close(mode: mode, promise: promise)
            return
        }
        if holdsClose {
            heldClose = promise
        } else {
            isOutputClosed = true
            promise?.succeed(())
        }
    }

    /// The client has taken everything.
    func releaseClose() {
        isOutputClosed = heldClose != nil
        heldClose?.succeed(())
        heldWrite?.succeed(())
        heldClose = nil
        heldWrite = nil
    }
}
