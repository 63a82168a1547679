import Logging
import NIOCore
import NIOSSL
import Resilience
import Telemetry
import Transport

/// The monitor as it runs: a watcher for each server, and the pages.
struct MonitorService {
    private let settings: MonitorSettings
    private let tls: NIOSSLContext
    private let executor: LoopExecutor
    private let sink: LogSink

    /// A monitor that has not begun.
    init(_ settings: MonitorSettings, _ tls: NIOSSLContext, on executor: LoopExecutor, logTo sink: LogSink) {
        self.settings = settings
        self.tls = tls
        self.executor = executor
        self.sink = sink
    }

    /// What runs.
    struct Running {
        /// The address of the pages.
        let address: String
        fileprivate let listener: any BoundListener
        fileprivate let watching: [Task<Void, Never>]

        /// Stops listening and probing, without waiting for probes that are under way.
        func stop() async {
            for task in watching { task.cancel() }
            await listener.close()
        }
    }

    /// Begins.
    ///
    /// - Throws: `ListenerError` when the address cannot be had.
    func start() async throws -> Running {
        let servers = settings.servers.servers
        let metrics = MonitorMetrics(servers, settings.probe)
        metrics.registry.register { [sink] text in sink.collect(into: &text, name: "monitor") }
        // Two intervals, a tenth longer each, and what two probes and the ends of their sessions may take.
        let limit = settings.probe.interval * 2.2 + settings.probe.timeout * 2 + .seconds(5)
        let pulse = Pulse(servers, limit: limit, start: MonotonicTime(executor.eventLoop.now))
        let listener = try await listen(metrics.registry, pulse)
        let level = settings.logLevel
        let logger = Logger(label: "mcp-monitor") { [sink] in JSONLogHandler(label: $0, sink: sink, level: level) }
        logger.info(
            "watching", metadata: ["servers": "\(servers.count)", "address": "\(listener.boundAddress)"])
        let watching = servers.map { server in
            let prober = Prober(server, settings.probe, tls, on: executor)
            let schedule = ProbeSchedule(interval: settings.probe.interval, seed: NIONetwork().randomSeed())
            let watcher = Watcher(prober, schedule: schedule, metrics: metrics, pulse: pulse, logger: logger)
            return Task { await watcher.run() }
        }
        return Running(address: listener.boundAddress, listener: listener, watching: watching)
    }

    private func listen(_ registry: PrometheusRegistry, _ pulse: Pulse) async throws -> any BoundListener {
        let loop = try await executor.eventLoop.submit { [executor] in
            NIOLoopBound(LoopContext(executor), eventLoop: executor.eventLoop)
        }.get()
        return try await NIONetwork().listen(
            host: settings.listen.host, port: settings.listen.port, loops: [executor.eventLoop],
            budget: ConnectionBudget(limit: 256), tls: nil
        ) { _ in
            HTTPServerConnection(loop: loop.value, delegate: MonitorFront(registry, pulse, loop: loop.value))
        }
    }
}
