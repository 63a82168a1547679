import NIOPosix
import NIOSSL
import Synchronization
import Transport

@testable import mcp_monitor

/// A prober and the reports of its probes.
final class Probing: Sendable {
    private let prober: Prober

    init(_ url: String, authority: String? = nil, _ change: (inout ProbeSettings) -> Void = { _ in }) throws {
        var settings = ProbeSettings()
        settings.healthPath = nil
        change(&settings)
        prober = Prober(
            try WatchedServer(url), settings, try TrustedAuthorities.context(with: authority),
            on: LoopExecutor(MultiThreadedEventLoopGroup.singleton.next()))
    }

    /// One probe.
    func probe() async throws -> ProbeReport {
        let found = Mutex<ProbeReport?>(nil)
        await prober.probe { report in found.withLock { $0 = report } }
        guard let report = found.withLock({ $0 }) else { throw Failure("the probe made no report") }
        return report
    }

    /// The report of a single probe of `url`.
    static func report(
        _ url: String, authority: String? = nil, _ change: (inout ProbeSettings) -> Void = { _ in }
    ) async throws -> ProbeReport {
        try await Probing(url, authority: authority, change).probe()
    }
}
