import MCPServer
import NIOCore
import Testing
import Wire

@testable import mcp_tool_server

struct RememberedResultsTests {
    private let results = RememberedResults(
        memory: MemoryCache(), timeToLive: .seconds(300), counts: CacheCounts())

    private func call(_ arguments: String) throws -> JSONValue {
        let call = ToolCall(arguments: try ToolArguments(parsing: arguments), version: .v2026_07_28)
        let json = try #require(try ProcessData(results).run(call).structuredContent)
        return try JSONValue.parse(String(buffer: json))
    }

    @Test func `answers an equal request with what the first one got`() throws {
        let arguments = #"{"data":{"a":"x","b":null},"operation":"transform"}"#
        let first = try call(arguments)
        #expect(results.counts.count(.miss) == 1)
        let second = try call(arguments)
        #expect(second == first)
        #expect(second["processed_at"] == first["processed_at"])
        #expect(results.counts.count(.memory) == 1)
        #expect(results.counts.count(.miss) == 1)
    }

    @Test func `tells operations and data apart`() throws {
        for operation in ["transform", "validate", "analyze", "", "x"] {
            for data in [#"{"a":"x"}"#, #"{"a":"y"}"#, #"{"b":"x"}"#, "{}", #"{"a":"x","b":null}"#] {
                let cached = try call("{\"data\":\(data),\"operation\":\"\(operation)\"}")
                let request = ToolCall(
                    arguments: try ToolArguments(parsing: "{\"data\":\(data),\"operation\":\"\(operation)\"}"),
                    version: .v2026_07_28)
                let fresh = try JSONValue.parse(
                    String(buffer: try #require(try ProcessData().run(request).structuredContent)))
                #expect(cached["result"] == fresh["result"])
                #expect(cached["operation"] == .string(operation))
            }
        }
        #expect(results.counts.count(.memory) == 0)
    }

    @Test func `agrees with no cache for random objects, asked twice in two spellings`() throws {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<300 {
            guard case .object(let object) = JSONValue.random(depth: 3, using: &random) else { continue }
            let operation = ["transform", "validate", "analyze", ""][Int(random.next() % 4)]
            let data = JSONValue.object(object).description
            let plain = "{\"data\":\(data),\"operation\":\"\(operation)\"}"
            let spaced = "{ \"operation\" : \"\(operation)\" , \"data\":  \(data) }"
            let request = ToolCall(arguments: try ToolArguments(parsing: plain), version: .v2026_07_28)
            let fresh = try JSONValue.parse(
                String(buffer: try #require(try ProcessData().run(request).structuredContent)))
            for arguments in [plain, spaced, plain] {
                let answer = try call(arguments)
                #expect(answer["result"] == fresh["result"])
                #expect(answer["input_size"] == fresh["input_size"])
            }
        }
    }

    @Test(arguments: [
        (
            #"{"data":{"a":"x","b":[1,2]},"operation":"analyze"}"#,
            #"{"operation":"analyze", "data":{"b":[1,2] ,"a":"x"}}"#, true
        ),
        (#"{"data":{"n":1.50},"operation":""}"#, #"{"data":{"n":15e-1},"operation":""}"#, true),
        (#"{"data":{"é":1},"operation":"\u0061"}"#, #"{"data":{"\u00e9":1},"operation":"a"}"#, true),
        (#"{"data":{"a":1},"operation":"x"}"#, #"{"data":{"a":1},"operation":"y"}"#, false),
        (#"{"data":{"a":[1,2]},"operation":""}"#, #"{"data":{"a":[2,1]},"operation":""}"#, false),
        // Numbers that are one number as floats of 64 bits.
        (
            #"{"data":{"n":12345678901234567891},"operation":""}"#,
            #"{"data":{"n":12345678901234567892},"operation":""}"#, false
        ),
        (#"{"data":{"n":9007199254740993},"operation":""}"#, #"{"data":{"n":9007199254740992},"operation":""}"#, false),
        (#"{"data":{"n":1e400},"operation":""}"#, #"{"data":{"n":1e401},"operation":""}"#, false),
    ])
    func `takes requests that say the same for equal`(_ first: String, _ second: String, _ isEqual: Bool) throws {
        let answer = try call(first)
        for _ in 0..<2 {
            let other = try call(second)
            if isEqual { #expect(other["processed_at"] == answer["processed_at"]) }
        }
        #expect(results.counts.count(.miss) == (isEqual ? 1 : 2))
        #expect(results.counts.count(.memory) == (isEqual ? 2 : 1))
    }

    @Test func `takes large requests for equal only when they are spelt alike`() throws {
        let text = String(repeating: "x", count: CanonicalRequest.byteLimit)
        for data in ["{\"a\":\"\(text)\",\"b\":1}", "{\"b\":1,\"a\":\"\(text)\"}"] {
            for _ in 0..<2 { _ = try call("{\"data\":\(data),\"operation\":\"validate\"}") }
        }
        #expect(results.counts.count(.miss) == 2)
        #expect(results.counts.count(.memory) == 2)
    }

    @Test func `does not remember what was refused`() throws {
        for _ in 0..<2 {
            #expect(throws: ToolInputError("\"operation\" must be a string")) {
                try call(#"{"data":{},"operation":1}"#)
            }
        }
        #expect(results.memory.figures.entryCount == 0)
    }

    @Test func `shows itself in the metrics`() throws {
        let metrics = ServerMetrics()
        metrics.add { [results] in results.write(into: &$0) }
        _ = try call(#"{"data":{},"operation":""}"#)
        _ = try call(#"{"data":{},"operation":""}"#)
        let page = String(buffer: metrics.page())
        #expect(page.contains(#"mcp_cache_requests_total{result="hit_memory"} 1"#))
        #expect(page.contains(#"mcp_cache_requests_total{result="miss"} 1"#))
        #expect(page.contains("mcp_cache_bytes "))
    }
}
