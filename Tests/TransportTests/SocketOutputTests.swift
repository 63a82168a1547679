import NIOCore
import NIOPosix
import Testing

@testable import Transport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writing past a channel, on pairs of real sockets.
@Suite(.timeLimit(.minutes(1))) struct SocketOutputTests {
    /// A channel's only handler, which writes past it.
    private final class Writer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        var output: SocketOutput
        private var context: ChannelHandlerContext?

        init(past channel: any Channel) {
            output = SocketOutput(past: channel)
        }

        func handlerAdded(context: ChannelHandlerContext) { self.context = context }
        func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }
        func channelInactive(context: ChannelHandlerContext) { output.close() }

        /// Writes and flushes. Whether the socket took all of it at once.
        func write(_ bytes: [UInt8], _ more: [UInt8] = []) -> Bool {
            guard let context else { return false }
            let isQueued = output.write(ByteBuffer(bytes: bytes), ByteBuffer(bytes: more), context)
            if isQueued { context.flush() }
            return !isQueued
        }
    }

    /// Runs `body` on the loop of a channel, with its writer; `peer` has the other end.
    private func withWriter<Result: Sendable>(
        _ channel: any Channel, _ body: @escaping @Sendable (Writer) throws -> Result
    ) async throws -> Result {
        try await channel.eventLoop.submit {
            try body(channel.pipeline.syncOperations.handler(type: Writer.self))
        }.get()
    }

    private func makePair() async throws -> (channel: any Channel, descriptor: CInt) {
        var ends: [CInt] = [-1, -1]
        #if canImport(Darwin)
            let kind = SOCK_STREAM
        #else
            let kind = CInt(SOCK_STREAM.rawValue)
        #endif
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Writer(past: channel))
                }
            }
            .withConnectedSocket(ends[0]).get()
        return (channel, ends[1])
    }

    /// The two parts of a message, of bytes that nothing else in the stream looks like, and of sizes around nothing, a packet,
    /// and more than a socket holds.
    private static func message(_ number: Int) -> (first: [UInt8], second: [UInt8]) {
        let sizes = [1, 0, 400, 70_000, 3, 300_000, 0, 9_000, 200_000, 17]
        func part(_ seed: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: seed ^ ($0 &* 7) ^ ($0 &>> 8)) }
        }
        return (part(number * 31, sizes[number % 10]), part(number * 57, sizes[(number * 3 + 1) % 10]))
    }

    @Test func `keeps the order when the socket is full, and goes past the channel again later`() async throws {
        let (channel, descriptor) = try await makePair()
        let count = 40
        let direct = try await withWriter(channel) { writer in
            (0..<count).count { number in
                let message = Self.message(number)
                return writer.write(message.first, message.second)
            }
        }
        // The first ones fit; the socket is full before the last.
        #expect(direct > 2)
        #expect(direct < count)

        let expected = (0..<count).flatMap { number in
            let message = Self.message(number)
            return message.first + message.second
        }
        let received = try await blocking {
            // One that may be closed without closing the connection.
            SocketPeer(descriptor: dup(descriptor)).receive(upTo: expected.count).bytes
        }
        // Not compared within: telling how megabytes differ takes for ever.
        let isSame = received == expected
        #expect(isSame)
        // What the peer has received the channel has written, in a turn of its loop that ends before this one begins.
        #expect(try await withWriter(channel) { $0.write([1, 2, 3]) })
        shutdown(descriptor, CInt(SHUT_RDWR))
        close(descriptor)
        try await channel.closeFuture.get()
    }

    @Test func `leaves a peer that has gone to the channel`() async throws {
        let (channel, descriptor) = try await makePair()
        let wasTaken = try await withWriter(channel) { writer in
            // Closing alone is not enough: a process that was started meanwhile may have the descriptor, too.
            shutdown(descriptor, CInt(SHUT_RDWR))
            close(descriptor)
            return writer.write([1])
        }
        #expect(!wasTaken)
        try await channel.closeFuture.get()
    }
}
