import Testing

@testable import mcp_monitor

struct HealthPageTests {
    @Test(arguments: [
        (200, #"{"status":"healthy"}"#, ProbeStatus.ok), (200, "OK", .ok), (204, "", .ok), (200, "[1]", .ok),
        (200, #"{"status":"degraded"}"#, .degraded), (200, #"{"status":"DOWN"}"#, .unhealthy),
        (200, #"{"status":"unhealthy"}"#, .unhealthy), (503, #"{"status":"healthy"}"#, .unhealthy),
        (500, "", .unhealthy),
        (400, "", .unhealthy), (404, "", .ok), (405, "", .ok), (401, "", .authError), (403, "", .authError),
    ])
    func `judges by status and content`(status: Int, page: String, verdict: ProbeStatus) {
        let health = HealthPage(.plain(status, page: page))
        #expect(health.status == verdict)
        #expect((health.reason == nil) == (verdict == .ok))
    }
}
