import Foundation
import Redis
import Testing

/// A real `redis-server` of one test, on a free port of 127.0.0.1 and on a socket; killed when nothing uses it any more.
final class RedisServer: Sendable {
    let port: Int
    let folder: TemporaryFolder
    private let isSealed: Bool
    private let sentinelConfiguration: String?
    private let arguments: [String]
    private let process: LockedProcess

    /// `Process` guards its own state with locks; the place of it changes with a restart only, which a test does itself.
    private final class LockedProcess: @unchecked Sendable {
        var value = Process()
    }

    private init(
        port: Int, isSealed: Bool, arguments: [String], folder: TemporaryFolder, sentinelConfiguration: String? = nil
    ) {
        self.sentinelConfiguration = sentinelConfiguration
        self.port = port
        self.isSealed = isSealed
        self.arguments = arguments
        self.folder = folder
        process = LockedProcess()
    }

    deinit {
        if process.value.isRunning {
            kill(process.value.processIdentifier, SIGKILL)
            process.value.waitUntilExit()
        }
    }

    /// Starts a server with further arguments and waits until it serves; on its port with TLS only if `isSealed`.
    static func start(_ arguments: [String] = [], isSealed: Bool = false) async throws -> RedisServer {
        var last: any Error = Failure("no attempt was made")
        // Somebody else may take the free port in between.
        for _ in 0..<3 {
            let server = RedisServer(
                port: try await RedisServerPlace.free(), isSealed: isSealed, arguments: arguments,
                folder: try TemporaryFolder())
            do {
                try await server.launch()
                return server
            } catch {
                last = error
            }
        }
        throw last
    }

    /// Starts a Sentinel that watches `master` under the name `main`, and gives it up soon.
    static func startSentinel(of master: RedisServer, quorum: Int) async throws -> RedisServer {
        let server = RedisServer(
            port: try await RedisServerPlace.free(), isSealed: false, arguments: [], folder: try TemporaryFolder(),
            sentinelConfiguration: """
                sentinel monitor main 127.0.0.1 \(master.port) \(quorum)
                sentinel down-after-milliseconds main 500
                sentinel failover-timeout main 5000

                """)
        try await server.launch()
        return server
    }

    /// The program: `MCP_REDIS_SERVER`, such as a Valkey server, else the `redis-server` that is installed.
    static let executable: URL? = {
        let environment = ProcessInfo.processInfo.environment
        if let chosen = environment["MCP_REDIS_SERVER"] { return URL(filePath: chosen) }
        let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init) + ["/usr/bin"]
        return folders.map { URL(filePath: $0).appending(path: "redis-server") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }()

    var socketPath: String { folder.path("redis.sock") }
    var pid: Int32 { process.value.processIdentifier }
    var url: RedisURL { RedisURL(.tcp(host: "127.0.0.1", port: port)) }

    /// What the server has said.
    var output: String { (try? String(contentsOfFile: folder.path("log"), encoding: .utf8)) ?? "" }

    /// Starts the process, again after it has ended.
    func launch() async throws {
        guard let executable = RedisServer.executable else { throw Failure("redis-server is not installed") }
        _ = FileManager.default.createFile(atPath: folder.path("log"), contents: nil)
        let process = Process()
        process.executableURL = executable
        process.arguments = try allArguments()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: folder.url.appending(path: "log"))
        process.standardError = process.standardOutput
        try process.run()
        self.process.value = process
        try await eventually("the server listens; it said: \(output.suffix(500))") {
            guard process.isRunning else { throw Failure("redis-server ended: \(output.suffix(500))") }
            return output.contains(sentinelConfiguration == nil ? "Ready to accept connections" : "+monitor master")
        }
    }

    private func allArguments() throws -> [String] {
        if let sentinelConfiguration {
            // A Sentinel writes into its configuration.
            let file = folder.path("sentinel.conf")
            let common = "port \(port)\nbind 127.0.0.1\ndir \(folder.url.path)\n"
            try (common + sentinelConfiguration).write(toFile: file, atomically: true, encoding: .utf8)
            return [file, "--sentinel"]
        }
        return [
            isSealed ? "--tls-port" : "--port", "\(port)", "--bind", "127.0.0.1", "--unixsocket", socketPath,
            "--dir", folder.url.path, "--save", "", "--appendonly", "no", "--enable-debug-command", "yes",
            "--databases", "32",
        ] + arguments
    }

    /// Takes away the folder in which the server would save its data.
    func removeFolder() throws { try FileManager.default.removeItem(at: folder.url) }

    /// Ends the process at once, as a crash would.
    func crash() {
        kill(pid, SIGKILL)
        process.value.waitUntilExit()
    }

    /// Stops the process: connections are accepted by the system, and nothing answers.
    func freeze() { kill(pid, SIGSTOP) }

    /// Lets a frozen process go on.
    func thaw() { kill(pid, SIGCONT) }
}

extension Trait where Self == ConditionTrait {
    /// Skips, with a word, where there is no redis-server; fails where everything must be there.
    static var needsRedis: Self {
        .enabled(
            if: RedisServer.executable != nil || ProcessInfo.processInfo.environment["MCP_TESTS_COMPLETE"] == "1",
            "redis-server is not installed")
    }
}
