import Foundation
import Testing

extension Integration {
    /// SIGTERM: nothing new, everything that runs to its end, exit 0.
    @Suite struct Drain {
        private static let good = #"{"content":[]}"#

        @Test(arguments: [SIGTERM, SIGINT], HTTPCall.Era.allCases)
        func `a call in flight ends well, and then the process`(signal: Int32, era: HTTPCall.Era) async throws {
            let gate = Gate()
            let backend = try ScriptedBackend { _ in .wait(gate, .result(Drain.good)) }
            let gateway = try await RunningGateway.start(backends: [backend])
            async let reply = gateway.send(.tool("slow", "{}", id: "1", era: era))
            try await eventually("the call has arrived") { backend.calls.count == 1 }

            gateway.process.signal(signal)
            try await eventually("no new connections") { (try? HTTPConnection(port: gateway.port)) == nil }
            #expect(gateway.process.isRunning)
            gate.open()

            let answer = try await reply
            #expect(answer.status == 200)
            #expect(answer.message["result"]["content"] == [])
            #expect(answer.fields["connection"] == "close")
            #expect(try await gateway.process.exit(within: .seconds(3)) == 0)
        }

        @Test func `an idle connection is closed, and the process ends at once`() async throws {
            let server = try await ToolServer.start("one")
            let gateway = try await RunningGateway.start(backends: [server])
            try await blocking {
                let connection = try HTTPConnection(port: gateway.port, limit: .seconds(5))
                #expect(try connection.exchange(.process("a", era: .modern)).status == 200)
                gateway.process.signal(SIGTERM)
                try connection.waitForEnd()
            }
            #expect(try await gateway.process.exit(within: .seconds(3)) == 0)
        }

        @Test func `a second signal ends it at once`() async throws {
            let gate = Gate()
            let backend = try ScriptedBackend { _ in .wait(gate, .result(Drain.good)) }
            let gateway = try await RunningGateway.start(backends: [backend])
            async let reply = try? gateway.send(.tool("slow", "{}", era: .modern))
            try await eventually("the call has arrived") { backend.calls.count == 1 }
            gateway.process.signal(SIGTERM)
            try await eventually("no new connections") { (try? HTTPConnection(port: gateway.port)) == nil }
            gateway.process.signal(SIGTERM)
            #expect(try await gateway.process.exit(within: .seconds(3)) == 143)
            gate.open()
            #expect(await reply == nil)
        }

        @Test func `no call is lost under load`() async throws {
            let (gateway, servers) = try await Integration.threeServers()
            let callers = Callers(8, port: gateway.port, era: .modern)
            defer { callers.cancel() }
            try await eventually("calls are answered") { callers.outcomes.count > 200 }
            gateway.process.signal(SIGTERM)
            #expect(try await gateway.process.exit() == 0)
            try await callers.stop()
            // Afterwards nobody listens. A call may have been written while its idle connection was being closed: then
            // it has reached nobody. Every call that a backend has answered has been answered to its caller.
            var executed = 0
            for server in servers {
                let metrics = Metrics(try await HTTPCall.get("/metrics").send(to: server.port).text)
                executed += Int(metrics("mcp_requests_total", ["method": "tools/call"]))
            }
            #expect(executed == callers.outcomes.count - callers.failures.count)
            let unexpected = callers.failures.compactMap(\.complaint).filter { complaint in
                !complaint.hasPrefix("cannot connect") && complaint != "the connection ended after: []"
                    && complaint != "nothing received: Connection reset by peer"
            }
            #expect(unexpected == [])
        }

        @Test func `the tool server ends the same way`() async throws {
            let server = try await ToolServer.start("one")
            #expect(try await HTTPCall.process("a", era: .modern).send(to: server.port).status == 200)
            server.process.signal(SIGTERM)
            #expect(try await server.process.exit(within: .seconds(3)) == 0)
        }
    }
}
