package import NIOCore
package import Wire

/// One client connection: cuts requests out of the bytes, hands them to the delegate one at a time, writes the answers.
///
/// ```
///            ┌────────────────────────── answer finished, kept alive ────────────────────────┐
///            ▼                                                                                │
/// ──▶ awaitingHead ─▶ readingBody ─▶ handling ─▶ streaming ─▶ (finished) ─▶ discardingBody ───┘
///            │              │            │            │             └────▶ lingering ─▶ closed
///            └── bad bytes, time-outs ───┴────────────┴─────────────────────▲
/// ```
///
/// Requests that a client pipelines wait in the receive buffer and are read when the answer before them has been written
/// (RFC 9112 §9.3.2: answers go out in order); reading from the socket stops while too much waits. A client that closes its
/// side still gets the answers to what it has sent. After an answer that ends the connection, output is closed as soon as
/// all of it has been taken, and input is discarded for a second, so that no reset overtakes the answer (RFC 9112 §9.6).
///
/// The channel must not read by itself (`autoRead`): the connection asks for input when it wants some.
package final class HTTPServerConnection: ChannelInboundHandler, DeadlineOwner {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = Never
    package typealias OutboundOut = ByteBuffer

    /// Where the connection is in the life of its requests.
    enum Phase {
        case awaitingHead, readingBody, handling, streaming, discardingBody, lingering, closed
    }

    /// Bytes that may wait behind a request that is being handled.
    private static let readAheadLimit = 64 * 1_024
    /// Bytes of an unwanted body that are read and thrown away so that the connection can be kept.
    private static let discardLimit = 256 * 1_024

    /// What the connection shares with the others of its loop.
    package let loop: LoopContext
    /// Let go of when the connection has ended: delegates hold their connection, too.
    private var delegate: (any HTTPServerDelegate)?
    /// How long the client may take.
    let timeouts: HTTPServerTimeouts
    /// The one deadline that there is at a time.
    let timer = DeadlineTimer()

    /// The way to the channel, as long as the connection is part of it.
    private(set) var context: ChannelHandlerContext?
    /// The way to the socket.
    var output = SocketOutput()
    /// The place of TLS in the pipeline, through which a connection is cut off without a goodbye; `nil` without TLS.
    var seal: ChannelHandlerContext?
    /// Where the connection is.
    var phase = Phase.awaitingHead
    private var parser: HTTPHeadParser
    /// The current request; one object for all of them, so that a request allocates nothing.
    private let request: HTTPServerRequest
    /// Received bytes; the current request begins at its reader index.
    var inbound = ByteBuffer()
    /// Bytes of `inbound` behind its reader index that belong to the current request.
    private var requestByteCount = 0
    private var bodyReader: HTTPBodyReader?
    /// The joined chunks of a chunked body.
    var chunkedBody = ByteBuffer()
    /// When the body began that is being received.
    var bodyStartedAt = NIODeadline.uptimeNanoseconds(0)
    private var isProcessing = false
    private var needsFlush = false
    private var isReadWithheld = false
    /// Whether the client has said that it sends no more.
    private(set) var inputIsClosed = false
    /// Whether the client's system has got everything that it will get.
    var outputIsClosed = false
    private var mustClose = false
    /// What the socket had not taken when the timer was armed for a stalled write.
    var stalledByteCount = 0
    /// Whether the timer counts from the first byte of the head that is being received.
    private(set) var isHeadTimerArmed = false

    /// Set while the process drains: answers say `Connection: close` and idle connections end.
    package var isDraining = false {
        didSet {
            if isDraining, !awaitsLastRequest { closeIfIdle() }
        }
    }

    /// Set before `isDraining`, an idle connection does not end: its client may be about to send. With the next answer it
    /// does, or when this is taken back.
    package var awaitsLastRequest = false {
        didSet {
            if !awaitsLastRequest { closeIfIdle() }
        }
    }

    /// Since when the connection has had no request, as far as that is known; `nil` while it has one, or one has begun.
    package var idleSince: NIODeadline? {
        guard phase == .awaitingHead, !isHeadBegun, isWritable else { return nil }
        return timer.armedFor.map { $0 - timeouts.idle }
    }

    /// Whether the client talks through TLS.
    package var isSealed: Bool { seal != nil }

    /// The address of the peer, if it has one.
    package var remoteAddress: SocketAddress? { context?.channel.remoteAddress }

    /// Whether the socket takes more of an answer at once.
    package private(set) var isWritable = true

    /// Memory that is held for received bytes.
    package var receiveCapacity: Int { inbound.capacity }

    /// Whether the connection goes on after the answer that is being made.
    package var isKeptAlive: Bool {
        request.head.isKeepAlive && !mustClose && !isDraining
            && (!inputIsClosed || inbound.readableBytes > requestByteCount)
    }

    /// A handler for one accepted connection.
    package init(
        loop: LoopContext, delegate: any HTTPServerDelegate, limits: HTTPLimits = HTTPLimits(),
        timeouts: HTTPServerTimeouts = HTTPServerTimeouts()
    ) {
        self.loop = loop
        self.delegate = delegate
        self.timeouts = timeouts
        self.parser = HTTPHeadParser(.request, limits: limits)
        self.request = HTTPServerRequest(loop.requestHeads.nothing)
    }

    /// Lets the connection write to the socket of `channel` directly. Only before its first byte, and only if the connection
    /// will be the one handler of the channel: others would not see what it writes.
    package func write(past channel: any Channel) {
        output = SocketOutput(past: channel)
    }

    // MARK: Channel events

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { becomeActive() }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        // Also the end of a channel that never became active.
        end()
        self.context = nil
        seal = nil
    }

    package func channelActive(context: ChannelHandlerContext) {
        becomeActive()
        context.fireChannelActive()
    }

    private func becomeActive() {
        arm(timeouts.idle)
        readOn()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        let wasHandling = phase == .handling || phase == .streaming
        phase = .closed
        output.close()
        loop.wheel.remove(timer)
        guard let delegate else { return }
        self.delegate = nil
        if wasHandling { delegate.clientLeft(self, isClosed: true) }
        delegate.closed(self)
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var received = unwrapInboundIn(data)
        switch phase {
        case .lingering, .closed:
            return
        case .awaitingHead, .readingBody, .handling, .streaming, .discardingBody:
            if inbound.readableBytes == 0 {
                inbound = received
            } else {
                inbound.writeBuffer(&received)
            }
        }
        process()
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        flushIfNeeded()
        readOn()
    }

    /// Asks the channel for more input, unless too much waits already, or nothing may be read of bodies.
    private func readOn() {
        let isFull =
            (phase == .handling || phase == .streaming)
            && inbound.readableBytes - requestByteCount > HTTPServerConnection.readAheadLimit
        isReadWithheld =
            isFull || (phase == .awaitingHead && !isWritable) || (phase == .readingBody && loop.holdsBodies)
        if !isReadWithheld { context?.read() }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent {
            inputIsClosed = true
            switch phase {
            case .handling, .streaming: delegate?.clientLeft(self, isClosed: false)
            case .awaitingHead, .readingBody, .discardingBody: inputEnded()
            case .lingering: if outputIsClosed { close() }
            case .closed: break
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        switch phase {
        case .streaming:
            if isWritable { timer.disarm() } else { armForStall() }
            delegate?.writabilityChanged(self, isWritable: isWritable)
        case .awaitingHead, .discardingBody:
            // The time of a head runs on: it began with the head's first byte.
            if !isHeadTimerArmed { armForNextRequest() }
            if isWritable {
                resumeReading()
                process()
            }
        case .readingBody, .handling, .lingering, .closed:
            break
        }
        context.fireChannelWritabilityChanged()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset, a failed write, or what TLS does not stand, an end without its goodbye included: `channelInactive` follows
        // and says so to the delegate.
        close()
    }

    /// Whether more has come of a head than the empty line that some clients send behind a body (RFC 9112 §2.2).
    var isHeadBegun: Bool {
        let count = inbound.readableBytes
        guard count > 0, count <= 2 else { return count > 0 }
        return inbound.withByteView { $0[0] != UInt8(ascii: "\r") || (count == 2 && $0[1] != UInt8(ascii: "\n")) }
    }

    // MARK: Reading

    private func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer {
            isProcessing = false
            flushIfNeeded()
            if inputIsClosed { inputEnded() }
        }
        while true {
            switch phase {
            case .awaitingHead:
                guard inbound.readableBytes > 0, isWritable, readHead() else { return }
            case .readingBody:
                guard readBody() else { return }
            case .discardingBody:
                guard discardBody() else { return }
            case .handling, .streaming, .lingering, .closed:
                return
            }
        }
    }

    /// Reads a head and asks the delegate about it. Whether there is more to do at once.
    private func readHead() -> Bool {
        guard let delegate else { return false }
        do throws(HTTPError) {
            let isComplete = try inbound.withByteView { bytes throws(HTTPError) in
                try loop.requestHeads.read(bytes, with: &parser, into: &request.received)
            }
            guard isComplete else {
                if !isHeadTimerArmed, isHeadBegun {
                    isHeadTimerArmed = true
                    arm(timeouts.head)
                }
                return false
            }
        } catch {
            // Nobody can tell where a next request would begin.
            mustClose = true
            refuse(delegate.answer(to: error))
            return false
        }
        isHeadTimerArmed = false
        timer.disarm()
        if request.head.asksForUpgrade || request.head.method == .trace { mustClose = true }
        switch delegate.verdict(on: request.received, connection: self) {
        case .refuse(let answer):
            refuseBody(answer)
        case .accept where request.head.hasUnknownExpectation:
            var answer = delegate.answer(to: .expectation)
            // Where this request ends is known; nothing else is wrong with it.
            answer.closesConnection = false
            refuseBody(answer)
        case .accept(let maximumBody):
            do throws(HTTPError) {
                bodyReader = try HTTPBodyReader(request.head.framing, limit: maximumBody)
            } catch {
                refuseBody(delegate.answer(to: error))
                return true
            }
            phase = .readingBody
            requestByteCount = request.head.byteCount
            if request.head.expectsContinue, inbound.readableBytes == request.head.byteCount { writeContinue() }
        }
        return true
    }

    /// Reads on in the body. Whether there is more to do at once.
    private func readBody() -> Bool {
        switch request.head.framing {
        case .none, .untilClose:
            deliver(body: ByteBuffer())
        case .length(let count):
            guard inbound.readableBytes - request.head.byteCount >= count else {
                armForBody(received: inbound.readableBytes - request.head.byteCount)
                return false
            }
            requestByteCount = request.head.byteCount + count
            // The slice exists: that many bytes are readable.
            deliver(
                body: inbound.getSlice(at: inbound.readerIndex + request.head.byteCount, length: count) ?? ByteBuffer())
        case .chunked:
            switch takeChunks(keeping: true) {
            case .finished: deliver(body: chunkedBody)
            case .needsMore:
                armForBody(received: chunkedBody.readableBytes)
                return false
            case .failed(let error):
                guard let delegate else { return false }
                mustClose = true
                refuse(delegate.answer(to: error))
                return false
            }
        }
        return true
    }

    private enum ChunkResult {
        case finished, needsMore
        case failed(HTTPError)
    }

    /// Moves the chunks that have come into `chunkedBody`; the head stays in front of `inbound`.
    private func takeChunks(keeping: Bool) -> ChunkResult {
        guard var reader = bodyReader else { return .finished }
        defer { bodyReader = reader }
        var offset = requestByteCount
        var pieces = chunkedBody
        chunkedBody = ByteBuffer()
        let result = inbound.withByteView { bytes -> ChunkResult in
            while true {
                do throws(HTTPError) {
                    switch try reader.next(bytes, from: offset) {
                    case .data(let range, let consumed):
                        if keeping { pieces.writeBytes(bytes[range].raw) }
                        offset = consumed
                    case .finished(let consumed):
                        offset = consumed
                        return .finished
                    case .needsMore:
                        offset = bytes.count
                        return .needsMore
                    }
                } catch {
                    return .failed(error)
                }
            }
        }
        chunkedBody = pieces
        requestByteCount = offset
        // Chunks that were taken need not stay: keep the head and what follows.
        if case .needsMore = result, requestByteCount > request.head.byteCount,
            requestByteCount == inbound.readableBytes
        {
            inbound.moveWriterIndex(to: inbound.readerIndex + request.head.byteCount)
            requestByteCount = request.head.byteCount
        }
        return result
    }

    private func deliver(body: ByteBuffer) {
        timer.disarm()
        phase = .handling
        request.body = body
        chunkedBody = ByteBuffer()
        bodyReader = nil
        delegate?.receive(request, on: self)
    }

    private func writeContinue() {
        guard let context else { return }
        var buffer = context.channel.allocator.buffer(capacity: 32)
        buffer.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
        write(buffer)
        flushIfNeeded()
    }

    // MARK: Refusing

    /// Answers a request whose body is not wanted: keeps the connection if the rest of the body is small.
    private func refuseBody(_ answer: HTTPAnswer) {
        requestByteCount = request.head.byteCount
        let canDiscard: Bool
        switch request.head.framing {
        case .none: canDiscard = true
        case .length(let count):
            canDiscard = count <= HTTPServerConnection.discardLimit && !request.head.expectsContinue
        case .chunked, .untilClose: canDiscard = !request.head.expectsContinue
        }
        if !canDiscard { mustClose = true }
        bodyReader = try? HTTPBodyReader(request.head.framing, limit: HTTPServerConnection.discardLimit)
        if bodyReader == nil { mustClose = true }
        refuse(answer)
    }

    /// Writes an answer of the connection's own and goes on, or closes.
    func refuse(_ answer: HTTPAnswer) {
        if answer.closesConnection { mustClose = true }
        phase = .handling
        respond(answer)
    }

    /// Writes a whole small answer and finishes the exchange.
    package func respond(_ answer: HTTPAnswer) {
        if answer.closesConnection { mustClose = true }
        var writer = HTTPHeadWriter(
            loop.takeBuffer(), reserving: 256 + answer.addedFields.count + answer.body.readableBytes)
        writer.statusLine(answer.status)
        writer.lines(answer.fields)
        if !answer.addedFields.isEmpty { writer.buffer.writeBytes(answer.addedFields) }
        writer.date(loop.dateText())
        if answer.retryAfterSeconds > 0 { writer.field("Retry-After: ", answer.retryAfterSeconds) }
        if answer.status != 204 { writer.field("Content-Length: ", answer.body.readableBytes) }
        if !isKeptAlive { writer.lines("Connection: close\r\n") }
        var buffer = writer.finish()
        if request.head.method != .head { buffer.writeImmutableBuffer(answer.body) }
        finish(buffer)
        loop.recycle(buffer)
    }

    // MARK: Answering

    /// Writes the last bytes of an answer (or all of it) and goes on with the next request.
    ///
    /// The bytes must be a complete message for HTTP: a caller that cannot complete an answer calls `abort`.
    package func finish(_ buffer: ByteBuffer, followedBy body: ByteBuffer = ByteBuffer()) {
        guard phase == .handling || phase == .streaming else { return }
        let closes = !isKeptAlive
        write(buffer, followedBy: body)
        advance(closes: closes)
    }

    /// Writes the head of an answer that is still being made; `stream` and `finish` follow.
    package func begin(_ buffer: ByteBuffer) {
        guard phase == .handling else { return }
        phase = .streaming
        // Said in the head or implied by HTTP/1.0: what was promised must be kept even if draining begins meanwhile.
        if !isKeptAlive { mustClose = true }
        write(buffer)
        flushIfNeeded()
        if phase == .streaming, !isWritable { armForStall() }
    }

    /// Writes and flushes a part of an answer.
    package func stream(_ buffer: ByteBuffer) {
        guard phase == .streaming else { return }
        write(buffer)
        flushIfNeeded()
        // What is written while the client is slow is no sign that it has stopped.
        if !isWritable { stalledByteCount = max(stalledByteCount, unsentByteCount) }
    }

    /// Makes the answer that is being made the last one of the connection.
    package func closeAfterAnswer() {
        mustClose = true
    }

    /// Ends the connection in the middle of an answer, so that the client sees that it is incomplete.
    package func abort() {
        guard phase != .closed else { return }
        flushIfNeeded()
        close()
    }

    private func write(_ buffer: ByteBuffer, followedBy body: ByteBuffer = ByteBuffer()) {
        guard let context else { return }
        if output.write(buffer, body, context) { needsFlush = true }
    }

    /// Has the channel write what it was handed.
    func flushIfNeeded() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
    }

    private func advance(closes: Bool) {
        if closes {
            linger()
            return
        }
        if let reader = bodyReader, !reader.isFinished {
            phase = .discardingBody
        } else {
            dropRequest()
        }
        if isProcessing {
            armForNextRequest()
        } else {
            flushIfNeeded()
            // Flushing may have delivered the next request from within, whose timer must not be replaced.
            if phase == .awaitingHead || phase == .discardingBody, !isHeadTimerArmed { armForNextRequest() }
            resumeReading()
            if inbound.readableBytes > 0 { process() }
        }
    }

    /// Forgets the request that has been answered, and awaits the next.
    private func dropRequest() {
        bodyReader = nil
        inbound.moveReaderIndex(forwardBy: min(requestByteCount, inbound.readableBytes))
        requestByteCount = 0
        if inbound.readableBytes == 0 {
            inbound = ByteBuffer()
        } else if inbound.readerIndex > HTTPServerConnection.readAheadLimit {
            // A client that pipelines without a pause would make the buffer keep all that it has ever sent.
            inbound.discardReadBytes()
        }
        request.body = ByteBuffer()
        loop.requestHeads.release(&request.received)
        phase = .awaitingHead
    }

    /// Throws away what comes of a body nobody wants. Whether there is more to do at once.
    private func discardBody() -> Bool {
        switch takeChunks(keeping: false) {
        case .finished:
            dropRequest()
            closeIfIdle()
            return phase == .awaitingHead
        case .needsMore:
            return false
        case .failed:
            linger()
            return false
        }
    }

    /// Asks for input again if that was put off. For the delegates of a loop that reads bodies again.
    package func resumeReading() {
        guard isReadWithheld else { return }
        isReadWithheld = false
        context?.read()
    }
}

@available(*, unavailable)
extension HTTPServerConnection: Sendable {}
