import Testing

extension Integration {
    /// Clients that close their connection while their call is under way.
    @Suite struct ClientsThatLeave {
        @Test(arguments: HTTPCall.Era.allCases)
        func `their call ends, and nothing is said to the backend in their name`(era: HTTPCall.Era) async throws {
            let gate = Gate()
            let backend = try ScriptedBackend { _ in .wait(gate, .result(#"{"content":[]}"#)) }
            let gateway = try await RunningGateway.start(backends: [backend], more: "workers: 1")
            let socket = try Socket.connected(to: gateway.port)
            socket.send(HTTPCall.tool("slow", "{}", id: "1", era: era).bytes)
            try await eventually("the call has arrived") { backend.calls.count == 1 }

            // Gone for good, not only done with sending.
            socket.resetOnClose()
            socket.abandon()

            try await eventually("the call has ended", within: .seconds(2)) {
                let metrics = try await gateway.metrics()
                return metrics("mcp_gateway_requests_total", ["status": "client_gone"]) == 1
                    && metrics("mcp_gateway_inflight") == 0
            }
            #expect(try await gateway.metrics()("mcp_gateway_attempts_total", ["outcome": "client_gone"]) == 1)
            gate.open()
            // The late answer has reached nobody: the next caller gets its own.
            let reply = try await gateway.send(.tool("slow", "{}", id: "\"next\"", era: era))
            #expect(reply.status == 200)
            #expect(reply.message["id"] == "next")
            #expect(!backend.requests.contains { $0.method.hasPrefix("notifications/") })
        }
    }
}
