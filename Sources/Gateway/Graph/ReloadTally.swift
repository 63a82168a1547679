import Synchronization

/// How often the gateway was to be configured anew, and how that went: a leaf value for the metrics.
package final class ReloadTally: Sendable {
    private struct State {
        var counts: [ReloadOutcome.Result: Int] = [:]
        var isLastOK = true
    }

    private let state = Mutex(State())

    /// Nothing was tried; the start counts as good.
    package init() {}

    func note(_ result: ReloadOutcome.Result) {
        state.withLock {
            $0.counts[result, default: 0] += 1
            $0.isLastOK = result != .rejected
        }
    }

    /// How often it came to `result`.
    package func count(_ result: ReloadOutcome.Result) -> Int { state.withLock { $0.counts[result] ?? 0 } }

    /// Whether the last configuration that was tried is in effect.
    package var isLastOK: Bool { state.withLock { $0.isLastOK } }
}
