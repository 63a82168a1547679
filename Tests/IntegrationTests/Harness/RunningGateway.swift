import Foundation

/// A running `mcp-gateway` with a configuration of its own.
struct RunningGateway: Sendable {
    let process: ChildProcess
    /// Where clients connect to.
    let port: Int
    /// Where health and metrics are.
    let admin: Int
    private let folder: TemporaryFolder
    private let backends: [any Backend]

    /// Starts one with a single pool, and waits until it listens; and until it is ready, unless told otherwise.
    ///
    /// - Parameters:
    ///   - pool: more lines of the pool `tools`.
    ///   - more: more lines of the file.
    ///   - descriptors: how many it may have open; as many as the tests if `nil`.
    static func start(
        backends: [any Backend], pool: String = "", more: String = "", descriptors: Int? = nil, isReady: Bool = true
    ) async throws -> RunningGateway {
        var text = "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\n"
        text += more.isEmpty ? "" : more + "\n"
        text += "pools:\n  tools:\n    backends:\n"
        for backend in backends { text += "      - \(backend.url)\n" }
        for line in pool.split(separator: "\n") { text += "    \(line)\n" }
        return try await start(
            configuration: text, backends: backends, descriptors: descriptors, isReady: isReady)
    }

    /// Starts one with this file.
    static func start(
        configuration: String, backends: [any Backend] = [], descriptors: Int? = nil, isReady: Bool = true
    ) async throws -> RunningGateway {
        let folder = try TemporaryFolder()
        let file = try folder.write("gateway.conf", configuration.utf8)
        let program = Machine.binaries.appending(path: "mcp-gateway")
        let arguments = ["run", "--config", file.path]
        let process =
            if let descriptors {
                // For good: the gateway raises what is only the soft limit.
                try ChildProcess(
                    URL(filePath: "/bin/sh"),
                    ["-c", "ulimit -n \(descriptors) && exec \"$0\" \"$@\"", program.path] + arguments)
            } else {
                try ChildProcess(program, arguments)
            }
        let gateway = RunningGateway(
            process: process, port: try await process.port(of: "mcp"), admin: try await process.port(of: "admin"),
            folder: folder, backends: backends)
        Exchanges.ofTests.expect(!backends.isEmpty && backends.allSatisfy { $0 is ToolServer }, at: gateway.port)
        if isReady {
            try await eventually("the gateway is ready; it said: \(process.lastWords)") {
                try await gateway.isReady
            }
        }
        return gateway
    }

    var endpoint: String { "http://127.0.0.1:\(port)/mcp" }

    /// Whether `/ready` says so.
    var isReady: Bool {
        get async throws { try await HTTPCall.get("/ready").send(to: admin).status == 200 }
    }

    func send(_ call: HTTPCall) async throws -> HTTPReply { try await call.send(to: port) }

    /// What `/metrics` says now.
    func metrics() async throws -> Metrics {
        Metrics(try await HTTPCall.get("/metrics").send(to: admin).text)
    }

    /// Waits until the gateway listens to its backends, as far as they offer it, and until other gateways know what it knows:
    /// what it begins to listen to makes void what it has kept before.
    func settled() async throws {
        try await eventually("the gateway listens; it said: \(process.lastWords)") {
            let metrics = try await metrics()
            let waiting = ["connecting", "waiting"].reduce(0) {
                $0 + metrics("mcp_gateway_cache_listeners", ["state": $1])
            }
            return waiting == 0 && metrics("mcp_gateway_cache_changes_to_share") == 0
        }
    }

    /// The lines of the access log on standard output.
    var accessLog: [JSON] {
        process.output.split(separator: "\n").map { JSON(parsing: $0) }.filter { $0["httpStatus"] != .absent }
    }
}
