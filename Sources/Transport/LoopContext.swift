package import NIOCore
package import Wire

/// What all connections of one event loop share: time, deadlines, the date, one write buffer, known heads.
///
/// Buffers are kept with the loop and not with the connection, so that ten thousand idle connections do not hold ten
/// thousand of them. Belongs to its loop; not `Sendable`.
package final class LoopContext {
    /// The loop.
    package let eventLoop: any EventLoop
    /// The loop as an executor.
    package let executor: LoopExecutor
    /// The deadlines of the loop.
    package let wheel: DeadlineWheel
    /// Whether no more is read of the bodies of requests, because there is no memory for them. Whoever takes it back has the
    /// connections read on (`HTTPServerConnection.resumeReading`).
    package var holdsBodies = false
    /// The heads of requests that came lately.
    package let requestHeads = HTTPHeadMemory()
    /// Tells the wall clock, in seconds since 1970; a parameter so that tests can stop it.
    private let wallClock: @Sendable () -> Int64
    private var date = HTTPDate()
    private var dateCheckedAt: NIODeadline?
    private var spare = ByteBuffer()

    /// A context of `executor`'s loop. Must be made on the loop or before it serves anything.
    package init(_ executor: LoopExecutor, wallClock: @escaping @Sendable () -> Int64 = WallClock.seconds) {
        self.executor = executor
        self.eventLoop = executor.eventLoop
        self.wheel = DeadlineWheel(executor.eventLoop)
        self.wallClock = wallClock
    }

    /// An empty buffer to write one message into; give it back with `recycle` once it was written.
    package func takeBuffer() -> ByteBuffer {
        var buffer = ByteBuffer()
        swap(&buffer, &spare)
        // Still referenced by a socket that has not taken all of it: `clear` then allocates anew and leaves it alone.
        buffer.clear(minimumCapacity: 2_048)
        return buffer
    }

    /// Gives a buffer back for the next message, unless a large answer has made it unusually big.
    package func recycle(_ buffer: consuming ByteBuffer) {
        if buffer.capacity <= 65_536 { spare = buffer }
    }

    /// The value of the `Date` field of an answer made now.
    package func dateText() -> InlineArray<29, UInt8> {
        let now = eventLoop.now
        if let checked = dateCheckedAt, now - checked < .milliseconds(100) { return date.text }
        dateCheckedAt = now
        date.update(wallClock())
        return date.text
    }
}

@available(*, unavailable)
extension LoopContext: Sendable {}
