import UnixSignals

/// Waits for SIGTERM and SIGINT: the first asks for a clean end, the second is obeyed at once.
struct Termination {
    private let asked: AsyncStream<Int32>

    /// From here on the signals no longer end the process by themselves.
    init() async {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        // One element: the first signal.
        let (asked, continuation) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingOldest(1))
        self.asked = asked
        Task {
            var isSecond = false
            for await signal in signals {
                // 128 + the signal's number, as shells report it.
                let status: Int32 = signal == .sigint ? 130 : 143
                if isSecond { Surroundings.end(status) }
                isSecond = true
                continuation.yield(status)
            }
        }
    }

    /// Returns when the first signal has come: the exit status that tells of it. `nil`: the task was cancelled.
    @discardableResult
    func first() async -> Int32? {
        for await status in asked { return status }
        return nil
    }
}
