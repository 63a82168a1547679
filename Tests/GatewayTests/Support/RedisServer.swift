import Foundation
import NIOCore
import NIOPosix
import Redis
import Testing

/// A real `redis-server` of one test, on a free port of 127.0.0.1; killed when nothing uses it any more.
final class RedisServer: Sendable {
    let port: Int
    private let process: Running

    /// `Process` guards its own state with locks; it is configured before it is shared.
    private struct Running: @unchecked Sendable {
        let value: Process
    }

    /// The program, if it is installed.
    static let executable: URL? = {
        let environment = ProcessInfo.processInfo.environment
        if let chosen = environment["MCP_REDIS_SERVER"] { return URL(filePath: chosen) }
        let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init) + ["/usr/bin"]
        return folders.map { URL(filePath: $0).appending(path: "redis-server") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }()

    /// Starts a server that keeps nothing on disk.
    init() async throws {
        let probe = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        port = probe.localAddress?.port ?? 0
        try await probe.close().get()
        let process = Process()
        let executable: URL = try #require(RedisServer.executable)
        process.executableURL = executable
        process.arguments = [
            "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "/tmp",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = Running(value: process)
    }

    deinit {
        if process.value.isRunning { kill(process.value.processIdentifier, SIGKILL) }
        process.value.waitUntilExit()
    }

    /// A client of it that is connected, on one loop.
    func connectedClient() async throws -> RedisClient {
        let client = try await RedisClient(
            RedisOptions(RedisURL(.tcp(host: "127.0.0.1", port: port)), timeout: .seconds(5)),
            loops: [MultiThreadedEventLoopGroup.singleton.any()], logger: .init(label: "test"))
        let end = ContinuousClock.now + .seconds(10)
        while !client.status.isUp {
            try #require(ContinuousClock.now < end, "redis-server does not serve")
            try await Task.sleep(for: .milliseconds(10))
        }
        return client
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips, with a word, where there is no redis-server; fails where everything must be there.
    static var needsRedis: Self {
        .enabled(
            if: RedisServer.executable != nil || ProcessInfo.processInfo.environment["MCP_TESTS_COMPLETE"] == "1",
            "redis-server is not installed")
    }
}
