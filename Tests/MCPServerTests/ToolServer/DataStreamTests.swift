import Foundation
import NIOCore
import Testing
import Wire

/// `POST /mcp/stream`, as clients without MCP use it.
@Suite(.timeLimit(.minutes(1)))
struct DataStreamTests {
    private func stream(_ body: String, _ fields: [String] = []) -> String {
        Request.post(body, fields, path: "/mcp/stream")
    }

    /// Names and data of the events in a body.
    private func events(_ body: String) throws -> [(name: String, data: JSONValue)] {
        var events: [(name: String, data: JSONValue)] = []
        var name = "message"
        for line in body.split(separator: "\n", omittingEmptySubsequences: true) {
            if line.hasPrefix("event: ") { name = String(line.dropFirst(7)) }
            if line.hasPrefix("data: ") { events.append((name, try JSONValue.parse(String(line.dropFirst(6))))) }
        }
        return events
    }

    @Test func `reports its progress, then the result`() async throws {
        let server = try Running(["--listen", "127.0.0.1:0"])
        let client = try await RawClient.connect(to: try await server.address())
        let answer = try #require(
            try await client.ask(stream(#"{"data": {"a":"x", "b":null, "c":[1]}, "operation":"transform"}"#)))
        #expect(answer.status == 200)
        #expect(answer.fields["content-type"] == "text/event-stream")
        #expect(answer.fields["cache-control"] == "no-cache, no-transform")
        let events = try events(answer.body)
        #expect(events.map(\.name) == ["progress", "progress", "progress", "complete"])
        for (index, event) in events.dropLast().enumerated() {
            #expect(event.data == ["processed": .integer(index + 1), "total": 3])
        }
        let complete = try #require(events.last).data
        #expect(complete["operation"] == "transform")
        #expect(complete["input_size"] == 28)
        #expect(complete["result"] == ["a": "X", "b": .null, "c": [1]])
        #expect(complete["processed_at"]?.stringValue?.hasSuffix("Z") == true)
        // The connection goes on.
        #expect(try await client.ask(stream(#"{"data":{},"operation":"analyze"}"#))?.status == 200)
        #expect(await server.end() == 0)
    }

    @Test func `says something about no data, and takes it in many pieces`() async throws {
        let server = try Running(["--listen", "127.0.0.1:0"])
        let client = try await RawClient.connect(to: try await server.address())
        let empty = try events(try #require(try await client.ask(stream(#"{"data":{},"operation":"analyze"}"#))).body)
        #expect(empty.map(\.name) == ["progress", "complete"])
        #expect(empty.first?.data == ["processed": 0, "total": 0])
        let members = (0..<1_234).map { "\"k\($0)\":null" }.joined(separator: ",")
        for operation in ["validate", "analyze", "transform", "nothing"] {
            let many = try events(
                try #require(try await client.ask(stream("{\"data\":{\(members)},\"operation\":\"\(operation)\"}")))
                    .body)
            #expect((50...101).contains(many.count))
            let processed = many.dropLast().compactMap { $0.data["processed"]?.int64Value }
            #expect(processed == processed.sorted())
            #expect(processed.last == 1_234)
            if operation == "validate" {
                #expect(many.last?.data["result"]?["null_keys"]?.arrayValue?.count == 1_234)
            }
        }
        #expect(await server.end() == 0)
    }

    @Test(arguments: [
        ("", "not valid JSON"), ("{", "not valid JSON"), ("[]", "must be a JSON object"),
        ("7", "must be a JSON object"),
        ("{}", "\"data\" is required"), (#"{"data":{}}"#, "\"operation\" is required"),
        (#"{"data":[],"operation":"x"}"#, "\"data\" must be an object"),
        (#"{"data":{},"operation":1}"#, "\"operation\" must be a string"),
        (#"{"data":{},"data":{},"operation":"x"}"#, "two members of one name"),
        (#"{"data":{},"operation":"x"} "#.appending("x"), "not valid JSON"),
    ])
    func `says what is wrong with a body`(_ body: String, _ reason: String) async throws {
        let server = try Running(["--listen", "127.0.0.1:0"])
        let answer = try #require(try await server.ask(stream(body)))
        #expect(answer.status == 400)
        #expect(answer.fields["content-type"] == "application/json")
        #expect(answer.json?["error"]?["message"]?.stringValue?.contains(reason) == true, "\(answer.body)")
        #expect(await server.end() == 0)
    }

    @Test func `refuses other methods, types and sizes`() async throws {
        let server = try Running(["--listen", "127.0.0.1:0", "--max-request-size", "100"])
        let body = #"{"data":{},"operation":"x"}"#
        let get = try #require(try await server.ask(Request.get("/mcp/stream")))
        #expect(get.status == 405)
        #expect(get.fields["allow"] == "POST")
        #expect(try await server.ask(stream(body, ["Content-Type: text/plain"]))?.status == 415)
        #expect(try await server.ask(stream(body, ["Accept: application/json"]))?.status == 406)
        #expect(try await server.ask(stream(body, ["Origin: http://evil.example"]))?.status == 403)
        #expect(try await server.ask(stream(String(repeating: " ", count: 101)))?.status == 413)
        #expect(try await server.ask(stream(body))?.status == 200)
        #expect(await server.end() == 0)
    }

    @Test func `spreads a delay over the chunks, and ends the stream with the process`() async throws {
        let server = try Running(["--listen", "127.0.0.1:0", "--delay", "400ms"])
        let client = try await RawClient.connect(to: try await server.address())
        let begun = ContinuousClock.now
        try await client.send(stream(#"{"data":{"a":1,"b":2,"c":3,"d":4},"operation":"validate"}"#))
        _ = await client.received(until: "event: progress")
        // What has begun is finished; nothing is added that the client did not ask for.
        server.process.terminate()
        let answer = try #require(await client.answer())
        #expect(ContinuousClock.now - begun >= .milliseconds(400))
        #expect(try events(answer.body).map(\.name) == ["progress", "progress", "progress", "progress", "complete"])
        #expect(await server.status() == 0)
    }

    @Test func `serves clients of HTTP 1.0, whose stream ends with the connection`() async throws {
        let server = try Running(["--listen", "127.0.0.1:0"])
        let client = try await RawClient.connect(to: try await server.address())
        let body = #"{"data":{},"operation":"x"}"#
        try await client.send(
            "POST /mcp/stream HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        let text = await client.untilClosed()
        #expect(text.contains("Connection: close"))
        #expect(!text.contains("Transfer-Encoding"))
        #expect(text.hasSuffix("}\n\n"))
        #expect(await server.end() == 0)
    }

    @Test func `is what curl shows line by line`() async throws {
        let server = try Running(["--listen", "127.0.0.1:0"])
        let address = try await server.address()
        let curl = Process()
        curl.executableURL = URL(filePath: "/usr/bin/curl")
        curl.arguments = [
            "-sN", "--max-time", "10", "http://127.0.0.1:\(address.port ?? 0)/mcp/stream", "-H",
            "Content-Type: application/json", "-d", #"{"data":{"city":"Oslo"},"operation":"transform"}"#,
        ]
        let pipe = Pipe()
        curl.standardOutput = pipe
        try curl.run()
        let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        curl.waitUntilExit()
        #expect(curl.terminationStatus == 0)
        #expect(try events(output).map(\.name) == ["progress", "complete"])
        #expect(await server.end() == 0)
    }
}
