import NIOSSL
import Transport

/// One probe of every server at the same time.
enum Round {
    /// The reports, in the order of the servers.
    static func run(_ settings: MonitorSettings, _ tls: NIOSSLContext, on executor: LoopExecutor) async -> [ProbeReport]
    {
        let servers = settings.servers.servers
        return await withTaskGroup(of: (Int, ProbeReport?).self) { group in
            for (index, server) in servers.enumerated() {
                let prober = Prober(server, settings.probe, tls, on: executor)
                group.addTask {
                    let (reports, continuation) = AsyncStream.makeStream(
                        of: ProbeReport.self, bufferingPolicy: .bufferingNewest(1))
                    await prober.probe { continuation.yield($0) }
                    continuation.finish()
                    for await report in reports { return (index, report) }
                    return (index, nil)
                }
            }
            var reports: [Int: ProbeReport] = [:]
            for await (index, report) in group { reports[index] = report }
            return servers.indices.compactMap { reports[$0] }
        }
    }
}
