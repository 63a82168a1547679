import Foundation
import Testing

extension Integration {
    /// Every kind of answer, judged by the JSON Schema that is published with its revision.
    @Suite(.enabled(if: Machine.hasPython, "make .venv with the schema validator: scripts/test"))
    struct Schemas {
        /// The published schemas, a third party's files beside the package; absent in a plain clone.
        static let folder = Machine.root.deletingLastPathComponent().appending(path: "shared/spec/schema")

        /// In the order in which they were published.
        static let revisions: JSON = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]

        @Test(arguments: [false, true])
        func `every answer is valid in its revision`(throughGateway: Bool) async throws {
            for revision in Self.revisions.elements.compactMap(\.string) {
                guard FileManager.default.fileExists(atPath: Self.folder.appending(path: "\(revision).json").path)
                else {
                    print(
                        "SKIPPED (1): \(revision).json is not in ../shared/spec/schema; no answer was judged by schemas"
                    )
                    return
                }
            }
            let server = try await ToolServer.start("tools", flags: ["--everything"])
            let gateway = throughGateway ? try await RunningGateway.start(backends: [server]) : nil
            let report = try await PythonClient.report("schemas.py", gateway?.endpoint ?? server.url, Self.folder.path)

            #expect(report["invalid"] == [])
            #expect(report["revisions"] == Self.revisions)
            #expect(try #require(report["checked"].int) >= 1_000)
            await server.process.stop()
        }
    }
}
