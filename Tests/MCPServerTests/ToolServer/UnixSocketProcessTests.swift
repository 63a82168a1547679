import Foundation
import NIOCore
import Testing
import Wire

/// The executable on a unix-domain socket.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct UnixSocketProcessTests {
    private let path = "/tmp/mcp tools \"\(UInt32.random(in: .min ... .max))\".sock"

    private func start(_ more: [String] = []) async throws -> Running {
        let running = try Running(["--listen", "unix:\(path)"] + more)
        while !running.output().hasSuffix("\n"), running.process.isRunning {
            try await Task.sleep(for: .milliseconds(10))
        }
        return running
    }

    private func ask(_ text: String) async throws -> RawClient.Answer? {
        try await RawClient.connect(to: SocketAddress(unixDomainSocketPath: path)).ask(text)
    }

    @Test func `says where it listens, serves, and removes the file when it ends`() async throws {
        let running = try await start(["--socket-mode", "0660"])
        let said = try JSONValue.parse(running.output())
        #expect(said == ["message": "listening", "listener": "mcp", "address": .string("unix:\(path)")])
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o660)
        let listed = try await ask(Request.modern("tools/list"))?.json?["result"]?["tools"]?.arrayValue
        #expect(listed?.first?["name"] == "process_data")
        #expect(try await ask(Request.get("/health", ["Host: any.example.com"]))?.status == 200)
        running.process.terminate()
        #expect(await running.status() == 0)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `ends with 69 where another one listens, and takes over from one that was killed`() async throws {
        let first = try await start()
        let second = try await start()
        #expect(await second.status() == 69)
        #expect(second.errors().contains("somebody listens there"))
        #expect(try await ask(Request.get("/health"))?.status == 200)
        kill(first.process.processIdentifier, SIGKILL)
        _ = await first.status()
        #expect(FileManager.default.fileExists(atPath: path))
        let third = try await start()
        #expect(try await ask(Request.get("/health"))?.status == 200)
        third.process.terminate()
        #expect(await third.status() == 0)
    }

    @Test(arguments: [
        (["--listen", "unix:"], "unix:"), (["--listen", "unix:/tmp/x", "--workers", "2"], "--workers"),
        (["--socket-mode", "888"], "--socket-mode"), (["--socket-mode", "1777"], "--socket-mode"),
    ])
    func `refuses options that cannot be`(_ arguments: [String], _ reason: String) async throws {
        let running = try Running(arguments)
        #expect(await running.status() == 64)
        #expect(running.errors().contains(reason))
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/curl"), "curl is not installed"))
    func `is reached by curl`() async throws {
        let running = try await start()
        let answer = FileManager.default.temporaryDirectory.appending(path: "curl-\(UUID().uuidString)")
        let curl = Process()
        curl.executableURL = URL(filePath: "/usr/bin/curl")
        curl.arguments = [
            "--silent", "--fail", "--max-time", "10", "--unix-socket", path, "-o", answer.path, "http://tools/health",
        ]
        let ended = Signal()
        curl.terminationHandler = { _ in ended.raise() }
        try curl.run()
        await ended.wait()
        #expect(curl.terminationStatus == 0)
        #expect(try JSONValue.parse([UInt8](Data(contentsOf: answer)))["status"] == "healthy")
        try FileManager.default.removeItem(at: answer)
        running.process.terminate()
        #expect(await running.status() == 0)
    }
}
