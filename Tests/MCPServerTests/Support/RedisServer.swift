import Foundation
import NIOCore
import NIOPosix

/// A real Redis on a port of its own, which can be stopped, killed and started again. Keeps nothing on disk.
final class RedisServer {
    let port: Int
    private var process: Process

    /// One that listens, after a while.
    init() async throws {
        // A port that was free a moment ago.
        let probe = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        port = probe.localAddress?.port ?? 0
        try await probe.close()
        process = try RedisServer.launch(port)
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    var url: String { "redis://127.0.0.1:\(port)" }

    /// Ends it at once, and everything in it.
    func killNow() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// It takes bytes, and does nothing with them.
    func freeze() { kill(process.processIdentifier, SIGSTOP) }

    /// It goes on.
    func thaw() { kill(process.processIdentifier, SIGCONT) }

    /// Starts it again, after it was killed.
    func restart() throws { process = try RedisServer.launch(port) }

    /// What redis-cli says to a command.
    func ask(_ words: String...) throws -> String {
        let client = Process()
        client.executableURL = URL(filePath: "/usr/bin/redis-cli")
        client.arguments = ["-p", "\(port)"] + words
        let pipe = Pipe()
        client.standardOutput = pipe
        client.standardError = FileHandle.nullDevice
        try client.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        client.waitUntilExit()
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    private static func launch(_ port: Int) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/redis-server")
        process.arguments = [
            "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "/tmp",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }
}
