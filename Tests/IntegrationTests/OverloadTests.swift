import Foundation
import Testing

extension Integration {
    /// More calls than the backends can do (reliability: "Load shedding").
    @Suite struct Overload {
        @Test func `six times what the backends can do is refused quickly, and the rest is served`() async throws {
            let delay = Duration.milliseconds(50)
            let perBackend = 4
            var servers: [ToolServer] = []
            for number in 1...2 {
                servers.append(
                    try await ToolServer.start("tools-\(number)", hasSessions: false, flags: ["--delay", "50ms"]))
            }
            let gateway = try await RunningGateway.start(
                backends: servers, pool: "limits: { per_backend: \(perBackend) }")
            let capacity = servers.count * perBackend * Int(.seconds(1) / delay)
            let peak = try await load(gateway, rate: 6 * capacity, seconds: 3)
            let metrics = try await gateway.metrics()
            let waits = metrics("mcp_gateway_queue_seconds_count")
            let short = metrics("mcp_gateway_queue_seconds_bucket", ["le": "0.05"])
            let share = Double(peak.answered) / (Double(capacity) * peak.seconds)
            print(
                """
                overload: \(peak.calls) calls in \(peak.seconds) s, capacity \(capacity)/s; answered \(peak.answered), \
                \(Int(share * 100)) % of the capacity (bound 70), p99 \(Int(peak.p99 / 1_000)) ms (bound 2000); \
                \(Int(short / waits * 100)) % of \(Int(waits)) waits at most 50 ms
                """)
            #expect(peak.failures.keys.sorted() == ["http_503_rpc_-31503"])
            #expect(share >= 0.7 && peak.p99 <= 2_000_000)
            #expect(short >= waits * 0.9)
            let refused = Double(peak.calls - peak.answered)
            #expect(refused > 0 && metrics("mcp_gateway_shed_total", ["reason": "overloaded"]) == refused)
            #expect(metrics("mcp_gateway_attempts_total", ["outcome": "success"]) == Double(peak.answered))
            #expect(metrics("mcp_gateway_queued") == 0 && metrics("mcp_gateway_pool_inflight") == 0)

            // After the peak nothing is refused.
            let calm = try await load(gateway, rate: capacity / 4, seconds: 2)
            #expect(calm.answered == calm.calls, "\(calm.failures)")
        }

        /// What `mcp-load` reports.
        private struct Report {
            var calls: Int
            var answered: Int
            var failures: [String: Int]
            var seconds: Double
            /// Microseconds, of what was answered.
            var p99: Double
        }

        private func load(_ gateway: RunningGateway, rate: Int, seconds: Int) async throws -> Report {
            let outcome = try await ChildProcess.run(
                Machine.binaries.appending(path: "mcp-load"),
                [
                    gateway.endpoint, "--era", "modern", "--tool", "process_data", "--arguments",
                    #"{"data":{"name":"ada"},"operation":"transform"}"#, "--rate", "\(rate)", "--connections", "320",
                    "--duration", "\(seconds)s", "--warmup", "0s", "--allow-failures", "--json",
                ])
            let json = try #require(
                JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any], "\(outcome.complaints)"
            )
            let latencies = json["latencyMicroseconds"] as? [String: Double] ?? [:]
            return Report(
                calls: try #require(json["calls"] as? Int), answered: try #require(json["answered"] as? Int),
                failures: json["failures"] as? [String: Int] ?? [:], seconds: try #require(json["seconds"] as? Double),
                p99: try #require(latencies["p99"]))
        }

        @Test func `one stalled backend of three does not slow down what the others serve`() async throws {
            var servers: [ToolServer] = []
            for number in 1...3 {
                servers.append(try await ToolServer.start("tools-\(number)", hasSessions: false))
            }
            let gateway = try await RunningGateway.start(backends: servers, pool: "timeout: { first_byte: 1s }")
            let before = try await load(gateway, rate: 300, seconds: 3)
            #expect(before.answered == before.calls)
            servers[2].process.signal(SIGSTOP)
            defer { servers[2].process.signal(SIGCONT) }
            let during = try await load(gateway, rate: 300, seconds: 5)
            let timeouts = during.calls - during.answered
            print(
                """
                one stalled backend of three: p99 of what is answered \(Int(before.p99)) µs before, \(Int(during.p99)) µs \
                during; \(timeouts) of \(during.calls) calls timed out
                """)
            // Those that the stalled one has taken time out; all others are served as before.
            #expect(during.failures.keys.sorted() == ["http_504_rpc_-31504"])
            #expect(during.p99 <= before.p99 + 20_000)
            // One second of what it gets, and the probes after that.
            #expect(timeouts > 0 && timeouts <= 150)
        }
    }
}
