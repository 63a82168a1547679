import NIOCore
import Testing
import Wire

/// What the tool server does beside MCP, as its clients see it: limits, cache, faults, health.
@Suite(.timeLimit(.minutes(1)))
struct ServiceTests {
    private func processData(_ data: String = #"{"a":"x"}"#, fields: [String] = []) -> String {
        Request.modern(
            "tools/call", #""name":"process_data","arguments":{"data":\#(data),"operation":"transform"},"#,
            name: "process_data", fields: fields)
    }

    private func start(_ arguments: [String] = [], _ environment: [String: String] = [:]) throws -> Running {
        try Running(["--listen", "127.0.0.1:0"] + arguments, environment)
    }

    // MARK: Rate limit

    @Test func `serves as many requests as the limit allows, and says when to come back`() async throws {
        let server = try start([], ["RATE_LIMIT": "3"])
        let client = try await RawClient.connect(to: try await server.address())
        for _ in 0..<3 { #expect(try await client.ask(processData())?.status == 200) }
        let refused = try #require(try await client.ask(processData()))
        #expect(refused.status == 429)
        #expect(refused.errorCode == -31_429)
        #expect(refused.json?["id"] == 1)
        let seconds = try #require(refused.fields["retry-after"].flatMap { Int($0) })
        #expect((1...20).contains(seconds))
        // The connection goes on, and who looks after the server is not limited.
        for _ in 0..<5 {
            #expect(try await client.ask(Request.get("/health"))?.status == 200)
            #expect(try await client.ask(Request.get("/metrics"))?.status == 200)
        }
        let stream = Request.post(#"{"data":{},"operation":""}"#, path: "/mcp/stream")
        #expect(try await client.ask(stream)?.status == 429)
        #expect(try await server.metric(#"mcp_errors_total{error_type="rate_limited"}"#) == 2)
        #expect(await server.end() == 0)
    }

    @Test func `counts each credential by itself`() async throws {
        let server = try start(["--rate-limit", "1"])
        let client = try await RawClient.connect(to: try await server.address())
        for fields in [["Authorization: Bearer a"], ["Authorization: Bearer b"], ["X-API-Key: c"], []] {
            #expect(try await client.ask(processData(fields: fields))?.status == 200)
            #expect(try await client.ask(processData(fields: fields))?.status == 429)
        }
        #expect(await server.end() == 0)
    }

    @Test func `limits nobody when told so`() async throws {
        let server = try start(["--rate-limit", "0"])
        let client = try await RawClient.connect(to: try await server.address())
        for _ in 0..<150 { #expect(try await client.ask(processData())?.status == 200) }
        #expect(await server.end() == 0)
    }

    @Test func `limits everybody to 100 a minute unless told otherwise`() async throws {
        let server = try start()
        let client = try await RawClient.connect(to: try await server.address())
        let begun = ContinuousClock.now
        var served = 0
        while try await client.ask(processData())?.status == 200 { served += 1 }
        let earned = Int((ContinuousClock.now - begun) / .milliseconds(600))
        #expect((100...(101 + earned)).contains(served))
        #expect(await server.end() == 0)
    }

    // MARK: Cache

    @Test func `answers an equal call from memory`() async throws {
        let server = try start()
        let client = try await RawClient.connect(to: try await server.address())
        let first = try #require(try await client.ask(processData())?.json?["result"]?["structuredContent"])
        #expect(first["result"]?["a"] == "X")
        #expect(try await client.ask(processData())?.json?["result"]?["structuredContent"] == first)
        #expect(try await server.metric(#"mcp_cache_requests_total{result="hit_memory"}"#) == 1)
        #expect(try await server.metric(#"mcp_cache_requests_total{result="miss"}"#) == 1)
        #expect(await server.end() == 0)
    }

    @Test func `computes every call without a cache`() async throws {
        let server = try start(["--cache-ttl", "0"])
        for _ in 0..<2 { #expect(try await server.ask(processData())?.status == 200) }
        #expect(try await server.metric(#"mcp_cache_requests_total{result="miss"}"#) == nil)
        #expect(await server.end() == 0)
    }

    // MARK: Faults

    @Test func `fails the calls that it is told to fail`() async throws {
        let server = try start(["--fail-rate", "100%"])
        let client = try await RawClient.connect(to: try await server.address())
        let answer = try #require(try await client.ask(processData()))
        #expect(answer.errorCode == -32_603)
        #expect(answer.json?["id"] == 1)
        #expect(try await client.ask(Request.modern("tools/list"))?.status == 200)
        let stream = try await client.ask(Request.post(#"{"data":{},"operation":""}"#, path: "/mcp/stream"))
        #expect(stream?.body.contains("event: error\ndata: {\"error\":{\"code\":-32603,") == true)
        #expect(stream?.body.contains("event: complete") == false)
        #expect(await server.end() == 0)
    }

    @Test func `fails about the share of calls that it is told to fail`() async throws {
        let server = try start(["--fail-rate", "0.5", "--rate-limit", "0"])
        let client = try await RawClient.connect(to: try await server.address())
        var failures = 0
        for _ in 0..<200 where try await client.ask(processData())?.errorCode == -32_603 { failures += 1 }
        // Beyond ten standard deviations.
        #expect((30...170).contains(failures))
        #expect(await server.end() == 0)
    }

    @Test func `holds results back, but nothing else, and stops when the client leaves`() async throws {
        let server = try start(["--delay", "300ms"])
        let client = try await RawClient.connect(to: try await server.address())
        let begun = ContinuousClock.now
        #expect(try await client.ask(processData())?.status == 200)
        #expect(ContinuousClock.now - begun >= .milliseconds(300))
        #expect(await server.end() == 0)
        let slow = try start(["--delay", "1h"])
        let leaving = try await RawClient.connect(to: try await slow.address())
        #expect(try await leaving.ask(Request.modern("tools/list"))?.status == 200)
        try await leaving.send(processData())
        _ = try await slow.ask(Request.get("/health"))
        await leaving.close()
        while try await slow.metric(#"mcp_errors_total{error_type="cancelled"}"#) != 1 {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(await slow.end() == 0)
    }

    // MARK: Health

    @Test func `says how it is`() async throws {
        let server = try start(["--environment", "stage"])
        let answer = try #require(try await server.ask(Request.get("/health")))
        #expect(answer.status == 200)
        #expect(answer.fields["content-type"] == "application/json")
        #expect(answer.json?["status"] == "healthy")
        #expect(answer.json?["environment"] == "stage")
        #expect(answer.json?["version"] == "0.1.0")
        #expect(answer.json?["uptime_seconds"]?.doubleValue != nil)
        #expect(answer.json?["timestamp"]?.stringValue?.hasSuffix("Z") == true)
        #expect(answer.json?["redis"] == nil)
        #expect(await server.end() == 0)
    }
}
