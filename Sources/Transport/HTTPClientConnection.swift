package import NIOCore
package import Wire

/// What went wrong with one exchange on a backend connection.
package enum HTTPClientFailure: Error, Hashable, Sendable {
    /// The connection could not be made, or not in time.
    case connect
    /// The connection ended before the answer did. `sentBytes` tells whether any byte of the request may have left.
    case closed(sentBytes: Bool)
    /// The answer is not HTTP/1.1 as it must be.
    case malformed(HTTPError)
    /// The answer switches protocols, or is one more than was asked for.
    case unexpected
    /// A request was sent while the connection could not take one, a mistake of the sender. Nothing of it has left.
    case misused
}

/// What is told of the exchange on a backend connection. All calls come on the connection's loop.
package protocol HTTPClientDelegate: AnyObject {
    /// The connection is open and may be used.
    func connected(_ connection: HTTPClientConnection)

    /// The head of the answer has come; `connection.answerHead` holds it.
    func answerHead(on connection: HTTPClientConnection)

    /// A part of the answer's body.
    func answerBody(_ piece: ByteBuffer, on connection: HTTPClientConnection)

    /// Everything that has arrived so far was told; the answer may go on.
    func answerReadComplete(on connection: HTTPClientConnection)

    /// The answer is complete. The connection may be used again if `connection.isReusable`.
    func answerEnd(on connection: HTTPClientConnection)

    /// The exchange is over without a complete answer, and the connection with it.
    func exchangeFailed(_ failure: HTTPClientFailure, on connection: HTTPClientConnection)

    /// The connection closed while no exchange was under way.
    func closedWhileIdle(_ connection: HTTPClientConnection)
}

/// One connection to a backend: one request at a time, its answer cut out of the bytes (RFC 9112 §4, §6.3, §9.3).
///
/// ```
/// connecting ─▶ idle ─▶ awaitingHead ─▶ readingBody ─▶ idle …
///      └─────────┴────────────┴──────────────┴──▶ closed
/// ```
///
/// The method of the request is not known here: `HEAD` and `CONNECT`, whose answers end in ways of their own, cannot be
/// sent.
///
/// The channel must not read by itself (`autoRead`): the connection asks for input when it wants some.
package final class HTTPClientConnection: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = Never
    package typealias OutboundOut = ByteBuffer

    private enum Phase {
        case connecting, idle, awaitingHead, readingBody, closed
    }

    private static let maximumInterimAnswers = 16

    /// The one who leases the connection; the owner clears it to let go.
    package var delegate: (any HTTPClientDelegate)?

    private var context: ChannelHandlerContext?
    private var output = SocketOutput()
    /// The place of TLS in the pipeline, through which a connection is cut off; `nil` without TLS.
    var seal: ChannelHandlerContext?
    private var phase = Phase.connecting
    private let heads: HTTPHeadMemory
    private var parser = HTTPHeadParser(.response)
    private var inbound = ByteBuffer()
    private var bodyReader: HTTPBodyReader?
    private var interimAnswers = 0
    private var sentBytes = false
    private var isWritten = true
    /// Whether more of the request is to come.
    private var isRequestOpen = false
    private var isBroken = false
    /// Whether reading was stopped by `pause`.
    package private(set) var isPaused = false
    private var isReadWithheld = false

    /// The head of the current answer; valid from the call of `answerHead` to the return of `answerEnd`.
    package private(set) var answerHead: HTTPReceivedHead

    /// A connection that is about to be made.
    ///
    /// - Parameter heads: the answers' heads that came lately on this and other connections of its loop.
    package init(heads: HTTPHeadMemory = HTTPHeadMemory()) {
        self.heads = heads
        answerHead = heads.nothing
    }

    /// Lets the connection write to the socket of `channel` directly. Only before its first byte, and only if the connection
    /// will be the one handler of the channel: others would not see what it writes.
    package func write(past channel: any Channel) {
        output = SocketOutput(past: channel)
    }

    /// Whether another request may be sent.
    package var isReusable: Bool { phase == .idle }

    /// Whether the connection has been made and not ended.
    package var isOpen: Bool { phase != .closed && phase != .connecting }

    /// Whether an idle connection has ended, or has got bytes that nobody asked for, which has not been told yet because the
    /// loop has not come to it. A system call; `false` where there is no socket to ask.
    package var hasEndedUnnoticed: Bool { output.hasInput }

    /// Sends one request, `request` and `body` behind it, or its beginning if `isComplete` is false; `sendMore` follows. Only
    /// when idle; else the connection ends.
    package func send(_ request: ByteBuffer, followedBy body: ByteBuffer = ByteBuffer(), isComplete: Bool = true) {
        guard phase == .idle, let context else {
            fail(.misused)
            return
        }
        phase = .awaitingHead
        isRequestOpen = !isComplete
        interimAnswers = 0
        // From here on the request may have left: the kernel takes bytes before it tells of a reset.
        sentBytes = true
        guard output.write(request, body, context) else { return }
        flush(context.eventLoop.makePromise(of: Void.self), context)
    }

    /// Sends more of a request that was begun with `isComplete: false`, whose framing is the caller's. `taken` succeeds when
    /// the socket has taken it, before which no more may be sent, and fails if the exchange is over.
    package func sendMore(_ bytes: ByteBuffer, isComplete: Bool, taken: EventLoopPromise<Void>) {
        guard isRequestOpen, phase == .awaitingHead || phase == .readingBody, let context else {
            taken.fail(HTTPClientFailure.misused)
            return
        }
        isRequestOpen = !isComplete
        guard output.write(bytes, ByteBuffer(), context) else {
            taken.succeed()
            return
        }
        flush(taken, context)
    }

    private func flush(_ promise: EventLoopPromise<Void>, _ context: ChannelHandlerContext) {
        isWritten = false
        promise.futureResult.assumeIsolated().whenSuccess { self.isWritten = true }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: promise)
    }

    /// Stops reading from the socket, so that a slow client slows its backend.
    package func pause() {
        isPaused = true
    }

    /// Reads on.
    package func resume() {
        guard isPaused else { return }
        isPaused = false
        if isReadWithheld {
            isReadWithheld = false
            context?.read()
        }
    }

    /// Ends the connection; the delegate hears no more.
    package func close() {
        delegate = nil
        guard let context else {
            phase = .closed
            return
        }
        close(context)
    }

    /// The connection attempt has failed.
    package func connectFailed() {
        guard phase == .connecting else { return }
        phase = .closed
        delegate?.exchangeFailed(.connect, on: self)
        // The delegate holds this connection, too.
        delegate = nil
    }

    // MARK: Channel events

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { becomeActive() }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        seal = nil
    }

    package func channelActive(context: ChannelHandlerContext) {
        becomeActive()
        context.fireChannelActive()
    }

    private func becomeActive() {
        switch phase {
        case .connecting:
            guard let delegate else { fallthrough }
            phase = .idle
            readOn()
            delegate.connected(self)
        case .closed:
            // Whoever wanted this connection has gone, perhaps before there was anything to close.
            if let context { close(context) }
        case .idle, .awaitingHead, .readingBody:
            break  // a handler that is added to an open channel may hear of that twice
        }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var received = unwrapInboundIn(data)
        if inbound.readableBytes == 0 {
            inbound = received
        } else {
            inbound.writeBuffer(&received)
        }
        process()
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        if phase == .readingBody { delegate?.answerReadComplete(on: self) }
        readOn()
        context.fireChannelReadComplete()
    }

    private func readOn() {
        isReadWithheld = isPaused
        if !isPaused { context?.read() }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        let last = phase
        phase = .closed
        output.close()
        switch last {
        case .connecting:
            delegate?.exchangeFailed(.connect, on: self)
        case .idle:
            delegate?.closedWhileIdle(self)
        case .awaitingHead:
            delegate?.exchangeFailed(.closed(sentBytes: sentBytes), on: self)
        case .readingBody:
            // After a reset nobody knows what is missing.
            if bodyReader?.endsWithConnection == true, !isBroken, isWritten {
                delegate?.answerEnd(on: self)
            } else {
                delegate?.exchangeFailed(.closed(sentBytes: sentBytes), on: self)
            }
        case .closed:
            break
        }
        delegate = nil
        release()
        context.fireChannelInactive()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isBroken = true
        close(context)
    }

    // MARK: Reading

    private func process() {
        while inbound.readableBytes > 0 {
            switch phase {
            case .connecting, .closed:
                inbound = ByteBuffer()
                return
            case .idle:
                // Nobody asked: whatever it is, it must not become the answer to the next request.
                fail(.unexpected)
                return
            case .awaitingHead:
                guard readHead() else { return }
            case .readingBody:
                guard readBody() else { return }
            }
        }
        if phase == .readingBody, bodyReader?.isFinished == true { finishAnswer() }
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
    }

    private func readHead() -> Bool {
        do throws(HTTPError) {
            let isComplete = try inbound.withByteView { bytes throws(HTTPError) in
                try heads.read(bytes, with: &parser, into: &answerHead)
            }
            guard isComplete else { return false }
        } catch {
            fail(.malformed(error))
            return false
        }
        inbound.moveReaderIndex(forwardBy: answerHead.response.byteCount)
        if answerHead.response.status < 200 {
            interimAnswers += 1
            guard answerHead.response.status != 101, interimAnswers <= HTTPClientConnection.maximumInterimAnswers else {
                fail(.unexpected)
                return false
            }
            return true
        }
        do throws(HTTPError) {
            bodyReader = try HTTPBodyReader(answerHead.response.framing)
        } catch {
            fail(.malformed(error))
            return false
        }
        phase = .readingBody
        delegate?.answerHead(on: self)
        return phase == .readingBody
    }

    private func readBody() -> Bool {
        guard var reader = bodyReader else { return false }
        let step: HTTPBodyReader.Step
        do throws(HTTPError) {
            step = try inbound.withByteView { bytes throws(HTTPError) in try reader.next(bytes, from: 0) }
        } catch {
            fail(.malformed(error))
            return false
        }
        bodyReader = reader
        switch step {
        case .data(let range, let consumed):
            let piece = inbound.getSlice(at: inbound.readerIndex + Int(range.start), length: range.count)
            inbound.moveReaderIndex(forwardBy: consumed)
            if let piece { delegate?.answerBody(piece, on: self) }
            return phase == .readingBody
        case .finished(let consumed):
            inbound.moveReaderIndex(forwardBy: consumed)
            finishAnswer()
            return phase != .closed
        case .needsMore:
            inbound = ByteBuffer()
            return false
        }
    }

    private func finishAnswer() {
        guard inbound.readableBytes == 0 else {
            // Bytes behind the end: the answer cannot be trusted to end where it says.
            fail(.unexpected)
            return
        }
        bodyReader = nil
        // A backend that has answered before it got the whole request may not read the rest of it.
        let isKeptAlive = answerHead.response.isKeepAlive && isWritten && !isRequestOpen
        phase = isKeptAlive ? .idle : .closed
        // A pause is over with its answer; what comes next is read.
        resume()
        delegate?.answerEnd(on: self)
        if !isKeptAlive {
            delegate = nil
            if let context { close(context) }
        }
        // Unless the delegate has sent its next request already.
        if phase == .idle || phase == .closed { heads.release(&answerHead) }
    }

    private func release() {
        inbound = ByteBuffer()
        bodyReader = nil
        answerHead = heads.nothing
    }

    private func fail(_ failure: HTTPClientFailure) {
        let wasIdle = phase == .idle
        phase = .closed
        if wasIdle {
            delegate?.closedWhileIdle(self)
        } else {
            delegate?.exchangeFailed(failure, on: self)
        }
        delegate = nil
        release()
        if let context { close(context) }
    }

    private func close(_ context: ChannelHandlerContext) {
        output.close()
        guard let seal else { return context.close(promise: nil) }
        // TLS says goodbye (RFC 8446 §6.1), but is not left to wait for an answer.
        context.close(mode: .output, promise: nil)
        seal.close(promise: nil)
    }
}

@available(*, unavailable)
extension HTTPClientConnection: Sendable {}
