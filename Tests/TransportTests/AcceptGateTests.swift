import NIOCore
import NIOEmbedded
import Testing

@testable import Transport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What accepting does where the system has nothing to accept with.
@Suite struct `an accept gate` {
    /// Counts what gets as far as the socket.
    private final class Socket: ChannelOutboundHandler {
        typealias OutboundIn = Never

        private(set) var readCount = 0

        func read(context: ChannelHandlerContext) { readCount += 1 }
    }

    /// Keeps what the channel would hear.
    private final class Errors: ChannelInboundHandler {
        typealias InboundIn = any Channel

        private(set) var count = 0

        func errorCaught(context: ChannelHandlerContext, error: any Error) { count += 1 }
    }

    private let budget = ConnectionBudget(limit: 10)
    private let socket = Socket()
    private let errors = Errors()
    private let channel: EmbeddedChannel

    init() throws {
        channel = EmbeddedChannel(handlers: [socket, AcceptGate(budget), errors])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    /// Whether the socket is watched, as far as anything was said of it.
    private var isWatched: Bool? {
        channel.options.lazy.filter { $0.option is ChannelOptions.Types.AutoReadOption }.first?.value as? Bool
    }

    private func fail(_ code: CInt) { channel.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "accept")) }

    @Test(arguments: [EMFILE, ENFILE, ENOBUFS, ENOMEM])
    func `does not watch a socket for which there is no descriptor, and asks again a little later`(code: CInt) {
        for _ in 0..<3 {
            fail(code)
            #expect(isWatched == false && errors.count == 0)
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(99))
            #expect(isWatched == false)
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
            #expect(isWatched == true)
        }
    }

    @Test func `asks again only when there is room`() {
        fail(EMFILE)
        budget.isHeld = true
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(isWatched == false)
        budget.isHeld = false
        channel.embeddedEventLoop.run()
        #expect(isWatched == true)
    }

    @Test func `leaves other errors to others`() {
        let count = socket.readCount
        fail(ECONNABORTED)
        #expect(isWatched == nil && errors.count == 1)
        channel.pipeline.read()
        #expect(socket.readCount == count + 1)
    }
}
