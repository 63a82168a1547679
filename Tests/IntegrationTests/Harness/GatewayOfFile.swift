import Foundation

/// A gateway with a file that a test writes again.
struct GatewayOfFile: Sendable {
    let folder: TemporaryFolder
    let process: ChildProcess
    let port: Int
    let admin: Int

    static func start(_ text: String, flags: [String] = ["--no-watch"]) async throws -> GatewayOfFile {
        let folder = try TemporaryFolder()
        let file = try folder.write("gateway.conf", text.utf8)
        let process = try ChildProcess(
            Machine.binaries.appending(path: "mcp-gateway"), ["run", "--config", file.path] + flags)
        let stand = GatewayOfFile(
            folder: folder, process: process, port: try await process.port(of: "mcp"),
            admin: try await process.port(of: "admin"))
        try await eventually("the gateway is ready; it said: \(process.lastWords)") {
            try await HTTPCall.get("/ready").send(to: stand.admin).status == 200
        }
        return stand
    }

    func write(_ text: String) throws { _ = try folder.write("gateway.conf", text.utf8) }

    func reload() async throws -> HTTPReply {
        try await HTTPCall(method: "POST", path: "/reload").send(to: admin)
    }

    func metrics() async throws -> Metrics {
        Metrics(try await HTTPCall.get("/metrics").send(to: admin).text)
    }

    /// A file with one pool of `backends`, with more lines of the pool and, before it, of the gateway.
    static func text(_ backends: [any Backend], pool: String = "", more: String = "") -> String {
        var text = "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\n\(more)pools:\n  tools:\n    backends:\n"
        for backend in backends { text += "      - \(backend.url)\n" }
        return text + pool
    }
}
