import Testing

extension Integration {
    /// Every kind of answer, judged by the JSON Schema that is published with its revision.
    @Suite(.enabled(if: Machine.hasPython, "make .venv with the schema validator: scripts/test"))
    struct Schemas {
        /// In the order in which they were published.
        static let revisions: JSON = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]

        @Test(arguments: [false, true])
        func `every answer is valid in its revision`(throughGateway: Bool) async throws {
            guard PythonClient.hasSchemas else {
                print("SKIPPED (1): the schemas are not in ../shared/spec/schema; no answer was judged by them")
                return
            }
            let server = try await ToolServer.start("tools", flags: ["--everything"])
            let gateway = throughGateway ? try await RunningGateway.start(backends: [server]) : nil
            let report = try await PythonClient.report(
                "schemas.py", gateway?.endpoint ?? server.url, PythonClient.schemas.path)

            #expect(report["revisions"] == Self.revisions)
            #expect(try #require(report["judged"].int) >= 1_000)
            await server.process.stop()
        }
    }
}
