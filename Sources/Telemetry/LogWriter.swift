#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The queue of a `LogSink` and the thread that empties it. The thread keeps it alive until it has ended.
final class LogWriter: Sendable {
    private struct State: Sendable {
        var queue: [[UInt8]] = []
        var figures = LogSink.Figures()
        /// Blocks taken out of the queue whose writing has not ended.
        var blocksInHand = 0
        var reopens = false
        var isClosing = false
        var isAbandoned = false
    }

    /// What only the thread touches.
    private struct Output {
        var descriptor: CInt
        /// Whether the last byte that went out did not end a line.
        var isMidLine = false
    }

    /// What a block costs beside its bytes, so that very many very small ones are bounded too.
    private static let blockOverhead = 32
    /// Small blocks are joined up to this size for one write.
    private static let joinedByteCount = 65_536

    private let destination: LogSink.Destination
    private let maximumQueuedBytes: Int
    private let initialDescriptor: CInt
    private let state = Monitor(State())

    init(_ destination: LogSink.Destination, maximumQueuedBytes: Int) throws(LogSinkError) {
        self.destination = destination
        self.maximumQueuedBytes = maximumQueuedBytes
        switch destination {
        case .standardOutput: initialDescriptor = 1
        case .standardError: initialDescriptor = 2
        case .descriptor(let descriptor):
            // One of our own, so that the thread never writes to what the caller's number means by then.
            initialDescriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
            if initialDescriptor < 0 { throw LogSinkError(action: "use descriptor \(descriptor)", code: errno) }
        case .file(let path):
            initialDescriptor = LogWriter.openFile(path)
            if initialDescriptor < 0 { throw LogSinkError(action: "open \(path)", code: errno) }
        }
    }

    // MARK: Callers

    func start() throws(LogSinkError) {
        let code = Thread.start(named: "log-writer") { [self] in run() }
        guard code == 0 else {
            closeOwned(initialDescriptor)
            throw LogSinkError(action: "start the log's thread", code: code)
        }
    }

    func offer(_ block: [UInt8]) -> Bool {
        guard !block.isEmpty else { return true }
        let cost = block.count &+ LogWriter.blockOverhead
        return state.withLock { state, wake in
            guard !state.isClosing, state.figures.queuedBytes &+ cost <= maximumQueuedBytes else {
                state.figures.droppedBlocks &+= 1
                return false
            }
            state.queue.append(block)
            state.figures.queuedBytes &+= cost
            wake = true
            return true
        }
    }

    func reopen() {
        state.withLock { state, wake in
            state.reopens = true
            wake = true
        }
    }

    func beginClosing() {
        state.withLock { state, wake in
            state.isClosing = true
            wake = true
        }
    }

    /// Makes the thread give up what it has not written.
    func abandon() {
        state.withLock { state, wake in
            state.isAbandoned = true
            wake = true
        }
    }

    func waitUntilEmpty(within limit: Duration) -> Bool {
        state.wait(within: limit) { $0.queue.isEmpty && $0.blocksInHand == 0 }
    }

    var figures: LogSink.Figures { state.withLock { state, _ in state.figures } }

    // MARK: The thread

    private func run() {
        var output = Output(descriptor: initialDescriptor)
        var joined: [UInt8] = []
        joined.reserveCapacity(LogWriter.joinedByteCount)
        while let work = nextWork() {
            if work.reopens { reopen(&output) }
            var first = 0
            while first < work.blocks.count {
                // One block as it is, or as many as fit together.
                var last = first + 1
                joined.removeAll(keepingCapacity: true)
                while last < work.blocks.count,
                    joined.count + work.blocks[first].count + work.blocks[last].count <= LogWriter.joinedByteCount
                {
                    if joined.isEmpty { joined.append(contentsOf: work.blocks[first]) }
                    joined.append(contentsOf: work.blocks[last])
                    last += 1
                }
                let code = write(joined.isEmpty ? work.blocks[first] : joined, to: &output)
                finish(work.blocks[first..<last], code)
                first = last
            }
        }
        closeOwned(output.descriptor)
    }

    /// Waits for something to do; `nil` when there will be nothing more.
    private func nextWork() -> (blocks: [[UInt8]], reopens: Bool)? {
        state.waitForWork { state in
            !state.queue.isEmpty || state.reopens || state.isClosing
        } then: { state in
            guard !state.queue.isEmpty || state.reopens else { return nil }
            var blocks: [[UInt8]] = []
            swap(&blocks, &state.queue)
            state.blocksInHand = blocks.count
            defer { state.reopens = false }
            return (blocks, state.reopens)
        }
    }

    private func finish(_ blocks: ArraySlice<[UInt8]>, _ code: CInt) {
        state.withLock { state, wake in
            for block in blocks { state.figures.queuedBytes &-= block.count &+ LogWriter.blockOverhead }
            state.blocksInHand -= blocks.count
            if code == 0 {
                state.figures.writtenBlocks += blocks.count
            } else {
                state.figures.failedBlocks += blocks.count
            }
            state.figures.lastError = code
            wake = state.blocksInHand == 0
        }
    }

    /// Writes everything; returns 0, or the error that ended it.
    private func write(_ bytes: [UInt8], to output: inout Output) -> CInt {
        if output.isMidLine {
            let code = write([UInt8(ascii: "\n")][...], to: &output)
            if code != 0 { return code }
        }
        return write(bytes[...], to: &output)
    }

    private func write(_ bytes: ArraySlice<UInt8>, to output: inout Output) -> CInt {
        var rest = bytes
        while let last = rest.last {
            // Nobody waits for it any more, and the reader may be gone for good.
            if state.withLock({ state, _ in state.isAbandoned }) { return ECANCELED }
            let descriptor = output.descriptor
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0) }
            let code = errno
            if count > 0 {
                let isAll = count >= rest.count
                output.isMidLine = (isAll ? last : rest[rest.startIndex + count - 1]) != UInt8(ascii: "\n")
                rest = rest.dropFirst(count)
            } else if count == 0 || code == EAGAIN || code == EWOULDBLOCK {
                // Somebody made the descriptor non-blocking.
                waitUntilWritable(output.descriptor)
            } else if code != EINTR {
                return code
            }
        }
        return 0
    }

    private func waitUntilWritable(_ descriptor: CInt) {
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = systemPoll(&poll, 100)
    }

    private func reopen(_ output: inout Output) {
        guard case .file(let path) = destination else { return }
        let descriptor = LogWriter.openFile(path)
        guard descriptor >= 0 else {
            let code = errno
            state.withLock { state, _ in state.figures.lastError = code }
            return
        }
        closeOwned(output.descriptor)
        output = Output(descriptor: descriptor)
    }

    private func closeOwned(_ descriptor: CInt) {
        switch destination {
        case .standardOutput, .standardError: break
        case .file, .descriptor: _ = close(descriptor)
        }
    }

    private static func openFile(_ path: String) -> CInt {
        open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
    }

    /// The operating system's sentence for an error number.
    static func message(of code: CInt) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

private func systemWrite(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}

private func systemPoll(_ descriptors: UnsafeMutablePointer<pollfd>, _ milliseconds: CInt) -> CInt {
    poll(descriptors, 1, milliseconds)
}
