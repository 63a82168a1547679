/// Where log lines go: one bounded queue and one thread that writes, so that no caller ever waits for a disk or a
/// terminal.
///
/// When the writer is behind, whole blocks are dropped and counted; a block is either written or not. A write that
/// fails (disk full, reader gone) costs that block and nothing else: the next one is tried again, on a line of its own.
package final class LogSink: Sendable {
    /// Where to write.
    package enum Destination: Hashable, Sendable {
        case standardOutput
        case standardError
        /// Appended to, made if it is not there (mode 0640).
        case file(path: String)
        /// An open descriptor. The sink uses a duplicate of it; the original stays the caller's.
        case descriptor(CInt)
    }

    /// What a sink has done so far.
    package struct Figures: Hashable, Sendable {
        /// Blocks that were written whole.
        package var writtenBlocks = 0
        /// Blocks that were dropped because the writer was behind or the sink closed.
        package var droppedBlocks = 0
        /// Blocks that were lost because writing them failed, or was given up when the sink closed.
        package var failedBlocks = 0
        /// Bytes that wait.
        package var queuedBytes = 0
        /// The last error of the operating system; 0 when the last write went well.
        package var lastError: CInt = 0
    }

    private let writer: LogWriter

    /// A sink that holds at most `maximumQueuedBytes`. Throws when the file cannot be opened or no thread can be had.
    package init(_ destination: Destination, maximumQueuedBytes: Int = 4 << 20) throws(LogSinkError) {
        writer = try LogWriter(destination, maximumQueuedBytes: maximumQueuedBytes)
        try writer.start()
    }

    deinit { writer.beginClosing() }

    /// Hands over `block`, which is whole lines; returns whether it was taken. Never waits for the writing.
    @discardableResult
    package func offer(_ block: [UInt8]) -> Bool {
        writer.offer(block)
    }

    /// Opens the file anew before the next block, after somebody has moved it away. The old one stays when that fails.
    package func reopen() {
        writer.reopen()
    }

    /// Waits until everything offered before was written or given up, at most `limit`. Blocks the thread. Returns
    /// whether it was in time.
    @discardableResult
    package func flush(within limit: Duration = .seconds(1)) -> Bool {
        writer.waitUntilEmpty(within: limit)
    }

    /// Takes nothing more, writes what waits, at most for `limit`, and ends the thread. Blocks the caller. Returns
    /// whether all was written in time; what was not is lost.
    @discardableResult
    package func close(within limit: Duration = .seconds(1)) -> Bool {
        writer.beginClosing()
        let isEmpty = writer.waitUntilEmpty(within: limit)
        writer.abandon()
        return isEmpty
    }

    /// What the sink has done so far.
    package var figures: Figures { writer.figures }

    /// Adds the figures as metrics, with `name` as the label `log`.
    package func collect(into text: inout PrometheusText, name: String) {
        let figures = figures
        let help = "Blocks of log lines, by what became of them."
        for (result, count) in [
            ("written", figures.writtenBlocks), ("dropped", figures.droppedBlocks), ("failed", figures.failedBlocks),
        ] {
            text.counter(
                "mcp_log_blocks_total", help: help, labels: [("log", name), ("result", result)], count)
        }
    }
}
