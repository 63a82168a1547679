import MCPServer
import NIOCore
import Synchronization
import Testing
import Wire

@Suite(.timeLimit(.minutes(1)))
struct PageStreamTests {
    private static let request = Request.post("{}", path: "/stream")

    /// A page that sends large events until it is stopped; tells how many it has sent.
    private final class Flood: Sendable {
        let sent = Atomic(0)
        let stopped = Signal()

        var page: HTTPStreamPage {
            HTTPStreamPage(path: "/stream") { [self] _ in
                .stream { [self] outlet in
                    defer { stopped.raise() }
                    while true {
                        try await outlet.send(SSEEvent(data: ByteBuffer(repeating: 0x61, count: 100_000)))
                        sent.wrappingAdd(1, ordering: .relaxed)
                    }
                }
            }
        }
    }

    @Test func `waits for a client that reads slowly, and stops when it has gone`() async throws {
        let flood = Flood()
        try await TestServer.with({ $0.streamPages = [flood.page] }) { server in
            let client = try await server.connect()
            try await client.stopReading()
            try await client.send(PageStreamTests.request)
            var before = -1
            // Until nothing more goes out for a while: the sockets are full.
            while flood.sent.load(ordering: .relaxed) != before || before <= 0 {
                before = flood.sent.load(ordering: .relaxed)
                try await Task.sleep(for: .milliseconds(200))
            }
            // The buffers of both sockets take a few megabytes.
            #expect(before < 500)
            await client.close()
            await flood.stopped.wait()
        }
    }

    @Test func `stops when the client leaves while nothing is sent`() async throws {
        let gate = Gate()
        let page = HTTPStreamPage(path: "/stream") { _ in
            .stream { outlet in
                try await outlet.send(SSEEvent(data: ByteBuffer(string: "1")))
                _ = try await gate.run(ToolCall(arguments: ToolArguments(), version: .newestModern))
                try await outlet.send(SSEEvent(data: ByteBuffer(string: "2")))
            }
        }
        try await TestServer.with({ $0.streamPages = [page] }) { server in
            let client = try await server.connect()
            try await client.send(PageStreamTests.request)
            #expect(await client.received(until: "data: 1\n\n").contains("data: 1\n\n"))
            await gate.begun.wait()
            await client.close()
            await gate.cancelled.wait()
        }
    }

    @Test func `ends with what its work says, also when that throws, and goes on with the next request`() async throws {
        struct Failure: Error {}
        let page = HTTPStreamPage(path: "/stream") { body in
            guard body.readableBytes == 2 else {
                return .refuse(HTTPPage.Contents(status: 422, form: .json, body: ByteBuffer(string: "{}")))
            }
            return .stream { outlet in
                try await outlet.send(SSEEvent(data: ByteBuffer(string: "1"), name: "one"))
                throw Failure()
            }
        }
        try await TestServer.with({ $0.streamPages = [page] }) { server in
            let client = try await server.connect()
            // All at once: the answers come in order.
            try await client.send(PageStreamTests.request + Request.post("", path: "/stream") + Request.get("/stream"))
            try await client.send(PageStreamTests.request)
            #expect(await client.answer()?.body == "event: one\ndata: 1\n\n")
            #expect(await client.answer()?.status == 422)
            #expect(await client.answer()?.status == 405)
            #expect(await client.answer()?.body == "event: one\ndata: 1\n\n")
            #expect(server.metric(#"mcp_errors_total{error_type="invalid_request"}"#) == 1)
        }
    }

    @Test func `still speaks to a client that has closed its own side only`() async throws {
        let gate = Gate()
        let page = HTTPStreamPage(path: "/stream") { _ in
            .stream { outlet in
                _ = try await gate.run(ToolCall(arguments: ToolArguments(), version: .newestModern))
                try await outlet.send(SSEEvent(data: ByteBuffer(string: "late")))
            }
        }
        try await TestServer.with({ $0.streamPages = [page] }) { server in
            let client = try await server.connect()
            try await client.send(PageStreamTests.request)
            await gate.begun.wait()
            try await client.closeOutput()
            gate.opened.raise()
            #expect(await client.untilClosed().contains("data: late\n\n"))
        }
    }
}
