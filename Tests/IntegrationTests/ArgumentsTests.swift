import Foundation
import Testing

extension Integration {
    /// Arguments are judged as somebody else's implementation of JSON Schema judges them.
    @Suite(.enabled(if: Machine.hasPython, "make .venv with the schema validator: scripts/test"))
    struct Arguments {
        @Test func `refuses the arguments that the schema validator of Python refuses, and no others`() async throws {
            let server = try await ToolServer.start("tools", flags: ["--everything"])
            let seed = Int.random(in: 0..<1_000_000)
            let report = try await PythonClient.report("arguments.py", server.url, "\(seed)")

            #expect(report["different"] == [], "seed \(seed)")
            #expect(try #require(report["accepted"].int) >= 100)
            #expect(try #require(report["refused"].int) >= 100)
            await server.process.stop()
        }
    }
}
