import Gateway
import UnixSignals

/// What makes a gateway read its configuration anew: SIGHUP, and a file that has changed, be it one that the configuration
/// names.
struct ReloadTriggers: Sendable {
    private static let interval = Duration.seconds(1)

    private let supervisor: Supervisor
    private let source: ConfigurationSource
    private let isWatching: Bool

    init(_ supervisor: Supervisor, _ source: ConfigurationSource, watches: Bool) {
        self.supervisor = supervisor
        self.source = source
        isWatching = watches
    }

    /// Waits for them until cancelled.
    func run() async {
        await withTaskGroup { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sighup) { _ = await supervisor.reload() }
            }
            if isWatching { group.addTask { await watch() } }
        }
    }

    /// Looks once a second. What has changed is loaded when it is the same at the next look: whoever writes a file in
    /// place may not be done. A file that is away for a moment has not changed.
    private func watch() async {
        var known = source.seen
        if known == nil { known = await source.peek() }
        var candidate: ConfigurationSource.Glimpse?
        while !Task.isCancelled {
            try? await Task.sleep(for: ReloadTriggers.interval)
            guard let contents = await source.peek(), contents != known else {
                candidate = nil
                continue
            }
            guard contents == candidate else {
                candidate = contents
                continue
            }
            candidate = nil
            known = contents
            // Somebody else may have been faster.
            if contents != source.seen { _ = await supervisor.reload() }
        }
    }
}
