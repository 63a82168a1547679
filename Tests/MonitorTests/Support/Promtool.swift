import Foundation

/// Prometheus' own judge of metrics pages. `scripts/test` installs it, and says so by `MCP_TESTS_COMPLETE`.
enum Promtool {
    private static let paths = ["/usr/bin/promtool", "/usr/local/bin/promtool", "/opt/homebrew/bin/promtool"]
    private static let found = paths.first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Whether it can be asked, or must be.
    static var isInstalled: Bool { found != nil || ProcessInfo.processInfo.environment["MCP_TESTS_COMPLETE"] != nil }

    /// What it says about a page; nothing if all is well.
    static func check(_ page: String) async throws -> String {
        guard let found else { throw Failure("promtool is not installed") }
        let folder = try TemporaryFolder()
        let process = Process()
        process.executableURL = URL(filePath: found)
        process.arguments = ["check", "metrics"]
        process.standardInput = try FileHandle(forReadingFrom: URL(filePath: folder.write("page", page)))
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: folder.write("out", "")))
        process.standardError = process.standardOutput
        try process.run()
        try await eventually("promtool ends") { !process.isRunning }
        let said = try folder.read("out")
        return process.terminationStatus == 0 ? said : "status \(process.terminationStatus): \(said)"
    }
}
