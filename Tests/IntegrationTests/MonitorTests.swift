import Foundation
import Testing

extension Integration {
    /// The monitor as operators and pipelines run it.
    @Suite struct Monitor {
        private let monitor = Machine.binaries.appending(path: "mcp-monitor")

        @Test func `one round says how each server is`() async throws {
            let (gateway, servers) = try await Integration.threeServers()
            let legacy = try await ToolServer.start("legacy", flags: ["--protocol", "legacy"])
            let targets = ["gateway=\(gateway.endpoint)", "modern=\(servers[0].url)", "legacy=\(legacy.url)"]
            let outcome = try await ChildProcess.run(
                monitor, ["--once", "--json", "--call", "health_check"] + targets)
            #expect(outcome.status == 0, "\(outcome.output) \(outcome.complaints)")
            let table = try await ChildProcess.run(monitor, ["--once"] + targets)
            #expect(table.status == 0)
            for name in ["gateway", "modern", "legacy"] { #expect(table.output.contains(name)) }
            #expect(table.output.contains("2026-07-28") && table.output.contains("2025-11-25"))

            let dead = try RedisServer.freePort()
            let broken = try await ChildProcess.run(
                monitor, ["--once", "dead=http://127.0.0.1:\(dead)/mcp"] + targets)
            #expect(broken.status == 1, "\(broken.output)")
        }

        @Test func `watches until it is told to end`() async throws {
            let (gateway, _) = try await Integration.threeServers()
            let process = try ChildProcess(
                monitor, ["--listen", "127.0.0.1:0", "--interval", "100ms", "gateway=\(gateway.endpoint)"])
            let port = try await process.port(of: "admin")
            try await eventually("five probes are counted") {
                let metrics = Metrics(try await HTTPCall.get("/metrics").send(to: port).text)
                return metrics("mcp_health_checks_total", ["server": "gateway", "status": "ok"]) >= 5
                    && metrics("mcp_server_availability", ["server": "gateway"]) == 1
            }
            let check = try await ChildProcess.run(monitor, ["--healthcheck", "--listen", "127.0.0.1:\(port)"])
            #expect(check.status == 0, "\(check.complaints)")
            process.signal(SIGTERM)
            #expect(try await process.exit() == 0)
        }
    }
}
