package import NIOCore

#if canImport(Glibc)
    import Glibc
    private let systemSend = Glibc.send
    private let systemReceive = Glibc.recv
    /// A peer that has gone must not end the process: the channel tells of it.
    private let withoutSignal = CInt(MSG_NOSIGNAL)
#elseif canImport(Musl)
    import Musl
    private let systemSend = Musl.send
    private let systemReceive = Musl.recv
    private let withoutSignal = CInt(MSG_NOSIGNAL)
#elseif canImport(Darwin)
    import Darwin
    private let systemSend = Darwin.send
    private let systemReceive = Darwin.recv
    // SwiftNIO sets SO_NOSIGPIPE on every socket.
    private let withoutSignal: CInt = 0
#endif

/// The way out of a connection: straight to its socket while the socket takes everything, through the channel otherwise.
///
/// A channel queues a write, walks its pipeline, and asks the queue what to do when it is flushed; for a message that the
/// socket takes at once that is ten times the work of the system call's user side, and a seventh of all that a proxied call
/// costs (`scripts/measure-call`). What the socket does not take goes to the channel, and so does everything behind it until
/// the channel has got rid of it: order never changes. Errors are left to the channel, too, which meets the same ones.
package struct SocketOutput {
    /// The socket; `nil` where every byte has to pass the channel's handlers, or where there is none.
    private var socket: CInt?
    /// Whether the channel has been handed bytes that the socket may not have taken yet.
    private var isBehind = false

    /// A way out through the channel only.
    package init() {}

    /// A way out past the handlers of `channel`, whose only handler uses it; through the channel if that has no socket.
    /// Only on the channel's loop.
    package init(past channel: any Channel) {
        let handle = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self, { $0 })
        socket = handle ?? nil
    }

    /// Writes `bytes` and then `more`. Whether the channel has got some of them and must be flushed.
    package mutating func write(_ bytes: ByteBuffer, _ more: ByteBuffer, _ context: ChannelHandlerContext) -> Bool {
        let count = bytes.readableBytes + more.readableBytes
        guard let socket, !isBehind || hasCaughtUp(context) else {
            context.writeUnlessEmpty(bytes)
            context.writeUnlessEmpty(more)
            return count > 0
        }
        assert(context.channel.isActive, "the descriptor may belong to another connection by now")
        let taken = SocketOutput.send(bytes, more, to: socket)
        if taken == count { return false }
        isBehind = true
        let ofBytes = min(taken, bytes.readableBytes)
        context.writeUnlessEmpty(bytes.dropping(ofBytes))
        context.writeUnlessEmpty(more.dropping(taken - ofBytes))
        return true
    }

    /// Whether something waits to be read: bytes, the peer's end, or an error. `false` where there is no socket.
    package var hasInput: Bool {
        guard let socket else { return false }
        var byte: UInt8 = 0
        let count = systemReceive(socket, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT))
        return count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
    }

    /// Forgets the socket: the channel is being closed, and with it the descriptor, which may be another's soon.
    package mutating func close() {
        socket = nil
    }

    private mutating func hasCaughtUp(_ context: ChannelHandlerContext) -> Bool {
        // A channel that is closed has lost what it had: nothing may overtake that.
        isBehind = !context.channel.isActive || context.unsentByteCount > 0
        return !isBehind
    }

    /// How many bytes the socket takes at once; 0 as well if it is broken.
    private static func send(_ bytes: ByteBuffer, _ more: ByteBuffer, to socket: CInt) -> Int {
        bytes.withUnsafeReadableBytes { first in
            guard more.readableBytes > 0 else {
                return retryingInterrupts { systemSend(socket, first.baseAddress, first.count, withoutSignal) }
            }
            return more.withUnsafeReadableBytes { second in
                withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { parts in
                    parts.initializeElement(at: 0, to: iovec(first))
                    parts.initializeElement(at: 1, to: iovec(second))
                    var message = msghdr()
                    message.msg_iov = parts.baseAddress
                    message.msg_iovlen = .init(parts.count)
                    return retryingInterrupts { sendmsg(socket, &message, withoutSignal) }
                }
            }
        }
    }

    @inline(__always)
    private static func retryingInterrupts(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result >= 0 { return result }
            guard errno == EINTR else { return 0 }
        }
    }
}

extension iovec {
    fileprivate init(_ bytes: UnsafeRawBufferPointer) {
        self.init(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
    }
}

extension ByteBuffer {
    fileprivate func dropping(_ count: Int) -> ByteBuffer {
        var rest = self
        rest.moveReaderIndex(forwardBy: count)
        return rest
    }
}

extension ChannelHandlerContext {
    /// Bytes that the channel has and the socket has not taken.
    var unsentByteCount: Int {
        // A channel that does not tell (of a test) takes all at once.
        (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    fileprivate func writeUnlessEmpty(_ buffer: ByteBuffer) {
        if buffer.readableBytes > 0 { write(NIOAny(buffer), promise: nil) }
    }
}
