/// A running `mcp-tool-server`.
struct ToolServer: Backend {
    let name: String
    let process: ChildProcess
    let port: Int

    /// Starts one and waits until it listens; on any free port when `port` is 0. Without sessions every call of a legacy
    /// client stands alone.
    static func start(
        _ name: String, port: Int = 0, hasSessions: Bool = true, flags: [String] = []
    ) async throws -> ToolServer {
        let process = try ChildProcess(
            Machine.binaries.appending(path: "mcp-tool-server"),
            [
                "--listen", "127.0.0.1:\(port)", "--name", name, "--sessions", hasSessions ? "on" : "off",
                "--rate-limit", "0",
            ] + flags)
        let server = ToolServer(name: name, process: process, port: try await process.port())
        Exchanges.ofTests.expect(true, at: server.port)
        return server
    }

    var url: String { "http://127.0.0.1:\(port)/mcp" }
}
