import NIOCore
import Transport
import Wire

/// One connection to a Redis server: commands go out in order, replies come back in that order.
///
/// ```
/// connecting ─▶ shakingHands ─▶ ready
///      └──────────────┴───────────┴────▶ closed
/// ```
///
/// What is sent during one turn of the loop goes out together at its end. When a reply is late the connection is closed and
/// everybody who waits is told so: a late reply would be taken for the next one's.
///
/// Belongs to its loop; not `Sendable`.
final class RedisConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case connecting, shakingHands, ready, closed
    }

    /// Commands that may wait for their replies. With a deadline of 20 ms that is 800,000 a second.
    private static let maximumWaiting = 16_384
    /// Commands longer than this are not copied together with others.
    private static let longCommandBytes = 16_384
    /// So many bytes are written at once, even if more may follow in this turn.
    private static let maximumCoalescedBytes = 65_536

    /// Who is told; the owner clears it to let go.
    var delegate: (any RedisConnectionDelegate)?
    /// What the server has told of itself; complete once the connection is ready.
    private(set) var facts = RedisServerFacts()

    private let eventLoop: any EventLoop
    private var context: ChannelHandlerContext?
    private var output = SocketOutput()
    private var phase = Phase.connecting
    private var handshake: RedisHandshake
    private let handshakeTimeout: TimeAmount
    /// Whether messages for subscribers come in place of replies (RESP2, where they look like them).
    private let isForSubscriptions: Bool

    private var parser = RESPParser()
    private var inbound = ByteBuffer()
    private var outbound = ByteBuffer()
    private var waiting = RedisWaitingLine()
    private let deadlineTimer: LoopTimer
    /// Whether a deadline has passed at a time when the loop was late itself.
    private var isGraced = false
    /// Whether the channel has room for more.
    private var isWritable = true
    private var isFlushScheduled = false
    private var needsFlush = false
    private var flushTask: (@Sendable () -> Void)?
    /// The time of the first command of this turn.
    private var turnStart = NIODeadline.uptimeNanoseconds(0)

    /// A connection that is about to be made on `eventLoop`.
    init(
        on eventLoop: any EventLoop, handshake: RedisHandshake, handshakeTimeout: TimeAmount,
        isForSubscriptions: Bool = false
    ) {
        self.eventLoop = eventLoop
        self.handshake = handshake
        self.handshakeTimeout = handshakeTimeout
        self.isForSubscriptions = isForSubscriptions
        deadlineTimer = LoopTimer(eventLoop)
    }

    /// Lets the connection write to the socket of `channel` directly. Only before its first byte, and only if the connection
    /// will be the one handler of the channel: others would not see what it writes.
    func write(past channel: any Channel) {
        output = SocketOutput(past: channel)
    }

    /// Whether commands may be sent.
    var isReady: Bool { phase == .ready }

    /// How many commands wait for their replies.
    var waitingCount: Int { waiting.count }

    // MARK: Sending

    /// Sends a command whose reply must come within `timeout`. Only when ready; else `then` is told at once.
    func send(_ command: RedisCommand, timeout: TimeAmount, then: @escaping RedisReplyHandler) {
        guard phase == .ready else { return then(.failure(.unavailable)) }
        beginTurn()
        enqueue(RedisPendingCommand(command: command, deadline: turnStart + timeout, then: then))
    }

    /// Sends a command again that has waited already, here or on another connection.
    func resend(_ pending: RedisPendingCommand) {
        guard phase == .ready else { return pending.then(.failure(.unavailable)) }
        beginTurn()
        enqueue(pending)
    }

    /// Sends a command to which there is no reply of its own.
    func post(_ command: RedisCommand) {
        guard phase == .ready else { return }
        beginTurn()
        write(command.words.bytes)
    }

    private func enqueue(_ pending: consuming RedisPendingCommand) {
        guard waiting.count < RedisConnection.maximumWaiting, isWritable else {
            return pending.then(.failure(.overloaded))
        }
        let (bytes, deadline) = (pending.command.words.bytes, pending.deadline)
        waiting.append(pending)
        deadlineTimer.setIfEarlier(deadline)
        write(bytes)
    }

    private func beginTurn() {
        guard !isFlushScheduled, let flushTask else { return }
        isFlushScheduled = true
        turnStart = eventLoop.now
        // Behind everything that has happened on the loop by now, and before it waits for more.
        eventLoop.execute(flushTask)
    }

    private func write(_ bytes: ByteBuffer) {
        if bytes.readableBytes > RedisConnection.longCommandBytes {
            writeOut()
            writeOut(bytes)
            return
        }
        outbound.writeImmutableBuffer(bytes)
        if outbound.readableBytes > RedisConnection.maximumCoalescedBytes { writeOut() }
    }

    private func writeOut() {
        writeOut(outbound)
        // Where the channel has kept it, clearing leaves its bytes alone.
        outbound.clear()
        if outbound.capacity > 4 * RedisConnection.maximumCoalescedBytes { outbound = ByteBuffer() }
    }

    private func writeOut(_ bytes: ByteBuffer) {
        guard let context, bytes.readableBytes > 0 else { return }
        if output.write(bytes, ByteBuffer(), context) { needsFlush = true }
    }

    private func flush() {
        isFlushScheduled = false
        guard phase != .closed else { return }
        writeOut()
        if needsFlush {
            needsFlush = false
            context?.flush()
        }
    }

    // MARK: The end

    /// Ends the connection; the delegate hears no more, and whoever still waits is told.
    func close() {
        delegate = nil
        end(.unavailable)
    }

    /// The connection attempt has failed.
    func connectFailed() {
        if phase == .connecting { end(.unavailable) }
    }

    /// Ends the connection for a reason that the delegate is told of.
    func end(_ reason: RedisError) {
        guard phase != .closed else { return }
        phase = .closed
        let now = eventLoop.now
        let left = waiting.all
        waiting = RedisWaitingLine()
        inbound = ByteBuffer()
        outbound = ByteBuffer()
        deadlineTimer.end()
        flushTask = nil
        output.close()
        let delegate = self.delegate
        self.delegate = nil
        delegate?.closed(self, reason, waitingCount: left.count { !$0.isInternal })
        // The channel is closed before others are told: they may send elsewhere what was sent here.
        context?.close(promise: nil)
        for pending in left {
            let isToBlame = isReasonForAll(reason) || reason == .timeout && pending.deadline <= now
            pending.then(.failure(isToBlame ? reason : .connectionLost))
        }
    }

    /// Whether those who wait when a connection ends are told the reason, and not just that it has ended.
    private func isReasonForAll(_ reason: RedisError) -> Bool {
        reason == .unavailable || reason == .protocolViolation
    }

    private func deadlineReached() {
        let now = eventLoop.now
        guard let first = waiting.earliestDeadline else { return }
        guard first <= now else { return deadlineTimer.setIfEarlier(first) }
        if now - first > .milliseconds(10), !isGraced {
            // The loop was held up, and the process perhaps: replies may have come that nobody has read yet.
            isGraced = true
            return deadlineTimer.set(now + .milliseconds(5))
        }
        end(.timeout)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        flushTask = { bound.value.flush() }
        deadlineTimer.onTime { [unowned self] in deadlineReached() }
        if context.channel.isActive { becomeActive() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        end(.connectionLost)
    }

    func channelActive(context: ChannelHandlerContext) {
        becomeActive()
        context.fireChannelActive()
    }

    private func becomeActive() {
        switch phase {
        case .connecting:
            phase = .shakingHands
            shakeHands(handshake.start())
        case .closed:
            // Whoever wanted this connection has gone.
            context?.close(promise: nil)
        case .shakingHands, .ready:
            break  // a handler that is added to an open channel may hear of that twice
        }
    }

    private func shakeHands(_ command: RedisCommand) {
        beginTurn()
        let pending = RedisPendingCommand(
            command: command, deadline: turnStart + handshakeTimeout, isInternal: true
        ) { [unowned self] reply in
            guard phase == .shakingHands else { return }
            switch handshake.receive(reply) {
            case .send(let command): shakeHands(command)
            case .fail(let error): end(error)
            case .ready(let facts):
                self.facts = facts
                phase = .ready
                delegate?.ready(self)
            }
        }
        enqueue(pending)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var received = unwrapInboundIn(data)
        if inbound.readableBytes == 0 {
            inbound = received
        } else {
            inbound.writeBuffer(&received)
        }
        isGraced = false
        process()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(phase == .ready ? .connectionLost : .unavailable)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(phase == .ready ? .connectionLost : .unavailable)
    }

    // MARK: Receiving

    private func process() {
        let receivedCount = inbound.readableBytes
        var answeredCount = 0
        do throws(RESPError) {
            while phase != .closed, let value = try parser.next(in: &inbound) {
                if receive(value) { answeredCount &+= 1 }
            }
        } catch {
            end(.protocolViolation)
        }
        if answeredCount > 0 { delegate?.answered(answeredCount, on: self) }
        guard phase != .closed else { return }
        if inbound.readableBytes == 0 {
            inbound = ByteBuffer()
        } else if inbound.readableBytes < receivedCount {
            // Values share the buffer's memory, and appending to what is shared would copy it all, each time.
            inbound = ByteBuffer(bytes: inbound.readableBytesView)
        }
    }

    /// Hands a value to whoever waits for it; whether it was a good reply.
    private func receive(_ value: RESPValue) -> Bool {
        if case .push(let elements) = value {
            delegate?.pushed(elements, on: self)
            return false
        }
        if isForSubscriptions, let elements = value.elements, RedisConnection.isMessage(elements) {
            delegate?.pushed(elements, on: self)
            return false
        }
        guard let pending = waiting.popFirst() else {
            // An answer to nobody: who knows to whom the next one belongs. A server that closes connections says why.
            if case .error(let text) = value { end(RedisError(text)) } else { end(.protocolViolation) }
            return false
        }
        guard case .error(let text) = value else {
            guard pending.command.reply.accepts(value) else {
                // Another command's reply, and so will the next ones be.
                end(.protocolViolation)
                pending.then(.failure(.protocolViolation))
                return false
            }
            pending.then(.success(value))
            return !pending.isInternal
        }
        let error = RedisError(text)
        if !pending.isInternal, let delegate, delegate.refused(pending, error, on: self) { return false }
        pending.then(.failure(error))
        return false
    }

    /// Whether an array of RESP2 is a message for a subscriber and no reply.
    private static func isMessage(_ elements: [RESPValue]) -> Bool {
        guard let name = elements.first?.string else { return false }
        return name.withByteView {
            $0.equals("message") || $0.equals("subscribe") || $0.equals("unsubscribe")
        }
    }
}

@available(*, unavailable)
extension RedisConnection: Sendable {}
