import CoreMetrics
import Synchronization
import Telemetry
import Wire

/// What the monitor counts, made once for all servers: every series is there from the start.
final class MonitorMetrics: Sendable {
    /// Where everything is rendered.
    let registry: PrometheusRegistry
    private let servers: [String: ServerMetrics]
    private let known: Mutex<[String: Known]>

    /// What has no fixed set of series.
    private struct Known: Sendable {
        var era: MCPEra?
        var revision: MCPProtocolVersion?
        var certificateExpiry: Int64?
    }

    /// The handles of one server.
    private struct ServerMetrics: Sendable {
        let checks: [ProbeStatus: any CounterHandler]
        let responseTimes: [ProbeStep: any TimerHandler]
        let connectTime: any TimerHandler
        let availability: any MeterHandler
        let duration: any MeterHandler
        let lastProbe: any MeterHandler
        let lastSuccess: any MeterHandler
        let toolCount: any MeterHandler
    }

    /// Metrics of `servers`.
    ///
    /// - Parameter settings: decide which requests are made at all.
    init(_ servers: [WatchedServer], _ settings: ProbeSettings) {
        // Beside the handles there are few series, which the bound does not concern.
        registry = PrometheusRegistry(maximumSeries: 1_000 + 500 * servers.count)
        var steps = Set(ProbeStep.allCases)
        if settings.healthPath == nil { steps.remove(.health) }
        if settings.call == nil { steps.remove(.callTool) }
        let registry = registry
        self.servers = Dictionary(
            uniqueKeysWithValues: servers.map { server in
                (server.name, MonitorMetrics.make(server.name, steps, registry))
            })
        known = Mutex(Dictionary(uniqueKeysWithValues: servers.map { ($0.name, Known()) }))
        describe()
        let names = servers.map(\.name)
        let interval =
            Double(settings.interval.components.seconds)
            + Double(settings.interval.components.attoseconds) / 1e18
        registry.register { [weak self] text in self?.collect(into: &text, names, interval) }
    }

    /// Counts a probe that ended at `now`, in seconds since 1970.
    func record(_ report: ProbeReport, now: Int64) {
        guard let metrics = servers[report.server.name] else { return }
        let status = report.findings.status
        metrics.checks[status]?.increment(by: 1)
        for timing in report.timings { record(timing, of: report.server.name) }
        for duration in report.connectDurations { metrics.connectTime.recordNanoseconds(duration.nanoseconds) }
        metrics.availability.set(Int64(status.isAvailable ? 1 : 0))
        metrics.duration.set(Double(report.duration.nanoseconds) / 1e9)
        metrics.lastProbe.set(now)
        if status.isAvailable { metrics.lastSuccess.set(now) }
        if let count = report.findings.toolCount { metrics.toolCount.set(Int64(count)) }
        known.withLock { known in
            if let era = report.findings.era {
                known[report.server.name]?.era = era
                known[report.server.name]?.revision = report.findings.revision
            }
            if let expiry = report.certificateExpiry { known[report.server.name]?.certificateExpiry = expiry }
        }
    }

    /// Counts one answered request.
    func record(_ timing: ProbeReport.Timing, of server: String) {
        servers[server]?.responseTimes[timing.step]?.recordNanoseconds(timing.duration.nanoseconds)
    }

    private static func make(_ server: String, _ steps: Set<ProbeStep>, _ registry: PrometheusRegistry) -> ServerMetrics
    {
        func meter(_ name: String) -> any MeterHandler {
            registry.makeMeter(label: name, dimensions: [("server", server)])
        }
        var checks: [ProbeStatus: any CounterHandler] = [:]
        for status in ProbeStatus.allCases {
            checks[status] = registry.makeCounter(
                label: "mcp_health_checks_total", dimensions: [("server", server), ("status", status.rawValue)])
        }
        var times: [ProbeStep: any TimerHandler] = [:]
        for step in ProbeStep.allCases where steps.contains(step) {
            times[step] = registry.makeTimer(
                label: "mcp_response_time_seconds", dimensions: [("server", server), ("method", step.rawValue)])
        }
        return ServerMetrics(
            checks: checks, responseTimes: times,
            connectTime: registry.makeTimer(label: "mcp_connect_time_seconds", dimensions: [("server", server)]),
            availability: meter("mcp_server_availability"), duration: meter("mcp_probe_duration_seconds"),
            lastProbe: meter("mcp_last_probe_timestamp_seconds"),
            lastSuccess: meter("mcp_last_success_timestamp_seconds"), toolCount: meter("mcp_server_tools"))
    }

    private func describe() {
        for (name, help) in [
            ("mcp_health_checks_total", "Finished probes, by what they found."),
            ("mcp_response_time_seconds", "From sending a request to the end of its answer; answered requests only."),
            ("mcp_connect_time_seconds", "Name look-up, TCP and TLS of a connection that was made."),
            ("mcp_server_availability", "1 when the last probe found that calls are served, else 0."),
            ("mcp_probe_duration_seconds", "How long the last probe took in all."),
            ("mcp_last_probe_timestamp_seconds", "When the last probe ended; 0 before the first."),
            ("mcp_last_success_timestamp_seconds", "When a probe last found that calls are served; 0 if never."),
            ("mcp_server_tools", "Tools on the first page of the last tools/list."),
        ] { registry.describe(name, help) }
    }

    private func collect(into text: inout PrometheusText, _ names: [String], _ interval: Double) {
        let known = known.withLock { $0 }
        for name in names {
            let era = known[name]?.era.map { $0 == .modern ? "modern" : "legacy" } ?? "unknown"
            let revision = known[name]?.revision.map { "\($0.text)" } ?? "unknown"
            text.gauge(
                "mcp_server_info", help: "How the server was asked when that was last known; always 1.",
                labels: [("server", name), ("era", era), ("revision", revision)], 1)
        }
        for name in names {
            guard let expiry = known[name]?.certificateExpiry else { continue }
            text.gauge(
                "mcp_server_certificate_expiry_timestamp_seconds",
                help: "When the certificate ends that the server has last shown.", labels: [("server", name)],
                Int(expiry))
        }
        text.gauge("mcp_monitor_servers", help: "Servers that are watched.", names.count)
        text.gauge("mcp_monitor_interval_seconds", help: "From one probe of a server to the next.", interval)
        text.gauge(
            "mcp_monitor_build_info", help: "The version of the monitor; always 1.",
            labels: [("version", MonitorCommand.version)], 1)
    }
}

extension Duration {
    /// Whole nanoseconds.
    var nanoseconds: Int64 { components.seconds &* 1_000_000_000 &+ components.attoseconds / 1_000_000_000 }
}
