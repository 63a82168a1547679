package import NIOCore
import Transport
package import Wire

/// The way of an answer: judged by its head, then held until it is whole or passed on event by event.
extension RequestHandler {
    package func answerHead(_ received: HTTPReceivedHead) {
        call.answerHead = received
        let head = received.response
        let verdict = AnswerRules.judge(head, received.bytes, call: call)
        if verdict.isGood { endHedge() }
        switch verdict {
        case .hold:
            state = .holding
            armForBody()
            // Known to be short enough to be held: one allocation instead of one for each doubling.
            if case .length(let count) = head.framing, count > 2_048, count <= LongAnswer.threshold {
                call.held.reserveCapacity(count)
            }
        case .stream:
            beginStream()
        case .refused(let retryAfterSeconds):
            failAttempt(
                .refused, head.status == 429 ? .rateLimited : .unavailable, retryAfterSeconds: retryAfterSeconds,
                hasAnswered: false)
        case .fail(let outcome):
            failAttempt(outcome, .badAnswer, hasAnswered: false)
        }
    }

    package func answerBody(_ piece: ByteBuffer) {
        switch state {
        case .holding:
            guard call.held.readableBytes + piece.readableBytes <= shard.plan.maximumAnswer else {
                failAttempt(.protocolError, .badAnswer, hasAnswered: false)
                return
            }
            if call.held.capacity == 0 {
                call.held = piece
            } else {
                call.held.writeImmutableBuffer(piece)
            }
            if call.held.readableBytes > LongAnswer.threshold { beginLongAnswer() }
        case .relaying:
            relay(piece)
        case .streaming:
            takeEvents(piece)
        case .idle, .asking, .searching, .waiting, .queued, .pausing, .connecting, .awaiting:
            break
        }
    }

    package func answerReadComplete() {
        if state == .streaming { sendReady() }
    }

    package func answerEnd() {
        switch state {
        case .holding: finishHeld()
        case .relaying: finishLongAnswer()
        case .streaming: finishStream()
        case .idle, .asking, .searching, .waiting, .queued, .pausing, .connecting, .awaiting: break
        }
    }

    // MARK: Whole answers

    /// The answer is whole: checks it and passes it on.
    private func finishHeld() {
        guard let head = call.answerHead else { return }
        guard let judged = loop.executor.enter(shard, Shard.judgeAnswer, call) else {
            // The connection is in order, but not the backend behind it.
            failAttempt(.protocolError, .badAnswer, hasAnswered: false)
            return
        }
        timer.disarm()
        guard let client else {
            finishCall(judged.status, httpStatus: 200, answerByteCount: 0, attempt: judged.outcome)
            return
        }
        let sealed = sealSession(judged.negotiatedVersion)
        guard sealed != nil || !opensSession else {
            // A session that cannot be sealed could not be used: the client would be refused with every later call.
            failAttempt(.protocolError, .badAnswer, hasAnswered: false)
            return
        }

        var status = head.response.status
        let body: ByteBuffer
        switch judged.body {
        case .received:
            body = call.held
        case .own:
            body = ErrorAnswer.forStatus(status, call: call)
        case .empty:
            // Whatever 2xx the backend chose, a message that was taken is 202 in MCP; DELETE keeps its own.
            if call.envelope != nil { status = 202 }
            body = ByteBuffer()
        }
        // A short body is copied behind its head; a long one goes out as it is, which costs the kernel less than the copy.
        let isCopied = body.readableBytes <= 8_192
        var writer = HTTPHeadWriter(
            loop.takeBuffer(),
            reserving: head.response.byteCount + (isCopied ? body.readableBytes : 0) + 512 + (sealed?.count ?? 0))
        head.writeAnswer(status: status, withContentType: judged.body == .received, into: &writer)
        if judged.body == .own { writer.lines("Content-Type: application/json\r\n") }
        if call.caching != nil { CacheOutcome.miss.writeFields(age: .zero, into: &writer) }
        writeTrailingFields(&writer, client: client, sealed: sealed)
        if status != 204 { writer.field("Content-Length: ", body.readableBytes) }
        var buffer = writer.finish()
        if isCopied { buffer.writeImmutableBuffer(body) }
        finishCall(judged.status, httpStatus: status, answerByteCount: body.readableBytes, attempt: judged.outcome)
        client.finish(buffer, followedBy: isCopied ? ByteBuffer() : body)
        loop.recycle(buffer)
    }

    /// Whether the answer that is being received opens a session.
    private var opensSession: Bool {
        call.method == .initialize && call.answerHead?.answerField(.mcpSessionID) != nil
    }

    /// The sealed id of the session that this answer opens, if it opens one.
    private func sealSession(_ version: MCPProtocolVersion?) -> [UInt8]? {
        guard opensSession else { return nil }
        return loop.executor.enter(
            shard, Shard.seal,
            Shard.NewSession(call: call, version: version))
    }

    func writeTrailingFields(
        _ writer: inout HTTPHeadWriter, client: HTTPServerConnection, sealed: [UInt8]?
    ) {
        if let sealed {
            writer.lines("Mcp-Session-Id: ")
            writer.buffer.writeBytes(sealed)
            writer.lines("\r\n")
        }
        if let quota = call.quota, let limiter = shard.plan.limiter { limiter.write(quota, into: &writer) }
        writer.date(loop.dateText())
        if !client.isKeptAlive { writer.lines("Connection: close\r\n") }
    }

    // MARK: Streams

    private func beginStream() {
        state = .streaming
        streamedStatus = .ok
        streamedOutcome = call.answerHead?.response.status == 429 ? .limited : .success
        let now = loop.eventLoop.now
        call.streamBeganAt = now
        loop.executor.enter(shard, Shard.streamBegan, call)
        let length = call.isListening ? PoolTimeouts.maximumListening : pool.timeouts.maximumStream
        stream = AnswerStream(
            expectedAnswerCount: call.expectedAnswerCount, holdsHead: call.method == .initialize,
            isChunked: call.request?.head.minorVersion == 1, now: now, endsAt: now + length)
        armForStream(now)
        // The head of an `initialize` waits: the sealed session id needs the revision in the result.
        if stream?.holdsHead == false { sendStreamHead(sealed: nil) }
        if client?.isDraining == true { endListening() }
    }

    private func sendStreamHead(sealed: [UInt8]?) {
        guard let client, let stream, let head = call.answerHead else { return }
        var writer = HTTPHeadWriter(loop.takeBuffer(), reserving: head.response.byteCount + 512 + (sealed?.count ?? 0))
        head.writeAnswer(status: head.response.status, withContentType: true, into: &writer)
        // Without chunks the end of the connection is the end of the stream.
        if !stream.isChunked { client.closeAfterAnswer() }
        writeTrailingFields(&writer, client: client, sealed: sealed)
        if stream.isChunked { writer.lines("Transfer-Encoding: chunked\r\n") }
        let buffer = writer.finish()
        client.begin(buffer)
        loop.recycle(buffer)
        self.stream?.holdsHead = false
    }

    private func takeEvents(_ piece: ByteBuffer) {
        guard var current = stream else { return }
        // Taken out while it is changed: a second reference would copy its buffers.
        stream = nil
        var answer: Shard.StreamedAnswer?
        var isGood = current.take(
            piece,
            judge: { data in loop.executor.enter(shard, Shard.judgeEvent, Shard.StreamedEvent(call: call, data: data))
            },
            onAnswer: { envelope, data in answer = Shard.StreamedAnswer(envelope, data) })
        current.lastReceivedAt = loop.eventLoop.now
        stream = current
        if let answer {
            if streamedStatus == .ok { streamedStatus = answer.status }
            if answer.isInternalError, call.answerHead?.response.status == 200, call.countsInternalErrors(in: pool) {
                streamedOutcome = .internalError
            }
            if current.holdsHead {
                let sealed = sealSession(answer.negotiatedVersion)
                if sealed == nil, opensSession { isGood = false } else { sendStreamHead(sealed: sealed) }
            }
        } else if current.holdsHead, current.ready.readableBytes > AnswerStream.heldLimit {
            isGood = false
        }
        // Writing the head may have ended the client's connection, and the call with it.
        if !isGood, state == .streaming {
            failAttempt(.protocolError, .badAnswer, hasAnswered: true)
        }
    }

    /// Writes the events that are complete, in one chunk.
    private func sendReady() {
        guard var current = stream, !current.holdsHead, current.ready.readableBytes > 0 else { return }
        guard let client else {
            stream?.ready = ByteBuffer()
            return
        }
        stream = nil
        let buffer = takeReady(&current, isLast: false)
        current.lastSentAt = loop.eventLoop.now
        armForStream(current.lastSentAt, current)
        stream = current
        client.stream(buffer)
        if !client.isWritable { call.connection?.http.pause() }
    }

    private func takeReady(_ stream: inout AnswerStream, isLast: Bool) -> ByteBuffer {
        let count = stream.ready.readableBytes
        stream.sentByteCount += count
        defer { stream.ready = ByteBuffer() }
        guard stream.isChunked else { return stream.ready }
        var buffer = ByteBuffer()
        buffer.reserveCapacity(count + 32)
        if count > 0 { buffer.writeChunk(stream.ready) }
        if isLast { buffer.writeStaticString("0\r\n\r\n") }
        return buffer
    }

    /// The backend has ended its stream.
    private func finishStream() {
        guard var current = stream else { return }
        // A server may let the client of a session go, which comes back for the rest with the last id that it has seen.
        let isPaused = call.era == .legacy && current.canBeResumed && !current.holdsHead
        if current.hasCall, !current.isAnswered, !isPaused {
            // Ended without the answer: the client must not take it for a whole one.
            failAttempt(.protocolError, .badAnswer, hasAnswered: true)
            return
        }
        if current.holdsHead { sendStreamHead(sealed: sealSession(nil)) }
        // Writing may have ended the client's connection, and the call with it.
        guard state == .streaming else { return }
        timer.disarm()
        loop.executor.enter(shard, Shard.attemptEnded, Shard.AttemptEnd(call: call, outcome: streamedOutcome))
        if call.caching != nil { loop.executor.enter(shard, Shard.landStreamed, call) }
        let buffer = takeReady(&current, isLast: true)
        guard let client else {
            finishCall(streamedStatus, httpStatus: 200, answerByteCount: 0)
            return
        }
        finishCall(
            streamedStatus, httpStatus: call.answerHead?.response.status ?? 200, answerByteCount: current.sentByteCount)
        client.finish(buffer)
    }

    /// An answer that the client has seen a part of cannot be continued.
    func endBegunAnswer(_ failure: GatewayFailure) {
        if state == .relaying {
            abortLongAnswer(failure)
        } else {
            endStreamWithError(failure)
        }
    }

    /// The stream cannot be continued: an error event with the call's id, then its proper end; a listening stream is cut
    /// off without one, so that the client sees that it was not meant to end.
    private func endStreamWithError(_ failure: GatewayFailure) {
        guard var current = stream else { return }
        timer.disarm()
        guard let client else {
            finishCall(failed: failure, httpStatus: 0, answerByteCount: 0)
            return
        }
        if current.isAnswered {
            // What comes after the answer cannot make it wrong.
            let buffer = takeReady(&current, isLast: true)
            finishCall(
                streamedStatus, httpStatus: call.answerHead?.response.status ?? 200,
                answerByteCount: current.sentByteCount)
            client.finish(buffer)
            return
        }
        guard current.hasCall else {
            finishCall(failed: failure, httpStatus: 200, answerByteCount: current.sentByteCount)
            client.abort()
            return
        }
        current.ready.writeStaticString("event: message\ndata: ")
        var body = ErrorAnswer.body(Refusal(failure: failure), call: call, pool: pool)
        current.ready.writeBuffer(&body)
        current.ready.writeStaticString("\n\n")
        let buffer = takeReady(&current, isLast: true)
        finishCall(failed: failure, httpStatus: 200, answerByteCount: current.sentByteCount)
        client.finish(buffer)
    }

    /// The gateway drains: a stream on which a client only listens ends as its revision says, since it would never end
    /// by itself. A `subscriptions/listen` gets its result (MCP 2026-07-28, Subscriptions), a GET stream just ends.
    func endListening() {
        guard state == .streaming, var current = stream, let client, call.isListening, !current.isAnswered else {
            return
        }
        if call.method == .subscriptionsListen, let id = call.envelope?.id, let request = call.request {
            let idText = request.body.withByteView { $0[id.range].bytes }
            current.ready.writeStaticString("event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":")
            current.ready.writeBytes(idText)
            current.ready.writeStaticString(
                ",\"result\":{\"resultType\":\"complete\",\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":")
            current.ready.writeBytes(idText)
            current.ready.writeStaticString("}}}\n\n")
        }
        abandonAttempt(.success)
        let buffer = takeReady(&current, isLast: true)
        finishCall(.ok, httpStatus: 200, answerByteCount: current.sentByteCount)
        client.finish(buffer)
    }

    // MARK: Time

    func streamDeadlineReached(_ now: NIODeadline) {
        guard let current = stream else { return }
        if now >= current.endsAt || now - current.lastReceivedAt >= pool.timeouts.streamIdle {
            if call.isListening, now >= current.endsAt {
                endListening()
            } else if call.isListening {
                // A server that has nothing to tell is not sick.
                abandonAttempt(.success)
                endStreamWithError(.timeout)
            } else {
                failAttempt(outcomeOfDeadline, .timeout, hasAnswered: true)
            }
            return
        }
        if now - current.lastSentAt >= PoolTimeouts.keepAlive, !current.holdsHead, current.ready.readableBytes == 0 {
            stream?.ready.writeStaticString(":\n\n")
            sendReady()
        }
        if let stream { armForStream(now, stream) }
    }

    private func armForStream(_ now: NIODeadline, _ given: AnswerStream? = nil) {
        guard let current = given ?? stream else { return }
        var deadline = min(current.endsAt, current.lastReceivedAt + pool.timeouts.streamIdle)
        // A head that is held back cannot be followed by a comment.
        if !current.holdsHead {
            deadline = min(deadline, max(current.lastSentAt + PoolTimeouts.keepAlive, now + .milliseconds(10)))
        }
        loop.wheel.arm(timer, at: deadline, owner: self)
    }
}
