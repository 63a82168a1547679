import Logging
import NIOCore
import Resilience
import Transport

/// Probes one server again and again, counts what comes of it, and says what has changed.
actor Watcher {
    nonisolated let executor: LoopExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let prober: Prober
    private let metrics: MonitorMetrics
    private let pulse: Pulse
    private let logger: Logger
    private var schedule: ProbeSchedule
    private var states = StateLog()

    /// A watcher that tells `metrics`, `pulse` and `logger`.
    init(
        _ prober: Prober, schedule: ProbeSchedule, metrics: MonitorMetrics, pulse: Pulse, logger: Logger
    ) {
        self.prober = prober
        self.schedule = schedule
        self.metrics = metrics
        self.pulse = pulse
        self.logger = logger
        executor = prober.executor
    }

    /// Probes until cancelled. A probe begins only after the one before has ended.
    func run() async {
        try? await Task.sleep(for: schedule.firstWait())
        while !Task.isCancelled {
            let start = ContinuousClock.now
            if let farewell = await prober.probe({ [self] report in await tell(report) }) {
                metrics.record(farewell, of: prober.server.name)
            }
            try? await Task.sleep(for: schedule.wait(after: ContinuousClock.now - start))
        }
    }

    /// Takes note of a probe that has just ended.
    func tell(_ report: ProbeReport) {
        let now = MonotonicTime(executor.eventLoop.now)
        metrics.record(report, now: WallClock.seconds())
        pulse.beat(report.server.name, isAvailable: report.findings.status.isAvailable, at: now)
        guard let announcement = states.record(report.findings.status, at: now) else { return }
        log(report, announcement)
    }

    private func log(_ report: ProbeReport, _ announcement: StateLog.Announcement) {
        let findings = report.findings
        var metadata: Logger.Metadata = [
            "server": "\(report.server.name)", "url": "\(report.server.url.description)",
            "status": "\(findings.status.rawValue)",
            "durationMilliseconds": "\(report.duration.nanoseconds / 1_000_000)",
        ]
        if let stage = findings.stage { metadata["stage"] = "\(stage.rawValue)" }
        if let reason = findings.reason { metadata["reason"] = "\(reason)" }
        if let revision = findings.revision { metadata["revision"] = "\(revision.text)" }
        if let software = findings.software { metadata["software"] = "\(software)" }
        let word = findings.status.word
        switch announcement {
        case .changed(let last):
            if let last { metadata["before"] = "\(last.rawValue)" }
            logger.log(level: findings.status == .ok ? .info : .warning, "server is \(word)", metadata: metadata)
        case .reminder(let duration, let probes):
            metadata["lastingSeconds"] = "\(duration.components.seconds)"
            metadata["probes"] = "\(probes)"
            logger.warning("server is still \(word)", metadata: metadata)
        }
    }
}
