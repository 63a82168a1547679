import Foundation
import NIOCore
import Synchronization
import Testing
import Wire

/// The executable as a Lambda function, with a Runtime API that the test provides.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct LambdaProcessTests {
    /// Starts a function, lets `body` invoke it, and checks that it ends well when asked to.
    private func withFunction(
        _ environment: [String: String] = [:], _ body: (FakeRuntimeAPI, Running) async throws -> Void
    ) async throws {
        let api = try await FakeRuntimeAPI.start()
        let running = try Running(
            ["lambda", "--everything"], environment.merging(["AWS_LAMBDA_RUNTIME_API": api.address]) { $1 })
        try await body(api, running)
        running.process.terminate()
        #expect(await running.status() == 0, "\(running.errors())")
        #expect(running.errors().contains("\"drained\""))
        #expect(!FileManager.default.fileExists(atPath: socketPath(running)))
        await api.stop()
    }

    private func socketPath(_ running: Running) -> String {
        "/tmp/mcp-tool-server-\(running.process.processIdentifier)-lambda.sock"
    }

    /// The answer that a front would make of a report: its status and its body.
    private func answer(_ report: FakeRuntimeAPI.Report) throws -> (status: Int64?, fields: JSONValue?, body: String) {
        #expect(report.path == "invocation/ID/response")
        let json = try #require(report.json)
        #expect(json["isBase64Encoded"] == false)
        return (
            json["statusCode"]?.int64Value, json["headers"] ?? json["multiValueHeaders"],
            try #require(json["body"]?.stringValue)
        )
    }

    @Test func `serves clients of both eras, pages, and every form of event`() async throws {
        try await withFunction(["ENVIRONMENT": "staging"]) { api, _ in
            // Modern, payload 2.0.
            let (headers, body) = LambdaEvents.modern(
                "tools/call", #""name":"process_data","arguments":{"data":{"city":"Oslo"},"operation":"transform"},"#,
                name: "process_data")
            var said = try answer(await api.invoke(LambdaEvents.version2("POST", "/mcp", headers: headers, body: body)))
            #expect(said.status == 200)
            #expect(said.fields?["content-type"] == "application/json")
            #expect(
                try JSONValue.parse(said.body)["result"]?["structuredContent"]?["result"]?["city"] == "OSLO")
            // The same, payload 1.0, and with a body in Base64.
            var text: [UInt8] = []
            Array((body.stringValue ?? "").utf8).withUnsafeBytes { Base64.encode(ByteView($0), into: &text) }
            said = try answer(
                await api.invoke(
                    LambdaEvents.version1(
                        "POST", "/mcp", headers: headers, body: .string(String(decoding: text, as: UTF8.self)),
                        isBase64: true)))
            #expect(said.fields?["content-type"] == ["application/json"])
            #expect(
                try JSONValue.parse(said.body)["result"]?["structuredContent"]?["result"]?["city"] == "OSLO")
            // Legacy: no session, so that any instance can answer what follows.
            let initialize =
                #"{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-11-25","#
                + #""capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#
            said = try answer(
                await api.invoke(
                    LambdaEvents.version2("POST", "/mcp", headers: LambdaEvents.post, body: .string(initialize))))
            #expect(try JSONValue.parse(said.body)["result"]?["protocolVersion"] == "2025-11-25")
            #expect(said.fields?["mcp-session-id"] == nil)
            var legacy = LambdaEvents.post
            legacy["mcp-protocol-version"] = "2025-11-25"
            let call = #"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"test_simple_text"}}"#
            said = try answer(
                await api.invoke(LambdaEvents.version2("POST", "/mcp", headers: legacy, body: .string(call))))
            #expect(try JSONValue.parse(said.body)["result"]?["content"]?[0]?["type"] == "text")
            said = try answer(
                await api.invoke(
                    LambdaEvents.version2(
                        "POST", "/mcp", headers: legacy,
                        body: #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)))
            #expect(said.status == 202)
            #expect(said.body == "")
            // Pages.
            said = try answer(
                await api.invoke(LambdaEvents.version2("GET", "/health", headers: ["host": "any.example"])))
            #expect(try JSONValue.parse(said.body)["environment"] == "staging")
            said = try answer(await api.invoke(LambdaEvents.version1("HEAD", "/health")))
            #expect(said.status == 200)
            #expect(said.body == "")
            said = try answer(await api.invoke(LambdaEvents.version2("GET", "/prod/metrics", stage: "prod")))
            #expect(said.body.contains(#"mcp_requests_total{method="tools/call",status="success"} 3"#))
            // What HTTP refuses is refused here.
            said = try answer(await api.invoke(LambdaEvents.version2("GET", "/nothing")))
            #expect(said.status == 404)
            said = try answer(await api.invoke(LambdaEvents.version2("GET", "/mcp")))
            #expect(said.status == 405)
            #expect(said.fields?["allow"] == "POST")
            said = try answer(
                await api.invoke(LambdaEvents.version2("GET", "/health", headers: ["origin": "http://evil.example"])))
            #expect(said.status == 403)
            // One connection for all of it.
            #expect(api.connectionCount == 1)
        }
    }

    @Test func `collects an event stream where answers are not streamed`() async throws {
        try await withFunction { api, _ in
            let tally = Conversation.Tally()
            let report = await Conversation.$tally.withValue(tally) {
                await api.invoke(LambdaEvents.call("test_tool_with_progress"))
            }
            #expect(tally.count == (PublishedSchemas.beside == nil ? 0 : 4))
            let said = try answer(report)
            #expect(said.status == 200)
            #expect(said.fields?["content-type"] == "text/event-stream")
            #expect(said.body.ranges(of: "notifications/progress").count == 3)
            #expect(said.body.hasSuffix("\n\n"))
            #expect(said.body.contains("\"Done.\""))
        }
    }

    @Test func `streams answers while they are made`() async throws {
        try await withFunction(["LAMBDA_RESPONSE_STREAMING": "true"]) { api, _ in
            let tally = Conversation.Tally()
            let report = await Conversation.$tally.withValue(tally) {
                await api.invoke(LambdaEvents.call("test_tool_with_progress"))
            }
            #expect(tally.count == (PublishedSchemas.beside == nil ? 0 : 4))
            #expect(report.path == "invocation/ID/response")
            #expect(report.fields["lambda-runtime-function-response-mode"] == "streaming")
            #expect(report.fields["content-type"] == "application/vnd.awslambda.http-integration-response")
            #expect(report.fields["trailer"]?.contains("Lambda-Runtime-Function-Error-Type") == true)
            #expect(report.trailers.isEmpty)
            let prelude = try #require(report.chunks.first)
            #expect(prelude.suffix(8) == [0, 0, 0, 0, 0, 0, 0, 0])
            let head = try JSONValue.parse(Array(prelude.dropLast(8)))
            #expect(head["statusCode"] == 200)
            #expect(head["headers"]?["content-type"] == "text/event-stream")
            // The prelude, and not all of the rest at once.
            #expect(report.chunks.count > 2)
            let body = String(decoding: report.chunks.dropFirst().joined(), as: UTF8.self)
            #expect(body.ranges(of: "notifications/progress").count == 3)
            #expect(body.contains("\"Done.\""))
            // What has no event stream is streamed all the same, and an empty body too.
            let health = await api.invoke(LambdaEvents.version2("GET", "/health"))
            #expect(health.chunks.count == 2)
            #expect(try JSONValue.parse(health.chunks[1])["status"] == "healthy")
            let head2 = await api.invoke(LambdaEvents.version2("HEAD", "/health"))
            #expect(head2.chunks.count == 1)
        }
    }

    @Test(arguments: ["false", "true"]) func `reports an event that is no request, and goes on`(_ streams: String)
        async throws
    {
        try await withFunction(["LAMBDA_RESPONSE_STREAMING": streams]) { api, running in
            for event in ["{\"Records\":[]}", "nonsense", ""] {
                let report = await api.invoke(event)
                #expect(report.path == "invocation/ID/error")
                #expect(report.fields["lambda-runtime-function-error-type"] == "Function.BadEvent")
                #expect(report.json?["errorType"] == "Function.BadEvent")
                #expect(report.json?["errorMessage"]?.stringValue?.contains("no HTTP request") == true)
                #expect(report.json?["stackTrace"] == [])
            }
            let report = await api.invoke(LambdaEvents.version2("GET", "/health"))
            #expect(report.path == "invocation/ID/response")
            #expect(running.errors().contains("an event has failed"))
        }
    }

    /// Milliseconds from now as Lambda says them.
    private func deadline(in milliseconds: Double) -> String {
        "Lambda-Runtime-Deadline-Ms: \(Int(Date().timeIntervalSince1970 * 1_000 + milliseconds))"
    }

    @Test func `cancels a handler before the deadline, and says so`() async throws {
        try await withFunction { api, running in
            for event in [
                LambdaEvents.call("test_tool_with_progress"),
                LambdaEvents.version2(
                    "POST", "/mcp", headers: LambdaEvents.post,
                    body: #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"test_tool_with_logging"}}"#),
            ] {
                let said = try answer(await api.invoke(event, fields: [deadline(in: 30)]))
                #expect(said.status == 504)
                #expect(try JSONValue.parse(said.body)["error"]?["code"]?.int64Value == -31_504)
            }
            // In time.
            let event = LambdaEvents.call("test_tool_with_progress")
            let said = try answer(await api.invoke(event, fields: [deadline(in: 30_000)]))
            #expect(said.status == 200)
            #expect(running.errors().contains("before its deadline"))
        }
        try await withFunction(["LAMBDA_RESPONSE_STREAMING": "true"]) { api, _ in
            // In the midst of the tool's three steps of 50 ms; a machine that is slower than that has not begun.
            let report = await api.invoke(LambdaEvents.call("test_tool_with_progress"), fields: [deadline(in: 110)])
            let isBegun = try JSONValue.parse(Array(report.chunks[0].dropLast(8)))["statusCode"] == 200
            if isBegun {
                #expect(report.trailers["lambda-runtime-function-error-type"] == "Function.DeadlineReached")
                let text = try #require(report.trailers["lambda-runtime-function-error-body"])
                let failure = try Array(text.utf8).withUnsafeBytes { try #require(Base64.decode(ByteView($0))) }
                #expect(try JSONValue.parse(failure)["errorType"] == "Function.DeadlineReached")
            } else {
                #expect(report.trailers.isEmpty)
            }
            let health = await api.invoke(LambdaEvents.version2("GET", "/health"))
            #expect(health.trailers.isEmpty)
        }
    }

    @Test func `reports a start that fails, and ends`() async throws {
        for (environment, status, reason) in [
            (["MAX_REQUEST_SIZE": "lots"], 78, "MAX_REQUEST_SIZE"),
            (["LAMBDA_RESPONSE_STREAMING": "yes"], 78, "LAMBDA_RESPONSE_STREAMING"),
            (["TMPDIR": "/nowhere"], 69, "/nowhere"),
        ] as [([String: String], Int32, String)] {
            let api = try await FakeRuntimeAPI.start()
            let running = try Running(
                ["lambda"], environment.merging(["AWS_LAMBDA_RUNTIME_API": api.address]) { $1 })
            let report = await api.initError()
            #expect(report.path == "init/error")
            #expect(report.fields["lambda-runtime-function-error-type"] == "Runtime.CannotStart")
            #expect(report.json?["errorMessage"]?.stringValue?.contains(reason) == true)
            #expect(await running.status() == status)
            #expect(running.errors().contains(reason))
            await api.stop()
        }
    }

    @Test(arguments: [[:], ["AWS_LAMBDA_RUNTIME_API": "nonsense"], ["AWS_LAMBDA_RUNTIME_API": "unix:/tmp/x"]])
    func `does not start without a Runtime API`(_ environment: [String: String]) async throws {
        let running = try Running(["lambda"], environment)
        #expect(await running.status() == 78)
        #expect(running.errors().contains("AWS_LAMBDA_RUNTIME_API"))
    }

    @Test func `explains itself`() async throws {
        let help = try Running(["help", "lambda"])
        #expect(await help.status() == 0)
        for part in ["EXAMPLES", "bootstrap", "LAMBDA_RESPONSE_STREAMING", "MAX_REQUEST_SIZE", "EXIT STATUS"] {
            #expect(help.output().contains(part), "\(part)")
        }
    }

    @Test func `ends when the Runtime API goes away or breaks down`() async throws {
        for isBroken in [false, true] {
            let api = try await FakeRuntimeAPI.start()
            let running = try Running(["lambda"], ["AWS_LAMBDA_RUNTIME_API": api.address])
            if isBroken { api.answer(with: 500) }
            _ = await api.invoke(LambdaEvents.version2("GET", "/health"))
            if !isBroken { await api.stop() }
            #expect(await running.status() == 69)
            #expect(running.errors().contains("Runtime API"))
            #expect(!FileManager.default.fileExists(atPath: socketPath(running)))
            await api.stop()
        }
    }

    @Test func `goes on when an answer is not taken`() async throws {
        try await withFunction { api, running in
            api.answer(with: 413)
            _ = await api.invoke(LambdaEvents.version2("GET", "/health"))
            api.answer(with: 202)
            let said = try answer(await api.invoke(LambdaEvents.version2("GET", "/health")))
            #expect(said.status == 200)
            #expect(running.errors().contains("did not take an answer"))
        }
    }

    @Test func `tells a front that an answer is too large to be sent at once, and streams it`() async throws {
        // A text of which the answer holds more than 6 MiB.
        let (headers, body) = LambdaEvents.modern(
            "tools/call",
            #""name":"process_data","arguments":{"operation":"transform","data":{"t":"\#(String(repeating: "x", count: 3_200_000))"}},"#,
            name: "process_data")
        let event = LambdaEvents.version2("POST", "/mcp", headers: headers, body: body)
        let size = ["MAX_REQUEST_SIZE": "8000000"]
        try await withFunction(size) { api, _ in
            let report = await api.invoke(event)
            #expect(report.path == "invocation/ID/error")
            #expect(report.json?["errorType"] == "Function.ResponseSizeTooLarge")
        }
        try await withFunction(size.merging(["LAMBDA_RESPONSE_STREAMING": "true"]) { $1 }) { api, _ in
            let report = await api.invoke(event)
            #expect(report.trailers.isEmpty)
            let result = try JSONValue.parse(Array(report.chunks.dropFirst().joined()))["result"]
            let count = result?["structuredContent"]?["result"]?["t"]?.stringValue?.utf8.count
            #expect(count == 3_200_000)
        }
    }
}
