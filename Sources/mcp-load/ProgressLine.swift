/// One line on standard error that is written over again and again, if somebody is there to see it.
struct ProgressLine {
    /// Whether standard error is a terminal.
    let isShown: Bool
    private var lastFinished = 0
    private var lastTime: ContinuousClock.Instant

    /// A line that was not written yet.
    init() {
        isShown = StandardError.isTerminal
        lastTime = .now
    }

    /// Shows what is going on before the first call.
    func show(_ text: String) {
        write("\r\(text)\u{1B}[K")
    }

    /// Shows how far the run has come.
    mutating func show(_ workers: [LoadProgress], elapsed: Duration, phase: String) {
        let answered = workers.reduce(0) { $0 + $1.answered }
        let failed = workers.reduce(0) { $0 + $1.failed }
        let now = ContinuousClock.now
        let rate = Double(max(0, answered + failed - lastFinished)) / max((now - lastTime).inSeconds, 0.001)
        lastFinished = answered + failed
        lastTime = now
        var text = "\(phase) \(JSONLiteral.number(elapsed.inSeconds, places: 1)) s  \(answered + failed) calls"
        text += "  \(Int(rate))/s  \(failed) failed  \(workers.reduce(0) { $0 + $1.underWay }) under way"
        // Of several workers the slowest: percentiles cannot be added up, and a line need not be exact.
        let latencies = workers.compactMap(\.latency)
        if let median = latencies.map(\.median).max(), let p99 = latencies.map(\.p99).max() {
            text += "  p50 \(LoadReport.milliseconds(median)) ms  p99 \(LoadReport.milliseconds(p99)) ms"
        }
        show(text)
    }

    /// Takes the line away.
    func clear() {
        write("\r\u{1B}[K")
    }

    private func write(_ text: String) {
        guard isShown else { return }
        StandardError.write(text)
    }
}
