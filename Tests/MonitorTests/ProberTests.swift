import Testing
import Wire

@testable import mcp_monitor

extension Sockets {
    /// Probes of real servers.
    @Suite struct ProberTests {
        @Test(arguments: [[MCPEra.legacy, .modern], [.modern], [.legacy]])
        func `finds a server of each era in order, again and again`(eras: [MCPEra]) async throws {
            try await RealServer.with(eras: Set(eras)) { server in
                let probing = try Probing(server.url) {
                    $0.healthPath = "/health"
                    $0.call = ProbeCall("light")
                }
                for round in 1...3 {
                    let report = try await probing.probe()
                    #expect(report.findings.reason == nil)
                    #expect(report.findings.status == .ok)
                    #expect(report.findings.era == (eras.contains(.modern) ? .modern : .legacy))
                    #expect(report.findings.toolCount == 2)
                    #expect(report.connectDurations.count == 1)
                    let steps = report.timings.map(\.step)
                    #expect(steps.first == .health)
                    #expect(steps.last == .callTool)
                    #expect(steps.contains(.discover) == (round == 1))
                    #expect(report.timings.allSatisfy { $0.duration > .zero && $0.duration < report.duration })
                }
            }
        }

        @Test func `speaks with every kind of legacy server`() async throws {
            try await RealServer.with(eras: [.legacy], { $0.hasSessions = false }) { server in
                let report = try await Probing.report(server.url)
                #expect(report.findings.status == .ok)
            }
            try await RealServer.with(eras: [.legacy], { $0.streamsAnswers = false }) { server in
                let report = try await Probing.report(server.url)
                #expect(report.findings.status == .ok)
            }
            try await RealServer.with(eras: [.legacy], hasTools: false) { server in
                let report = try await Probing.report(server.url)
                #expect(report.findings.status == .ok)
                #expect(report.findings.toolCount == 0)
            }
        }

        @Test func `leaves no session behind`() async throws {
            // The next one would be one too many.
            try await RealServer.with(eras: [.legacy], { $0.maximumSessions = 1 }) { server in
                let probing = try Probing(server.url)
                for _ in 1...3 { #expect(try await probing.probe().findings.status == .ok) }
            }
        }

        @Test func `says that a tool is broken or missing`() async throws {
            for eras in [Set([MCPEra.legacy]), [.modern]] {
                try await RealServer.with(eras: eras) { server in
                    for tool in ["broken", "missing"] {
                        let report = try await Probing.report(server.url) { $0.call = ProbeCall(tool) }
                        #expect(report.findings.status == .toolError)
                        #expect(report.findings.stage == .callTool)
                    }
                }
            }
        }

        @Test func `reads the health page`() async throws {
            try await RealServer.with { server in
                let probing = try Probing(server.url) { $0.healthPath = "/health" }
                server.health.answer.withLock { $0 = (200, #"{"status":"degraded"}"#) }
                #expect(try await probing.probe().findings.status == .degraded)
                server.health.answer.withLock { $0 = (503, #"{"status":"unhealthy"}"#) }
                let report = try await probing.probe()
                #expect(report.findings.status == .unhealthy)
                #expect(report.findings.toolCount == 2)
            }
            try await RealServer.with(hasHealth: false) { server in
                let report = try await Probing.report(server.url) { $0.healthPath = "/health" }
                #expect(report.findings.status == .ok)
                #expect(report.findings.health == .absent)
            }
        }

        @Test func `finds the era out anew when another server takes the place`() async throws {
            var port = 0
            var probing: Probing?
            for eras in [Set([MCPEra.modern]), [.legacy], [.modern]] {
                try await RealServer.with(eras: eras, { $0.port = port }) { server in
                    let same = try probing ?? Probing(server.url)
                    probing = same
                    port = try ServerURL(server.url).origin.port
                    let report = try await same.probe()
                    #expect(report.findings.reason == nil)
                    #expect(report.findings.era == eras.first)
                }
            }
        }

        @Test func `sends headers and a token that may change`() async throws {
            let folder = try TemporaryFolder()
            let file = try folder.write("token", "first\n")
            let server = try await ScriptedServer.start { .modern($0) }
            let probing = try Probing(server.url) {
                $0.headerLines = "X-Team: tools\r\n"
                $0.bearer = .file(file)
            }
            #expect(try await probing.probe().findings.status == .ok)
            #expect(server.received.allSatisfy { $0.text.contains("\r\nX-Team: tools\r\n") })
            #expect(server.received.allSatisfy { $0.text.contains("\r\nAuthorization: Bearer first\r\n") })
            try folder.write("token", "second")
            _ = try await probing.probe()
            #expect(server.received.last?.text.contains("\r\nAuthorization: Bearer second\r\n") == true)
            let count = server.received.count
            try folder.write("token", "two words")
            let report = try await probing.probe()
            #expect(report.findings.status == .authError)
            #expect(report.findings.reason == "file:\(file) holds no token")
            #expect(server.received.count == count)
        }
    }
}
