import Synchronization
package import Transport

/// What came of looking up names, for metrics and pages: a leaf value of the process.
package final class NameBoard: Sendable {
    /// How one name is.
    package struct Report: Hashable, Sendable {
        /// The addresses in use.
        package var addresses: [IPAddress]
        /// The forbidden addresses of the last answer.
        package var refused: [IPAddress]
        /// Why the last lookup failed; nil if it did not.
        package var failure: NameResolutionError?
        /// When a lookup last failed, in milliseconds since 1970; nil: never.
        package var failedAt: Int64?
    }

    private struct State {
        var counts: [ResolvedName.Outcome: Int] = [:]
        var reports: [WatchedName: Report] = [:]
    }

    private let state = Mutex(State())

    /// Nothing has been looked up.
    package init() {}

    /// How many lookups came to `outcome`.
    package func count(_ outcome: ResolvedName.Outcome) -> Int { state.withLock { $0.counts[outcome] ?? 0 } }

    /// How many of the names that are looked up now had no usable answer the last time.
    package var failingCount: Int { state.withLock { state in state.reports.values.count { $0.failure != nil } } }

    /// The names that are looked up now, by name.
    package var reports: [(name: WatchedName, report: Report)] {
        state.withLock { $0.reports }.map { ($0.key, $0.value) }.sorted { $0.0.host < $1.0.host }
    }

    /// Takes note of a lookup.
    func note(
        _ outcome: ResolvedName.Outcome, of name: WatchedName, _ resolved: ResolvedName, atMilliseconds now: Int64
    ) {
        state.withLock { state in
            state.counts[outcome, default: 0] += 1
            let failedAt = resolved.failure == nil ? state.reports[name]?.failedAt : now
            state.reports[name] = Report(
                addresses: resolved.addresses, refused: resolved.refused, failure: resolved.failure, failedAt: failedAt)
        }
    }

    /// Forgets a name that is not looked up any more.
    func forget(_ name: WatchedName) { state.withLock { $0.reports[name] = nil } }
}
