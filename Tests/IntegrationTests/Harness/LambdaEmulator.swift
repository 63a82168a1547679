import Foundation

/// The emulator of AWS Lambda (aws-lambda-rie) with `mcp-tool-server lambda` as its function, which starts with the first
/// event.
struct LambdaEmulator: Sendable {
    let process: ChildProcess
    let port: Int
    /// For the function's socket: it is killed in the end and cannot tidy up.
    private let folder: TemporaryFolder

    /// Starts one and waits until it takes events, which the function has `timeout` whole seconds for.
    static func start(
        flags: [String] = [], environment: [String: String] = [:], timeout: Int = 10
    ) async throws -> LambdaEmulator {
        // Free at this moment: the emulator cannot be told to choose.
        let ports = try { try [Socket.listening(), Socket.listening()].map(\.port) }()
        let folder = try TemporaryFolder()
        let variables = environment.merging([
            "AWS_LAMBDA_FUNCTION_TIMEOUT": "\(timeout)", "TMPDIR": folder.url.path,
        ]) { $1 }
        let server = Machine.binaries.appending(path: "mcp-tool-server").path
        let process = try ChildProcess(
            Machine.lambdaEmulator,
            [
                "--runtime-interface-emulator-address", "127.0.0.1:\(ports[0])", "--runtime-api-address",
                "127.0.0.1:\(ports[1])", "--log-level", "warn", server, "lambda",
            ] + flags, environment: variables)
        try await eventually("the emulator listens; it said: \(process.lastWords)") {
            (try? Socket.connected(to: ports[0])) != nil
        }
        return LambdaEmulator(process: process, port: ports[0], folder: folder)
    }

    /// What comes back for an event: the answer as the function gave it.
    func invoke(_ event: String) async throws -> HTTPReply {
        let call = HTTPCall(
            path: "/2015-03-31/functions/function/invocations", fields: [("Content-Type", "application/json")],
            body: event)
        return try await call.send(to: port)
    }
}
