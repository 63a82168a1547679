import MCPServer
import NIOCore
import Testing
import Wire

@testable import mcp_tool_server

struct DataRunTests {
    private func request(_ data: String, _ operation: String) throws -> DataRequest {
        let arguments = JSONValue.object(["operation": .string(operation)]).description
        return try DataRequest(try ToolArguments(parsing: "{\"data\":\(data),\(arguments.dropFirst())"))
    }

    @Test func `comes to the same in chunks as at once`() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<300 {
            guard case .object(let object) = JSONValue.random(depth: 3, using: &random) else { continue }
            for operation in ["transform", "validate", "analyze", "none"] {
                let request = try request(JSONValue.object(object).description, operation)
                let whole = try JSONValue.parse(String(buffer: request.outcome()))
                var run = DataRun(request)
                let total = run.memberCount()
                #expect(total == object.count)
                let chunk = Int(random.next() % 4) + 1
                var steps = 0
                while run.processedCount < total, steps <= total {
                    let before = run.processedCount
                    run.advance(by: chunk)
                    #expect(run.processedCount == min(before + chunk, total))
                    steps += 1
                }
                #expect(try JSONValue.parse(String(buffer: run.outcome()))["result"] == whole["result"])
            }
        }
    }

    @Test func `reads data with spaces anywhere`() throws {
        var run = DataRun(try request("{ \"a\" : \"x\" ,\n \"b\":null , \"c\" : [ 1 , 2 ] }", "transform"))
        #expect(run.memberCount() == 3)
        for count in 1...3 {
            run.advance(by: 1)
            #expect(run.processedCount == count)
        }
        run.advance(by: 1)
        #expect(run.processedCount == 3)
        let result = try JSONValue.parse(String(buffer: run.outcome()))["result"]
        #expect(result == ["a": "X", "b": .null, "c": [1, 2]])
    }
}
