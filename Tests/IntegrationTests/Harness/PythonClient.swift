import Foundation
import Testing

/// The clients in `Clients/`, on the official SDK.
enum PythonClient {
    /// The published schemas, a third party's files beside the package; absent in a plain clone.
    static let schemas = Machine.root.deletingLastPathComponent().appending(path: "shared/spec/schema")

    static let hasSchemas = FileManager.default.fileExists(atPath: schemas.path)

    /// Runs one to its end, and returns what it reports.
    ///
    /// Each script judges every message that came from the server by the schema that is published with its revision: that there
    /// were some, and that nothing was wrong with any, is checked here for all of them.
    static func report(
        _ script: String, _ arguments: String..., environment: [String: String] = [:],
        within limit: Duration = .seconds(120),
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSON {
        let file = Machine.root.appending(path: "Tests/IntegrationTests/Clients").appending(path: script)
        let outcome = try await ChildProcess.run(
            Machine.python, [file.path] + arguments, environment: environment, within: limit)
        guard outcome.status == 0 else {
            throw Failure("\(script) ended with \(outcome.status): \(outcome.complaints.suffix(2_000))")
        }
        let report = JSON(parsing: outcome.output)
        guard hasSchemas else {
            print("SKIPPED (1): the schemas are not in ../shared/spec/schema; no message to \(script) was judged")
            return report
        }
        let judged = try #require(report["judged"].int, "\(script) judges nothing", sourceLocation: sourceLocation)
        #expect(judged > 0, sourceLocation: sourceLocation)
        #expect(judged >= report["received"].int ?? 0, sourceLocation: sourceLocation)
        #expect(report["invalid"] == [], sourceLocation: sourceLocation)
        return report
    }
}
