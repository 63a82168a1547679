import Testing

@testable import mcp_monitor

struct PulseTests {
    @Test func `beats as long as every server is probed`() throws {
        let servers = try ["a=http://a/", "b=http://b/"].map { try WatchedServer($0) }
        let pulse = Pulse(servers, limit: .seconds(60), start: .seconds(0))
        #expect(pulse.page(at: .seconds(60)) == (true, #"{"status":"healthy","servers":2,"available":0}"# + "\n"))
        #expect(pulse.page(at: .seconds(61)).isAlive == false)
        pulse.beat("a", isAvailable: true, at: .seconds(61))
        #expect(pulse.page(at: .seconds(61)) == (false, #"{"status":"unhealthy","servers":2,"available":1}"# + "\n"))
        pulse.beat("b", isAvailable: false, at: .seconds(61))
        // A server that is down does not make the monitor ill.
        #expect(pulse.page(at: .seconds(100)) == (true, #"{"status":"healthy","servers":2,"available":1}"# + "\n"))
    }
}
