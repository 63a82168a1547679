import UnixSignals

/// Waits for SIGTERM and SIGINT: the first asks for a clean end, the second is obeyed at once.
struct Termination {
    private let asked: AsyncStream<Void>

    /// From here on the signals no longer end the process by themselves.
    init() async {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        // One element: the first signal.
        let (asked, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
        self.asked = asked
        Task {
            var isSecond = false
            for await signal in signals {
                if isSecond { Process.end(signal == .sigint ? 130 : 143) }
                isSecond = true
                continuation.yield()
            }
        }
    }

    /// Returns when the first signal has come.
    func first() async {
        for await _ in asked { return }
    }
}
