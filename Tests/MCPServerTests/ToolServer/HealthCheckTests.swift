import MCPServer
import NIOCore
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
}
