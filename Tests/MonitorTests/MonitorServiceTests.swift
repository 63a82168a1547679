import NIOCore
import NIOPosix
import Telemetry
import Testing
import Transport
import Wire

@testable import mcp_monitor

extension Sockets {
    /// The monitor as a whole, but for its command line.
    @Suite struct MonitorServiceTests {
        private func with(
            _ servers: [String], interval: Duration = .milliseconds(100),
            _ body: (ListenAddress, ServerURL, TemporaryFolder) async throws -> Void
        ) async throws {
            var settings = MonitorSettings()
            for server in servers { try settings.servers.append(WatchedServer(server)) }
            settings.probe.interval = interval
            // Beside a thousand other tests a probe takes as long as it takes.
            settings.probe.timeout = .seconds(120)
            settings.listen = try #require(ListenAddress(argument: "127.0.0.1:0"))
            let folder = try TemporaryFolder()
            let sink = try LogSink(.file(path: folder.path("log")))
            let executor = LoopExecutor(MultiThreadedEventLoopGroup.singleton.next())
            let running = try await MonitorService(
                settings, try TrustedAuthorities.context(with: nil), on: executor, logTo: sink
            ).start()
            do {
                try await body(
                    try #require(ListenAddress(argument: running.address)), try ServerURL("http://\(running.address)/"),
                    folder)
            } catch {
                await running.stop()
                throw error
            }
            await running.stop()
            sink.close()
        }

        @Test func `probes again and again, counts, and tells of changes once`() async throws {
            try await RealServer.with(eras: [.legacy]) { server in
                try await with(["it=\(server.url)"]) { address, url, folder in
                    try await eventually("five probes are counted") {
                        let text = try await PageReader.get(url, "/metrics").text
                        return text.split(separator: "\n").contains { line in
                            line.hasPrefix(#"mcp_health_checks_total{server="it",status="ok"}"#)
                                && (line.split(separator: " ").last.flatMap { Int($0) } ?? 0) >= 5
                        }
                    }
                    let page = try await PageReader.get(url, "/metrics").text
                    #expect(page.contains(#"mcp_server_availability{server="it"} 1"#))
                    #expect(!page.contains(#"mcp_response_time_seconds_count{server="it",method="DELETE"} 0"#))
                    #expect(
                        try await PageReader.get(url, "/health").text
                            == #"{"status":"healthy","servers":1,"available":1}"#
                            + "\n")
                    #expect(
                        await SelfCheck.run(address, on: LoopExecutor(MultiThreadedEventLoopGroup.singleton.next()))
                            == nil)
                    server.health.answer.withLock { $0 = (503, "{}") }
                    try await eventually("the change is told") {
                        try folder.read("log").contains(#""message":"server is unhealthy""#)
                    }
                    let lines = try folder.read("log").split(separator: "\n")
                    #expect(lines.count == 3)
                    let told = try JSONValue.parse(String(lines[2]))
                    #expect(told["level"] == "warning")
                    #expect(told["server"] == "it")
                    #expect(told["status"] == "unhealthy")
                    #expect(told["before"] == "ok")
                    #expect(told["stage"] == "GET /health")
                    #expect(told["reason"] == "GET /health: the answer has status 503")
                }
            }
        }

        @Test func `goes on probing others while one is slow, and never twice at a time`() async throws {
            let slow = try await ScriptedServer.start { _ in .silence }
            let fast = try await ScriptedServer.start { .modern($0) }
            try await with(["slow=\(slow.url)", "fast=\(fast.url)"]) { _, _, _ in
                try await eventually("the fast one was asked often") { fast.received.count > 20 }
                // Ten intervals have gone by, and the first probe's time limit has not.
                #expect(slow.connectionCount == 1)
            }
        }

        @Test func `serves nothing else`() async throws {
            try await with(["http://127.0.0.1:1/"], interval: .seconds(60)) { _, url, _ in
                var statuses: [Int] = []
                statuses.append(try await PageReader.get(url, "/").status)
                statuses.append(try await PageReader.get(url, "/metrics", verb: "POST").status)
                statuses.append(try await PageReader.get(url, "/health").status)
                #expect(statuses == [404, 405, 200])
            }
        }

        @Test func `says that no monitor is there`() async throws {
            let server = try await ScriptedServer.start { _ in .answer(503, "") }
            let executor = LoopExecutor(MultiThreadedEventLoopGroup.singleton.next())
            let address = try #require(ListenAddress(argument: "127.0.0.1:\(server.port)"))
            #expect(await SelfCheck.run(address, on: executor) == "the monitor at \(address) answers 503")
            let silent = try await ScriptedServer.start { _ in .silence }
            let silentAddress = try #require(ListenAddress(argument: "127.0.0.1:\(silent.port)"))
            #expect(
                await SelfCheck.run(silentAddress, within: .milliseconds(100), on: executor)
                    == "no monitor answers at \(silentAddress)")
            #expect(SelfCheck.timeout < .seconds(2))
        }

        @Test func `probes all servers of a round at the same time`() async throws {
            let slow = try await ScriptedServer.start { _ in .silence }
            let fast = try await ScriptedServer.start { .modern($0) }
            var settings = MonitorSettings()
            for index in 0..<8 { try settings.servers.append(WatchedServer("slow\(index)=\(slow.url)")) }
            try settings.servers.append(WatchedServer("fast=\(fast.url)"))
            settings.probe.timeout = .milliseconds(1_200)
            settings.probe.healthPath = nil
            let start = ContinuousClock.now
            let reports = await Round.run(
                settings, try TrustedAuthorities.context(with: nil),
                on: LoopExecutor(MultiThreadedEventLoopGroup.singleton.next()))
            // One after the other would take ten.
            #expect(ContinuousClock.now - start < .seconds(5))
            #expect(reports.map(\.server.name) == (0..<8).map { "slow\($0)" } + ["fast"])
            #expect(reports.map(\.findings.status) == Array(repeating: .timeout, count: 8) + [.ok])
        }
    }
}
