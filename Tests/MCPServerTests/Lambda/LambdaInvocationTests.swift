import NIOCore
import Testing

@testable import mcp_tool_server

struct LambdaInvocationTests {
    private func invocation(_ fields: [(String, String)]) -> LambdaInvocation? {
        let fields = fields.map { LambdaEvent.Field(name: $0.0, value: $0.1) }
        return LambdaInvocation(LambdaAnswer.Head(status: 200, fields: fields), event: ByteBuffer(string: "{}"))
    }

    @Test func `is what the head says`() {
        let invocation = invocation([
            ("Lambda-Runtime-Aws-Request-Id", "8476a536-E9f4"), ("lambda-runtime-deadline-ms", "1795802400000"),
            ("Lambda-Runtime-Trace-Id", "Root=1-2;Parent=3;Sampled=1"),
        ])
        #expect(invocation?.id == "8476a536-E9f4")
        #expect(invocation?.deadline == 1_795_802_400_000)
        #expect(invocation?.traceID == "Root=1-2;Parent=3;Sampled=1")
        #expect(invocation?.event == ByteBuffer(string: "{}"))
    }

    @Test(arguments: ["", "a/b", "a b", "..", "a?b", String(repeating: "a", count: 129)])
    func `needs an id that can stand in a path`(_ id: String) {
        #expect(invocation([("Lambda-Runtime-Aws-Request-Id", id)]) == nil)
    }

    @Test func `does without a deadline and a trace`() {
        let fields = [("Lambda-Runtime-Aws-Request-Id", "a"), ("Lambda-Runtime-Deadline-Ms", "soon")]
        #expect(invocation(fields)?.milliseconds(at: 1) == nil)
        #expect(invocation(fields + [("Lambda-Runtime-Trace-Id", "é")])?.traceID == nil)
    }

    @Test(
        arguments: [
            ("1000", 0, 900), ("1000", 999, 1), ("1000", 1_000, 0), ("1000", 2_000, 0), ("60000", 0, 59_000),
            ("-9223372036854775808", 9_223_372_036_854_775_807, 0), ("9223372036854775807", 0, 86_399_000),
        ] as [(String, Int64, Int64)])
    func `leaves time for an answer before the deadline`(_ deadline: String, _ now: Int64, _ expected: Int64) {
        let fields = [("Lambda-Runtime-Aws-Request-Id", "a"), ("Lambda-Runtime-Deadline-Ms", deadline)]
        #expect(invocation(fields)?.milliseconds(at: now) == expected)
    }
}
