import Testing

extension Integration {
    /// Answers that are too long to be held: passed on while they are checked, and cut off when they turn out to be wrong.
    @Suite struct FaultsOfLongAnswers {
        private static func text(id: String, idFirst: Bool) -> String {
            let result = #""result":{"text":"\#(String(repeating: "0123456789abcdef", count: 200_000))"}"#
            return idFirst
                ? #"{"jsonrpc":"2.0","id":\#(id),\#(result)}"# : #"{"jsonrpc":"2.0",\#(result),"id":\#(id)}"#
        }

        private static func chunked(_ body: String) -> String {
            var text = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            var rest = body[...]
            while !rest.isEmpty {
                let part = rest.prefix(50_000)
                text += "\(String(part.utf8.count, radix: 16))\r\n\(part)\r\n"
                rest = rest.dropFirst(part.count)
            }
            return text + "0\r\n\r\n"
        }

        @Test(arguments: HTTPCall.Era.allCases, [true, false])
        func `a good one arrives whole, to the byte`(era: HTTPCall.Era, isChunked: Bool) async throws {
            let body = FaultsOfLongAnswers.text(id: "7", idFirst: false)
            let backend = try ScriptedBackend { _ in
                .bytes(isChunked ? FaultsOfLongAnswers.chunked(body) : ScriptedBackend.Answer.json(body))
            }
            let gateway = try await RunningGateway.start(backends: [backend])
            let reply = try await gateway.send(.tool("long", "{}", id: "7", era: era))
            #expect(reply.status == 200)
            #expect(reply.body.elementsEqual(body.utf8))
        }

        /// Ways for a long answer to be wrong that show only after it has begun.
        static let faults: [(String, @Sendable (String) -> ScriptedBackend.Act)] = [
            ("another id at the end", { _ in .bytes(ScriptedBackend.Answer.json(text(id: "8", idFirst: false))) }),
            ("another id, in chunks", { _ in .bytes(chunked(text(id: "8", idFirst: false))) }),
            ("cut", { .bytes(String(ScriptedBackend.Answer.json(text(id: $0, idFirst: true)).dropLast(9)), .close) }),
            ("reset", { .bytes(String(ScriptedBackend.Answer.json(text(id: $0, idFirst: true)).dropLast(9)), .reset) }),
            (
                "not JSON at the end",
                { .bytes(ScriptedBackend.Answer.json(text(id: $0, idFirst: true).dropLast() + "]")) }
            ),
            (
                "the id again",
                { .bytes(ScriptedBackend.Answer.json(text(id: $0, idFirst: true).dropLast() + ",\"id\":7}")) }
            ),
        ]

        @Test(arguments: faults.indices)
        func `a wrong one never looks whole`(index: Int) async throws {
            let act = FaultsOfLongAnswers.faults[index].1
            let backend = try ScriptedBackend { act($0.id) }
            let gateway = try await RunningGateway.start(backends: [backend])
            let reply = try? await gateway.send(.tool("long", "{}", id: "7", era: .modern))
            // Either it had not begun, then it is an error; or it had, then its connection is cut.
            if let reply {
                #expect(reply.status == 502)
                #expect(reply.message["error"]["code"] == -31_502)
            }
            let metrics = try await gateway.metrics()
            #expect(metrics("mcp_gateway_requests_total", ["status": "backend_error"]) == 1)
            #expect(metrics("mcp_gateway_inflight") == 0)
        }

        @Test func `a client that does not read holds up nobody but itself`() async throws {
            let body = FaultsOfLongAnswers.text(id: "1", idFirst: true)
            let backend = try ScriptedBackend { request in
                request.message["params"]["name"] == "long"
                    ? .bytes(ScriptedBackend.Answer.json(body)) : .result(#"{"content":[]}"#)
            }
            let gateway = try await RunningGateway.start(backends: [backend], more: "workers: 1")
            let slow = try (0..<8).map { _ in try Socket.connected(to: gateway.port) }
            for socket in slow { socket.send(HTTPCall.tool("long", "{}", era: .modern).bytes) }
            try await eventually("all have been asked for") { backend.calls.count == 8 }
            for id in 1...50 {
                #expect(try await gateway.send(.tool("short", "{}", id: "\(id)", era: .modern)).status == 200)
            }
            // When they read at last, they get everything.
            let count = try await blocking {
                var received = 0
                while received < body.utf8.count { received += try slow[0].receive().count }
                return received
            }
            #expect(count > body.utf8.count)
        }
    }
}
