import Foundation

/// The clients in `Clients/`, on the official SDK.
enum PythonClient {
    /// Runs one to its end, and returns what it reports.
    static func report(_ script: String, _ arguments: String..., within limit: Duration = .seconds(120)) async throws
        -> JSON
    {
        let file = Machine.root.appending(path: "Tests/IntegrationTests/Clients").appending(path: script)
        let outcome = try await ChildProcess.run(Machine.python, [file.path] + arguments, within: limit)
        guard outcome.status == 0 else {
            throw Failure("\(script) ended with \(outcome.status): \(outcome.complaints.suffix(2_000))")
        }
        return JSON(parsing: outcome.output)
    }
}
