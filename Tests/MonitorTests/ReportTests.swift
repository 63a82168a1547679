import Testing
import Wire

@testable import mcp_monitor

struct ReportTests {
    private func reports() throws -> [ProbeReport] {
        var good = ProbeReport(server: try WatchedServer("tools=http://a/mcp"), findings: ProbeFindings())
        good.findings.era = .legacy
        good.findings.revision = .v2025_06_18
        good.findings.toolCount = 12
        good.findings.software = "demo 1"
        good.timings = [
            .init(step: .health, duration: .microseconds(400)), .init(step: .discover, duration: .milliseconds(1)),
            .init(step: .initialize, duration: .milliseconds(2)), .init(step: .initialized, duration: .milliseconds(3)),
            .init(step: .listTools, duration: .milliseconds(3_204)),
        ]
        good.connectDurations = [.milliseconds(1), .milliseconds(2)]
        good.duration = .milliseconds(3_300)
        var bad = ProbeReport(server: try WatchedServer("http://b:1/"), findings: ProbeFindings())
        bad.findings.failure = ProbeFailure(.connectError, "no \"connection\"")
        bad.findings.failedStep = .discover
        bad.duration = .microseconds(949)
        return [good, bad]
    }

    @Test func `shows a table that a person can read`() throws {
        #expect(
            ReportTable(try reports()).text == """
                SERVER  STATUS         ERA     REVISION    TOOLS  CONNECT  HEALTH  HANDSHAKE    LIST  CALL   TOTAL  REASON
                tools   ok             legacy  2025-06-18     12    3.0ms   0.4ms      6.0ms  3204ms     -  3300ms
                b:1     connect_error  -       -               -        -       -          -       -     -   0.9ms  no "connection"

                """)
    }

    @Test func `writes one JSON object`() throws {
        let value = try JSONValue.parse(ReportJSON(try reports(), isHealthy: false).text)
        #expect(value["healthy"] == false)
        let good = value["servers"]?[0]
        #expect(good?["server"] == "tools")
        #expect(good?["url"] == "http://a/mcp")
        #expect(good?["status"] == "ok")
        #expect(good?["available"] == true)
        #expect(good?["era"] == "legacy")
        #expect(good?["revision"] == "2025-06-18")
        #expect(good?["tools"] == 12)
        #expect(good?["reason"] == .null)
        #expect(good?["seconds"]?["list"] == 3.204)
        #expect(good?["seconds"]?["call"] == .null)
        let bad = value["servers"]?[1]
        #expect(bad?["status"] == "connect_error")
        #expect(bad?["available"] == false)
        #expect(bad?["stage"] == "server/discover")
        #expect(bad?["reason"] == "no \"connection\"")
        #expect(bad?["era"] == .null)
    }

    @Test func `makes text of servers harmless`() {
        #expect(ProbeFailure.quoted("a\u{1b}[31m\r\nb\u{202e}c") == "a [31m  b c")
        #expect(ProbeFailure.quoted(String(repeating: "é", count: 500)).unicodeScalars.count == 161)
    }
}
