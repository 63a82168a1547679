import Foundation
import Testing

/// Real processes, real sockets, real clients. One test at a time: each has the machine's cores for its own processes.
@Suite(.serialized, .judgingExchanges, .enabled(if: Machine.hasBinaries, "build the binaries first: scripts/build"))
enum Integration {}

/// What the machine has of the things that these tests drive.
///
/// `scripts/test` sets `MCP_TESTS_COMPLETE`, and then nothing is skipped: what is missing fails.
enum Machine {
    /// The root of the package.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Where the release binaries are: `MCP_BIN_DIR`, else `.build/release`.
    static let binaries = environment["MCP_BIN_DIR"].map { URL(filePath: $0) } ?? root.appending(path: ".build/release")

    /// The Python of the environment that has the official SDK.
    static let python = root.appending(path: ".venv/bin/python")

    /// The emulator of AWS Lambda that AWS publishes.
    static var lambdaEmulator: URL {
        #if arch(arm64)
            let name = "aws-lambda-rie-arm64"
        #else
            let name = "aws-lambda-rie-x86_64"
        #endif
        return root.appending(path: ".venv-lambda/samcli/local/rapid").appending(path: name)
    }

    static var hasLambdaEmulator: Bool { isComplete || isExecutable(lambdaEmulator) }

    static var hasBinaries: Bool {
        isComplete || isExecutable(binaries.appending(path: "mcp-gateway"))
    }

    static var hasPython: Bool { isComplete || isExecutable(python) }

    /// Whether nothing may be skipped.
    static var isComplete: Bool { environment["MCP_TESTS_COMPLETE"] != nil }

    private static let environment = ProcessInfo.processInfo.environment

    /// The path of a program that the system has, `nil` when it has not.
    static func program(_ name: String) -> URL? {
        ["/usr/bin", "/usr/local/bin", "/usr/sbin", "/bin", "/opt/homebrew/bin"].lazy
            .map { URL(filePath: $0).appending(path: name) }.first(where: isExecutable)
    }

    private static func isExecutable(_ url: URL) -> Bool { FileManager.default.isExecutableFile(atPath: url.path) }
}
