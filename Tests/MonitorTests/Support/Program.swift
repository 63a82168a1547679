import Foundation

/// The built `mcp-monitor`, run as a process of its own. Killed at the latest when the last reference to it goes.
final class Program: @unchecked Sendable {
    // Safe because `Process` guards its own state with locks, and is configured before it is shared.
    private let process = Process()
    private let folder: TemporaryFolder

    /// How a program is built: the optimizer makes another one of it.
    enum Build: String, CaseIterable {
        case debug, release

        /// Beside the tests, where their build puts it, and where `scripts/build` does, or `MCP_BIN_DIR` says.
        var url: URL {
            let folder =
                switch self {
                case .debug: URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
                case .release:
                    ProcessInfo.processInfo.environment["MCP_BIN_DIR"].map { URL(filePath: $0) }
                        ?? URL(filePath: #filePath).appending(path: "../../../../.build/release").standardized
                }
            return folder.appending(path: "mcp-monitor")
        }

        /// Those that there are. `scripts/test` makes all, and says so by `MCP_TESTS_COMPLETE`.
        static var all: [Build] {
            let isComplete = ProcessInfo.processInfo.environment["MCP_TESTS_COMPLETE"] != nil
            return allCases.filter { isComplete || FileManager.default.isExecutableFile(atPath: $0.url.path) }
        }
    }

    init(_ build: Build, _ arguments: [String], environment: [String: String] = [:]) throws {
        folder = try TemporaryFolder()
        process.executableURL = build.url
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let files = try ["stdout", "stderr"].map { name in
            try FileHandle(forWritingTo: URL(filePath: folder.write(name, "")))
        }
        process.standardOutput = files[0]
        process.standardError = files[1]
        try process.run()
        for file in files { try? file.close() }
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// What it has printed to standard output.
    var output: String { (try? folder.read("stdout")) ?? "" }

    /// What it has printed to standard error.
    var complaints: String { (try? folder.read("stderr")) ?? "" }

    func terminate() {
        kill(process.processIdentifier, SIGTERM)
    }

    /// Waits for the end; the exit status, or 128 + the signal that ended it.
    func exit() async throws -> Int32 {
        try await eventually("the monitor ends; it said: \(complaints)") { !process.isRunning }
        return process.terminationReason == .uncaughtSignal
            ? 128 + process.terminationStatus : process.terminationStatus
    }

    /// Runs it to its end.
    static func run(
        _ build: Build, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> (status: Int32, output: String, complaints: String) {
        let program = try Program(build, arguments, environment: environment)
        let status = try await program.exit()
        return (status, program.output, program.complaints)
    }
}
