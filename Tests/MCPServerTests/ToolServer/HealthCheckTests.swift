import MCPServer
import NIOCore
import Synchronization
import Testing
import Wire

@testable import mcp_tool_server

struct HealthCheckTests {
    @Test func `tells how the server is`() throws {
        let tool = HealthCheck(HealthReport(environment: "stage \"1\""))
        let call = ToolCall(arguments: ToolArguments(), version: .v2025_11_25)
        let json = try #require(tool.run(call).structuredContent)
        let report = try JSONValue.parse(String(buffer: json))
        #expect(report["status"] == "healthy")
        #expect(report["environment"] == "stage \"1\"")
        #expect(report["timestamp"]?.stringValue?.hasSuffix("Z") == true)
        let uptime = try #require(report["uptime_seconds"]?.doubleValue)
        #expect((0..<60).contains(uptime))
        #expect(report["redis"] == nil)
    }

    private func page(_ report: HealthReport) throws -> (status: Int, json: JSONValue) {
        let page = report.page()
        return (page.status, try JSONValue.parse(String(buffer: page.body)))
    }

    @Test func `is degraded without the Redis that it should have, and serves all the same`() throws {
        let isUp = Mutex(false)
        let report = HealthReport(environment: "test") { isUp.withLock { $0 } }
        let down = try page(report)
        #expect(down.status == 200)
        #expect(down.json["status"] == "degraded")
        #expect(down.json["redis"] == "unavailable")
        isUp.withLock { $0 = true }
        let up = try page(report)
        #expect(up.status == 200)
        #expect(up.json["status"] == "healthy")
        #expect(up.json["redis"] == "connected")
    }

    @Test func `is unhealthy as soon as it ends`() throws {
        let report = HealthReport(environment: "test") { false }
        report.beginDraining()
        let page = try page(report)
        #expect(page.status == 503)
        #expect(page.json["status"] == "unhealthy")
    }
}
