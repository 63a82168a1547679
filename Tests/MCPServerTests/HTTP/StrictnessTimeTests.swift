import MCPServer
import Testing
import Wire

/// A body of 1 MiB is judged in 50 ms, an object of 50,000 members in 200 ms, whatever they hold. A debug build on a busy
/// machine gets more; something quadratic would exceed that by far.
@Suite(.serialized, .timeLimit(.minutes(2))) struct StrictnessTimeTests {
    #if DEBUG
        private static let allowance = 40
    #else
        // Also for the way there and back.
        private static let allowance = 2
    #endif

    /// A text to put in the place of an argument, and the milliseconds that the server may take.
    struct Body: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var value: String
        var milliseconds = 50
        /// Whether it is JSON within the bounds.
        var isFine = true
    }

    private static let size = 1_040_000

    private static func filled(_ unit: String, open: String = "\"", close: String = "\"") -> String {
        open + String(repeating: unit, count: (size - open.utf8.count - close.utf8.count) / unit.utf8.count) + close
    }

    private static func members(_ count: Int, _ name: (Int) -> String) -> String {
        "{" + (0..<count).map { "\"\(name($0))\":0" }.joined(separator: ",") + "}"
    }

    private static let long = String(repeating: "n", count: 65_000)

    static let bodies: [Body] = [
        Body(testDescription: "a plain string", value: filled("a")),
        Body(testDescription: "escaped quotes", value: filled("\\\"")),
        Body(testDescription: "escaped characters", value: filled("\\u00e9")),
        Body(testDescription: "surrogate pairs", value: filled("\\ud83d\\ude00")),
        Body(testDescription: "characters of two to four bytes", value: filled("é€😀")),
        Body(testDescription: "white space", value: filled(" \n\t\r", open: "[", close: "]")),
        Body(testDescription: "digits", value: filled("9", open: "", close: "")),
        Body(testDescription: "an exponent", value: filled("9", open: "1e", close: "")),
        Body(testDescription: "a fraction", value: filled("0", open: "0.", close: "1")),
        Body(
            testDescription: "99,000 short numbers", value: "[" + String(repeating: "-0.5e10,   ", count: 90_000) + "1]"
        ),
        Body(testDescription: "99,000 empty objects", value: "[" + String(repeating: "{},", count: 99_000) + "{}]"),
        Body(
            testDescription: "objects of 17 members",
            value: "["
                + Array(repeating: members(17) { "n\($0)" }, count: 5_000).joined(separator: ",") + "]"),
        Body(
            testDescription: "arrays of 60 levels",
            value: "["
                + Array(
                    repeating: String(repeating: "[", count: 58) + String(repeating: "]", count: 58), count: 1_600
                ).joined(separator: ",") + "]"),
        Body(
            testDescription: "long names",
            value: "[" + Array(repeating: "{\"\(long)\":0}", count: 15).joined(separator: ",") + "]"),
        Body(testDescription: "long names that differ at their end", value: members(15) { "\(long)\($0)" }),
        Body(testDescription: "50,000 members", value: members(50_000) { "m\($0)" }, milliseconds: 200),
        Body(
            testDescription: "50,000 members that are alike", value: members(45_000) { "same \($0) same" },
            milliseconds: 200),
        Body(
            testDescription: "50,000 members and one again",
            value: "{\"\\u006d0\":0," + members(50_000) { "m\($0)" }.dropFirst(), milliseconds: 200, isFine: false),
        Body(testDescription: "too many values", value: filled("1,", open: "[", close: "1]"), isFine: false),
        Body(testDescription: "too many levels", value: filled("[", open: "", close: ""), isFine: false),
        Body(testDescription: "a string without an end", value: filled("a", close: ""), isFine: false),
    ]

    /// The method and the members in front of what is judged.
    enum Use: Sendable, CaseIterable {
        case ping, call

        func text(_ value: String) -> String {
            switch self {
            case .ping: #"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":\#(value)}}"#
            case .call:
                #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"silent","arguments":{"a":\#(value)}}}"#
            }
        }
    }

    @Test(arguments: bodies, Use.allCases)
    func `judges any body in time`(_ body: Body, _ use: Use) async throws {
        try await TestServer.with({ $0.hasSessions = false }, tools: [Silent()]) { server in
            let client = try await server.connect()
            let request = Request.post(use.text(body.value), ["MCP-Protocol-Version: 2025-11-25"])
            #expect(request.utf8.count < 1_048_576)
            let bound = Duration.milliseconds(body.milliseconds * StrictnessTimeTests.allowance)
            var best = Duration.seconds(3_600)
            // Up to three times: what else the machine does is not judged.
            for _ in 0..<3 where best >= bound {
                let began = ContinuousClock.now
                let answer = try #require(try await client.ask(request))
                best = min(best, ContinuousClock.now - began)
                #expect(answer.status == (body.isFine ? 200 : 400), "\(answer.body.prefix(200))")
            }
            #expect(best < bound)
            await client.close()
        }
    }
}

/// Takes anything and says little.
private struct Silent: SynchronousTool {
    let definition = ToolDefinition(
        name: "silent", description: "Says little.",
        inputSchema: #"{"type":"object","properties":{"a":{"not":{"type":"null"}}}}"#)

    func run(_ call: ToolCall) throws -> ToolResult { .text("") }
}
