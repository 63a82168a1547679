import Resilience
import Testing
import Wire

@testable import mcp_monitor

struct ProbeMachineTests {
    private func machine(
        health: Bool = false, call: String? = nil, memory: EraMemory = .unknown, now: MonotonicTime = .zero
    ) throws -> ProbeMachine {
        let call = try call.map { try #require(ProbeCall($0)) }
        return ProbeMachine(asksHealth: health, call: call, memory: memory, now: now)
    }

    // MARK: Modern

    @Test func `asks a modern server for its era and its tools`() throws {
        var machine = try machine()
        let first = machine.begin()
        #expect(first.step == .discover)
        #expect(first.request?.lines.contains("Mcp-Method: server/discover\r\n") == true)
        let second = machine.receive(try .discovery())
        #expect(second.step == .listTools)
        #expect(second.request?.lines.contains("MCP-Protocol-Version: 2026-07-28\r\n") == true)
        #expect(second.request?.id != first.request?.id)
        #expect(machine.receive(try .tools()) == .finish)
        #expect(machine.findings.status == .ok)
        #expect(machine.findings.stage == nil)
        #expect(machine.findings.era == .modern)
        #expect(machine.findings.toolCount == 2)
        #expect(machine.findings.software == "demo 7")
        #expect(machine.memory == .modern(hasTools: true))
        #expect(machine.farewell == nil)
    }

    @Test func `does not ask again for an era that it remembers`() throws {
        var machine = try machine(memory: .modern(hasTools: true))
        #expect(machine.begin().step == .listTools)
        #expect(machine.receive(try .tools()) == .finish)
        #expect(machine.findings.status == .ok)
    }

    @Test func `does not ask for tools where there are none, and notices when there are some`() throws {
        var machine = try machine()
        _ = machine.begin()
        #expect(machine.receive(try .discovery(capabilities: "{}")).step == .discover)
        #expect(machine.receive(try .discovery(capabilities: "{}")) == .finish)
        #expect(machine.findings.status == .ok)
        #expect(machine.memory == .modern(hasTools: false))
        var later = try self.machine(memory: machine.memory)
        #expect(later.begin().step == .discover)
        #expect(later.receive(try .discovery()) == .finish)
        #expect(later.memory == .modern(hasTools: true))
    }

    @Test func `calls the tool last`() throws {
        var machine = try machine(call: #"sum={"a":1}"#, memory: .modern(hasTools: true))
        _ = machine.begin()
        let call = machine.receive(try .tools())
        #expect(call.step == .callTool)
        #expect(call.request?.lines.contains("Mcp-Name: sum\r\n") == true)
        #expect(call.request?.body.contains(#""name":"sum","arguments":{"a":1},"_meta":"#) == true)
        #expect(machine.receive(try .result(#"{"content":[]}"#)) == .finish)
        #expect(machine.findings.status == .ok)
    }

    @Test(arguments: [
        (#"{"content":[],"isError":true}"#, "tools/call: sum answers that it has failed"),
        (#"{"resultType":"input_required"}"#, "tools/call: sum answers input_required"),
    ])
    func `says that the tool has failed`(result: String, reason: String) throws {
        var machine = try machine(call: "sum", memory: .modern(hasTools: true))
        _ = machine.begin()
        _ = machine.receive(try .tools())
        #expect(machine.receive(try .result(result)) == .finish)
        #expect(machine.findings.status == .toolError)
        #expect(machine.findings.stage == .callTool)
        #expect(machine.findings.reason == reason)
        // The tool says nothing about the era.
        #expect(machine.memory == .modern(hasTools: true))
    }

    @Test func `takes a tool that nobody knows for a failed one`() throws {
        for status in [200, 400] {
            var machine = try machine(call: "sum", memory: .modern(hasTools: true))
            _ = machine.begin()
            _ = machine.receive(try .tools())
            #expect(machine.receive(try .error(-32_602, status: status)) == .finish)
            #expect(machine.findings.status == .toolError)
        }
    }

    // MARK: Legacy

    @Test func `opens a session with a legacy server and ends it`() throws {
        var machine = try machine(call: "sum", now: .seconds(5))
        _ = machine.begin()
        let opening = machine.receive(.plain(404))
        #expect(opening.step == .initialize)
        #expect(opening.request?.lines.contains("MCP-Protocol-Version") == false)
        #expect(machine.farewell == nil)
        let announcement = machine.receive(try .opened("2025-06-18"))
        let session = ProbeSession(id: "s-1", origin: .test)
        #expect(announcement.step == .initialized)
        #expect(announcement.request?.session == session)
        #expect(announcement.request?.id == nil)
        let list = machine.receive(.plain(202))
        #expect(list.step == .listTools)
        #expect(list.request?.session == session)
        #expect(list.request?.lines.contains("MCP-Protocol-Version: 2025-06-18\r\n") == true)
        #expect(list.request?.lines.contains("Mcp-Method") == false)
        #expect(machine.receive(try .tools()).step == .callTool)
        #expect(machine.receive(try .result(#"{"content":[]}"#)) == .finish)
        #expect(machine.findings.status == .ok)
        #expect(machine.findings.era == .legacy)
        #expect(machine.findings.revision == .v2025_06_18)
        #expect(machine.findings.software == "old 3")
        #expect(machine.memory == .legacy(until: .seconds(5 + 86_400)))
        let farewell = try #require(machine.farewell)
        #expect(farewell.verb == "DELETE")
        #expect(farewell.session == session)
    }

    @Test func `ends the session after a failure too`() throws {
        var machine = try machine()
        _ = machine.begin()
        _ = machine.receive(.plain(404))
        _ = machine.receive(try .opened())
        _ = machine.receive(.plain(202))
        #expect(machine.fail(ProbeFailure(.timeout, "late")) == .finish)
        #expect(machine.findings.status == .timeout)
        #expect(machine.findings.stage == .listTools)
        #expect(machine.farewell?.step == .endSession)
    }

    @Test func `does without a session where there is none, and without a version before there was one`() throws {
        var machine = try machine()
        _ = machine.begin()
        _ = machine.receive(.plain(405))
        let announcement = machine.receive(try .opened("2025-03-26", session: nil))
        #expect(announcement.request?.session == nil)
        #expect(announcement.request?.lines.contains("MCP-Protocol-Version") == false)
        _ = machine.receive(.plain(202))
        #expect(machine.receive(try .tools()) == .finish)
        #expect(machine.farewell == nil)
    }

    @Test func `pings a legacy server without tools`() throws {
        var machine = try machine()
        _ = machine.begin()
        _ = machine.receive(.plain(404))
        _ = machine.receive(try .opened(capabilities: "{}"))
        #expect(machine.receive(.plain(202)).step == .ping)
        #expect(machine.receive(try .result("{}")) == .finish)
        #expect(machine.findings.status == .ok)
    }

    @Test func `does not talk in a revision that it does not know`() throws {
        for revision in ["2031-01-01", "2026-07-28"] {
            var machine = try machine()
            _ = machine.begin()
            _ = machine.receive(.plain(404))
            #expect(machine.receive(try .opened(revision)) == .finish)
            #expect(machine.findings.status == .protocolError)
            #expect(machine.findings.reason?.contains(revision) == true)
        }
    }

    @Test func `says what may be wrong when both openings are refused`() throws {
        var machine = try machine()
        _ = machine.begin()
        _ = machine.receive(.plain(404))
        #expect(machine.receive(.plain(404)) == .finish)
        #expect(machine.findings.status == .httpError)
        #expect(
            machine.findings.reason?.hasSuffix("is this the MCP endpoint, and not one of HTTP+SSE (2024-11-05)?")
                == true)
        #expect(machine.memory == .unknown)
    }

    // MARK: Doubt

    @Test func `finds the era out anew when a remembered one is refused`() throws {
        var machine = try machine(memory: .modern(hasTools: true))
        _ = machine.begin()
        #expect(machine.receive(.plain(400)).step == .discover)
        #expect(machine.receive(.plain(400)).step == .initialize)
        _ = machine.receive(try .opened())
        #expect(machine.receive(.plain(202)).step == .listTools)
        #expect(machine.receive(try .tools()) == .finish)
        #expect(machine.findings.status == .ok)
        #expect(machine.findings.era == .legacy)
    }

    @Test func `follows a legacy server to the modern era`() throws {
        var machine = try machine(memory: .legacy(until: .seconds(100)))
        #expect(machine.begin().step == .initialize)
        #expect(machine.receive(try .error(-32_022, status: 400)).step == .discover)
        #expect(machine.receive(try .discovery()).step == .listTools)
        #expect(machine.receive(try .tools()) == .finish)
        #expect(machine.memory == .modern(hasTools: true))
        #expect(machine.farewell == nil)
    }

    @Test func `doubts a remembered era only once`() throws {
        var machine = try machine(memory: .modern(hasTools: true))
        _ = machine.begin()
        _ = machine.receive(.plain(400))
        _ = machine.receive(try .discovery())
        #expect(machine.receive(try .error(-32_603)) == .finish)
        #expect(machine.findings.status == .protocolError)
        #expect(machine.memory == .unknown)
    }

    @Test(arguments: [401, 403, 429, 500, 503])
    func `does not take trouble for a sign of another era`(status: Int) throws {
        for memory in [EraMemory.unknown, .modern(hasTools: true), .legacy(until: .seconds(1))] {
            var machine = try machine(memory: memory)
            _ = machine.begin()
            #expect(machine.receive(.plain(status)) == .finish)
            #expect(machine.findings.status == ([401, 403].contains(status) ? .authError : .httpError))
        }
    }

    @Test func `believes in a legacy server for a day`() throws {
        var young = try machine(memory: .legacy(until: .seconds(100)), now: .seconds(99))
        #expect(young.begin().step == .initialize)
        var old = try machine(memory: .legacy(until: .seconds(100)), now: .seconds(100))
        #expect(old.begin().step == .discover)
    }

    @Test func `forgets the era of a server that was not there`() throws {
        var machine = try machine(memory: .legacy(until: .seconds(100)))
        _ = machine.begin()
        _ = machine.fail(ProbeFailure(.connectError, "refused"))
        #expect(machine.memory == .unknown)
    }

    // MARK: Health

    @Test func `asks for the health page first and goes on whatever it says`() throws {
        var machine = try machine(health: true, memory: .modern(hasTools: true))
        #expect(machine.begin().step == .health)
        #expect(machine.receive(.plain(503)).step == .listTools)
        #expect(machine.receive(try .tools()) == .finish)
        #expect(machine.findings.status == .unhealthy)
        #expect(machine.findings.stage == .health)
        #expect(machine.findings.reason == "GET /health: the answer has status 503")
    }

    @Test func `counts what MCP says before what the page says`() throws {
        var machine = try machine(health: true, memory: .modern(hasTools: true))
        _ = machine.begin()
        _ = machine.receive(.plain(503))
        _ = machine.fail(ProbeFailure(.httpError, "cut"))
        #expect(machine.findings.status == .httpError)
        #expect(machine.findings.stage == .listTools)
    }

    @Test(arguments: [ProbeStatus.timeout, .connectError, .tlsError, .authError])
    func `does not try further when nobody can be reached`(status: ProbeStatus) throws {
        var machine = try machine(health: true)
        _ = machine.begin()
        #expect(machine.fail(ProbeFailure(status, "x")) == .finish)
        #expect(machine.findings.status == status)
        #expect(machine.findings.stage == .health)
    }

    @Test func `goes on when only the page is broken`() throws {
        var machine = try machine(health: true)
        _ = machine.begin()
        #expect(machine.fail(ProbeFailure(.httpError, "cut")).step == .discover)
        _ = machine.receive(try .discovery())
        _ = machine.receive(try .tools())
        #expect(machine.findings.status == .httpError)
        #expect(machine.findings.reason == "cut")
        #expect(machine.findings.era == .modern)
    }

    // MARK: Broken answers

    @Test func `wants a list of tools`() throws {
        for result in ["{}", #"{"tools":null}"#, "[]"] {
            var machine = try machine()
            _ = machine.begin()
            _ = machine.receive(try .discovery())
            #expect(machine.receive(try .result(result)) == .finish)
            #expect(machine.findings.status == .protocolError)
        }
    }

    @Test func `ends after its end and before its beginning`() throws {
        var machine = try machine()
        #expect(machine.receive(.plain(200)) == .finish)
        _ = machine.begin()
        _ = machine.receive(try .discovery())
        _ = machine.receive(try .tools())
        #expect(machine.receive(try .error(-1)) == .finish)
        #expect(machine.findings.status == .ok)
    }
}
