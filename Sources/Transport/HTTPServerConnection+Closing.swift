package import NIOCore

/// How a connection ends, and the deadlines that end it.
extension HTTPServerConnection {
    // MARK: Deadlines

    package func deadlineReached(_ timer: DeadlineTimer, now: NIODeadline) {
        switch phase {
        case .awaitingHead where isHeadTimerArmed, .readingBody:
            if isWritable {
                // Nobody is too slow whom nobody listens to.
                let isHeld = phase == .readingBody && loop.holdsBodies
                refuse(HTTPAnswer(status: isHeld ? 503 : 408, closesConnection: true))
                flushIfNeeded()
            } else {
                close()
            }
        case .streaming:
            closeIfStalled()
        case .awaitingHead, .discardingBody:
            if isWritable { linger() } else { closeIfStalled() }
        case .lingering:
            if outputIsClosed { close() } else { closeIfStalled() }
        case .handling, .closed:
            break
        }
    }

    /// The client has a while to send more of a body of which `received` bytes have come.
    func armForBody(received: Int) {
        let now = loop.eventLoop.now
        if timer.armedFor == nil { bodyStartedAt = now }
        // At one moment between bytes, and at the moment when the rate since the start would be too low.
        let earned = min(Int64(received), 1 << 40) * 1_000 / max(timeouts.minimumBodyRate, 1)
        let slow = bodyStartedAt + timeouts.bodyGrace + .milliseconds(earned)
        let deadline = min(now + timeouts.bodyIdle, slow)
        timer.disarm()
        loop.wheel.arm(timer, at: deadline, owner: self)
    }

    // MARK: Closing

    /// No more bytes will come: what has come is answered, a request that is incomplete is not.
    func inputEnded() {
        switch phase {
        case .awaitingHead where isHeadBegun && !isWritable:
            break  // requests wait until the answers before them have been taken
        case .awaitingHead, .readingBody, .discardingBody:
            linger()
        case .handling, .streaming, .lingering, .closed:
            break
        }
    }

    /// Closes the output when all of it has been taken, discards input for a while, then closes.
    func linger() {
        guard let context, phase != .lingering, phase != .closed else { return }
        phase = .lingering
        inbound = ByteBuffer()
        chunkedBody = ByteBuffer()
        flushIfNeeded()
        // The flush may have met a connection that is gone.
        guard phase == .lingering else { return }
        armForStall()
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in self.outputEnded() }
        if inputIsClosed || isSealed {
            // Closing the second half, or TLS whose peer has closed it, closes the channel at once and drops what is still to
            // be written: wait for that.
            context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: promise)
        } else {
            context.close(mode: .output, promise: promise)
        }
        resumeReading()
    }

    /// The client's system has got everything that it will get.
    private func outputEnded() {
        guard phase == .lingering else { return }
        outputIsClosed = true
        // TLS says goodbye, and has nothing left that it could lose.
        if isSealed { context?.close(mode: .output, promise: nil) }
        if inputIsClosed {
            close()
        } else {
            arm(timeouts.linger)
        }
    }

    /// Ends a connection that drains and has no request.
    func closeIfIdle() {
        guard isDraining, phase == .awaitingHead, !isHeadBegun else { return }
        closeIdle()
    }

    /// Ends a connection that has had no request for `time`, or longer.
    package func close(ifIdleFor time: TimeAmount) {
        if let idleSince, loop.eventLoop.now - idleSince >= time { closeIdle() }
    }

    private func closeIdle() {
        // Through TLS the client is told that this is the end (RFC 9112 §9.8).
        if unsentByteCount == 0, !isSealed { close() } else { linger() }
    }

    /// Closes at once. TLS is not asked: it would wait for its peer.
    package func close() {
        output.close()
        (seal ?? context)?.close(promise: nil)
    }

    /// Bytes that were written and that the socket has not taken.
    var unsentByteCount: Int {
        context?.unsentByteCount ?? 0
    }

    private func closeIfStalled() {
        // Slow is not stalled: the client has another while if it has taken anything.
        guard unsentByteCount < stalledByteCount else { return close() }
        armForStall()
    }

    /// The client has a while to take something.
    func armForStall() {
        stalledByteCount = unsentByteCount
        arm(timeouts.writeStall)
    }

    /// The client has a while to take what it has been sent, and then to send a request.
    func armForNextRequest() {
        if isWritable { arm(timeouts.idle) } else { armForStall() }
    }

    /// Sets the deadline, in place of the last one.
    func arm(_ amount: TimeAmount) {
        timer.disarm()
        loop.wheel.arm(timer, at: loop.eventLoop.now + amount, owner: self)
    }
}
