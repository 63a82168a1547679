import Foundation
import Testing

extension Integration {
    /// A process that comes near what it may have (reliability: "Load shedding"): memory is read from the operating system, and
    /// how much there may be is changed under it.
    @Suite struct OverloadLevels {
        private struct Stand {
            let server: ToolServer
            let gateway: GatewayOfFile

            static func start() async throws -> Stand {
                let server = try await ToolServer.start("tools", hasSessions: false)
                return Stand(
                    server: server,
                    gateway: try await GatewayOfFile.start(GatewayOfFile.text([server], more: "workers: 2\n")))
            }

            /// Lets the gateway have so many bytes, and waits until it has come to this level.
            func allow(_ bytes: Int, until level: Double) async throws {
                try gateway.write(
                    GatewayOfFile.text([server], more: "workers: 2\nlimits: { memory_limit: \(bytes)B }\n"))
                let reply = try await gateway.reload()
                #expect(reply.status == 200, "\(reply.text)")
                try await eventually("level \(level)") {
                    try await gateway.metrics()("mcp_gateway_overload_level") == level
                }
            }

            func residentBytes() async throws -> Double { try await gateway.metrics()("process_resident_memory_bytes") }
        }

        private static let plenty = 1 << 30
        private static let call = HTTPCall.process("a", era: .modern)

        @Test func `without memory it answers 503 and reads no bodies, and operators are served`() async throws {
            let stand = try await Stand.start()
            let port = stand.gateway.port
            // One client is in the middle of its body, another one calls again and again.
            let half = Self.call.bytes.count - 20
            let begun = HeldConnection(try HTTPConnection(port: port))
            begun.value.send(Self.call.bytes[..<half])
            let busy = HeldConnection(try HTTPConnection(port: port))
            async let refusal = blocking { () throws -> HTTPReply in
                while true {
                    let reply = try busy.value.exchange(Self.call)
                    guard reply.status == 200 else { return reply }
                }
            }
            // Less than any process has.
            try await stand.allow(8 << 20, until: 3)
            let reply = try await refusal
            #expect(reply.status == 503 && reply.fields["retry-after"] == "1" && reply.fields["connection"] == "close")
            #expect(JSON(parsing: reply.body)["error"]["code"] == -31503)
            begun.value.send(Self.call.bytes[half...])
            #expect(try await HTTPCall.get("/health").send(to: stand.gateway.admin).status == 200)
            #expect(try await HTTPCall.get("/ready").send(to: stand.gateway.admin).status == 200)
            let status = JSON(parsing: try await HTTPCall.get("/status").send(to: stand.gateway.admin).body)
            #expect(status["overload"]["level"] == "exhausted")
            let table = try await ChildProcess.run(
                Machine.binaries.appending(path: "mcp-gateway"),
                ["status", "--admin", "127.0.0.1:\(stand.gateway.admin)"])
            #expect(table.output.contains("; overload exhausted (memory "), "\(table.output) \(table.complaints)")
            let metrics = try await stand.gateway.metrics()
            #expect(metrics("mcp_gateway_resource_used_ratio", ["resource": "memory"]) > 0.95)
            #expect(metrics("mcp_gateway_refused_requests_total", ["error_type": "overloaded"]) == 1)
            #expect(metrics("mcp_gateway_inflight") == 0)
            #expect(stand.gateway.process.complaints.contains("the process is near its limits"))

            try await stand.allow(Self.plenty, until: 0)
            let late = try await blocking { try begun.value.reply() }
            #expect(late.status == 200)
        }

        @Test func `loops that have nothing to do are not late`() async throws {
            let stand = try await Stand.start()
            let status = { () async throws -> JSON in
                JSON(parsing: try await HTTPCall.get("/status").send(to: stand.gateway.admin).body)["overload"]
            }
            // It may be so for a moment on a machine that has much to do.
            try await eventually("the loops have answered within 50 ms") {
                guard let lag = try await status()["lag_milliseconds"].int else { return false }
                return lag < 50
            }
            #expect(try await status()["descriptors"]["used"].int ?? 0 > 5)
        }

        @Test func `with little memory left it serves who is connected, and lets others wait`() async throws {
            let stand = try await Stand.start()
            let port = stand.gateway.port
            let old = HeldConnection(try HTTPConnection(port: port))
            let first = try await blocking { try old.value.exchange(Self.call) }
            #expect(first.status == 200)
            // What is free without being missed is given back now, so that it does not change the figures later.
            try await stand.allow(Int(try await stand.residentBytes() / 0.85), until: 1)
            try await stand.allow(Int(try await stand.residentBytes() / 0.85), until: 1)
            let held = try await blocking { try old.value.exchange(Self.call) }
            #expect(held.status == 200)
            let newcomers = try (0..<40).map { _ in HeldConnection(try HTTPConnection(port: port, limit: .seconds(30)))
            }
            for newcomer in newcomers { newcomer.value.send(Self.call.bytes) }
            // Each of two loops may have been about to accept a batch of 16.
            #expect(try await stand.gateway.metrics()("mcp_gateway_connections") <= 33)
            try await stand.allow(Self.plenty, until: 0)
            for newcomer in newcomers {
                let reply = try await blocking { try newcomer.value.reply() }
                #expect(reply.status == 200)
            }
        }
    }
}
