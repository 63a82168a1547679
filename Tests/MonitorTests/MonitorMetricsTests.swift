import Testing

@testable import mcp_monitor

struct MonitorMetricsTests {
    private func page(_ metrics: MonitorMetrics) async -> [String: Double] {
        var text: [UInt8] = []
        await metrics.registry.render(into: &text)
        var samples: [String: Double] = [:]
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " ") else { continue }
            samples[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
        return samples
    }

    private func server() throws -> WatchedServer { try WatchedServer("a=https://a/") }

    @Test func `has every series from the start`() async throws {
        var settings = ProbeSettings()
        settings.call = ProbeCall("x")
        let metrics = MonitorMetrics([try server()], settings)
        let samples = await page(metrics)
        for status in ProbeStatus.allCases {
            #expect(samples[#"mcp_health_checks_total{server="a",status="\#(status.rawValue)"}"#] == 0)
        }
        for step in ProbeStep.allCases {
            #expect(samples[#"mcp_response_time_seconds_count{server="a",method="\#(step.rawValue)"}"#] == 0)
        }
        for name in [
            "mcp_server_availability", "mcp_probe_duration_seconds", "mcp_last_probe_timestamp_seconds",
            "mcp_last_success_timestamp_seconds", "mcp_server_tools", "mcp_connect_time_seconds_count",
        ] {
            #expect(samples[name + #"{server="a"}"#] == 0)
        }
        #expect(samples[#"mcp_server_info{server="a",era="unknown",revision="unknown"}"#] == 1)
        #expect(samples["mcp_monitor_servers"] == 1)
        #expect(samples["mcp_monitor_interval_seconds"] == 30)
        #expect(samples["mcp_metrics_dropped_series_total"] == 0)
        // A zero would look like a certificate that ended in 1970.
        #expect(!samples.keys.contains { $0.contains("certificate") })
    }

    @Test func `has no series for what is never asked`() async throws {
        var settings = ProbeSettings()
        settings.healthPath = nil
        let samples = await page(MonitorMetrics([try server()], settings))
        #expect(!samples.keys.contains { $0.contains("tools/call") || $0.contains("GET /health") })
    }

    @Test func `has room for as many servers as there may be`() async throws {
        let servers = try (0..<ServerList.maximum).map { try WatchedServer("s\($0)=http://a/") }
        var settings = ProbeSettings()
        settings.call = ProbeCall("x")
        let samples = await page(MonitorMetrics(servers, settings))
        #expect(samples["mcp_metrics_dropped_series_total"] == 0)
        #expect(samples[#"mcp_server_tools{server="s255"}"#] == 0)
    }

    @Test func `counts what a probe has brought`() async throws {
        let metrics = MonitorMetrics([try server()], ProbeSettings())
        var report = ProbeReport(server: try server(), findings: ProbeFindings())
        report.findings.era = .modern
        report.findings.revision = .v2026_07_28
        report.findings.toolCount = 3
        report.timings = [.init(step: .listTools, duration: .milliseconds(250))]
        report.connectDurations = [.milliseconds(100)]
        report.duration = .milliseconds(500)
        report.certificateExpiry = 4_000_000_000
        metrics.record(report, now: 1_000)
        var samples = await page(metrics)
        #expect(samples[#"mcp_health_checks_total{server="a",status="ok"}"#] == 1)
        #expect(samples[#"mcp_response_time_seconds_sum{server="a",method="tools/list"}"#] == 0.25)
        #expect(samples[#"mcp_connect_time_seconds_sum{server="a"}"#] == 0.1)
        #expect(samples[#"mcp_server_availability{server="a"}"#] == 1)
        #expect(samples[#"mcp_probe_duration_seconds{server="a"}"#] == 0.5)
        #expect(samples[#"mcp_last_success_timestamp_seconds{server="a"}"#] == 1_000)
        #expect(samples[#"mcp_server_tools{server="a"}"#] == 3)
        #expect(samples[#"mcp_server_info{server="a",era="modern",revision="2026-07-28"}"#] == 1)
        #expect(samples[#"mcp_server_certificate_expiry_timestamp_seconds{server="a"}"#] == 4_000_000_000)
        var failed = ProbeReport(server: try server(), findings: ProbeFindings())
        failed.findings.failure = ProbeFailure(.timeout, "late")
        metrics.record(failed, now: 2_000)
        samples = await page(metrics)
        #expect(samples[#"mcp_health_checks_total{server="a",status="timeout"}"#] == 1)
        #expect(samples[#"mcp_server_availability{server="a"}"#] == 0)
        #expect(samples[#"mcp_last_probe_timestamp_seconds{server="a"}"#] == 2_000)
        #expect(samples[#"mcp_last_success_timestamp_seconds{server="a"}"#] == 1_000)
        // What was last known stays known.
        #expect(samples[#"mcp_server_info{server="a",era="modern",revision="2026-07-28"}"#] == 1)
        #expect(samples[#"mcp_server_certificate_expiry_timestamp_seconds{server="a"}"#] == 4_000_000_000)
        failed.findings.failure = nil
        failed.findings.health = .degraded
        metrics.record(failed, now: 3_000)
        samples = await page(metrics)
        #expect(samples[#"mcp_health_checks_total{server="a",status="degraded"}"#] == 1)
        #expect(samples[#"mcp_server_availability{server="a"}"#] == 1)
    }
}
