import Foundation
import Testing

extension Integration {
    /// Event streams as answers: passed on as they come, and never made to look whole when they are not.
    @Suite struct FaultsOfStreams {

        /// Parts of a chunked event stream.
        private enum Stream {
            static let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

            static func chunk(_ text: String) -> String {
                "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n"
            }

            static func event(_ data: String) -> String { chunk("event: message\ndata: \(data)\n\n") }

            static func progress(_ step: Int) -> String {
                event(
                    #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":\#(step)}}"#
                )
            }

            static func answer(_ id: String) -> String {
                event(#"{"jsonrpc":"2.0","id":\#(id),"result":{"content":[]}}"#)
            }
            static let end = "0\r\n\r\n"
        }

        @Test(arguments: HTTPCall.Era.allCases)
        func `each event is passed on when it comes`(era: HTTPCall.Era) async throws {
            // One event, and then nothing: the stream stays open.
            let backend = try ScriptedBackend { _ in .bytes(Stream.head + Stream.progress(1)) }
            let gateway = try await RunningGateway.start(backends: [backend])
            let text = try await blocking {
                let connection = try HTTPConnection(port: gateway.port, limit: .seconds(5))
                connection.send(HTTPCall.tool("any", "{}", id: "4", era: era).bytes)
                let head = try connection.head()
                #expect(head.status == 200)
                #expect(head.isEventStream)
                return try connection.take(through: "\"progress\":1")
            }
            #expect(text.contains("notifications/progress"))
        }

        /// Ways for a stream to break off after it began.
        static let breaks: [(String, @Sendable (String) -> ScriptedBackend.Act)] = [
            ("ends without the answer", { _ in .bytes(Stream.head + Stream.progress(1) + Stream.end) }),
            ("is cut", { _ in .bytes(Stream.head + Stream.progress(1), .close) }),
            ("is reset", { _ in .bytes(Stream.head + Stream.progress(1) + Stream.chunk("data: {"), .reset) }),
            ("has another id", { _ in .bytes(Stream.head + Stream.progress(1) + Stream.answer("77") + Stream.end) }),
            ("is not JSON", { _ in .bytes(Stream.head + Stream.progress(1) + Stream.event("{") + Stream.end) }),
            ("is idle", { _ in .bytes(Stream.head + Stream.progress(1)) }),
        ]

        @Test(arguments: breaks.indices, HTTPCall.Era.allCases)
        func `a stream that breaks ends with an error event of the call`(index: Int, era: HTTPCall.Era) async throws {
            let act = FaultsOfStreams.breaks[index].1
            let backend = try ScriptedBackend { act($0.id) }
            let gateway = try await RunningGateway.start(
                backends: [backend], pool: "timeout: { stream_idle: 1s }")
            let reply = try await gateway.send(.tool("any", "{}", id: "\"s\"", era: era))

            #expect(reply.status == 200)
            #expect(reply.isEventStream)
            #expect(reply.message["id"] == "s")
            let expected = FaultsOfStreams.breaks[index].0 == "is idle" ? -31_504 : -31_502
            #expect(reply.message["error"]["code"].int == expected, "\(reply.text)")
            #expect(!reply.text.contains("\"id\":77"))
        }

        /// A server may let a client of a session go that comes back for the rest (MCP 2025-11-25, polling).
        @Test(arguments: HTTPCall.Era.allCases)
        func `a stream that can be gone on with may end before the answer, in sessions`(era: HTTPCall.Era) async throws
        {
            let pause = Stream.chunk("id: 3-1\nretry: 300\ndata: \n\n")
            let backend = try ScriptedBackend { _ in .bytes(Stream.head + Stream.progress(1) + pause + Stream.end) }
            let gateway = try await RunningGateway.start(backends: [backend])
            let reply = try await gateway.send(.tool("any", "{}", id: "9", era: era))

            #expect(reply.status == 200)
            #expect(reply.text.contains("id: 3-1\nretry: 300\n"))
            #expect(reply.text.contains("-31502") == (era == .modern))
            let metrics = try await gateway.metrics()
            let status = era == .modern ? "backend_error" : "ok"
            #expect(metrics("mcp_gateway_requests_total", ["method": "tools/call", "status": status]) == 1)
        }

        @Test func `a whole stream arrives unchanged`() async throws {
            let backend = try ScriptedBackend { request in
                .bytes(Stream.head + Stream.progress(1) + Stream.progress(2) + Stream.answer(request.id) + Stream.end)
            }
            let gateway = try await RunningGateway.start(backends: [backend])
            let reply = try await gateway.send(.tool("any", "{}", id: "9", era: .modern))

            let events = reply.text.split(separator: "\n").filter { $0.hasPrefix("data:") }.map {
                JSON(parsing: $0.dropFirst(5))
            }
            #expect(events.map { $0["params"]["progress"].int } == [1, 2, nil])
            #expect(events.last?["id"] == 9)
            #expect(events.last?["result"]["content"] == [])
        }
    }
}
