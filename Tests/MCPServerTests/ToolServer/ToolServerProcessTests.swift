import Foundation
import NIOCore
import Testing
import Wire

/// The executable as its users start it: what it says, and how it ends.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct ToolServerProcessTests {
    @Test func `says where it listens, serves, drains on SIGTERM, and ends with 0`() async throws {
        let running = try Running(["--listen", "127.0.0.1:0", "--name", "server-1"], ["ENVIRONMENT": "staging"])
        let client = try await RawClient.connect(to: try await running.address())
        let discovered = try #require(try await client.ask(Request.modern("server/discover")))
        let info = discovered.json?["result"]?["_meta"]?["io.modelcontextprotocol/serverInfo"]
        #expect(info?["name"] == "server-1")
        let listed = try await client.ask(Request.modern("tools/list"))?.json?["result"]?["tools"]?.arrayValue
        #expect(listed?.map { $0["name"] } == ["process_data", "health_check"])
        let health = try #require(try await client.ask(Request.get("/health")))
        #expect(health.status == 200)
        #expect(health.json?["environment"] == "staging")
        let metrics = try #require(try await client.ask(Request.get("/metrics")))
        #expect(metrics.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(metrics.body.contains(#"mcp_requests_total{method="tools/list",status="success"} 1"#))
        let read = Request.modern(
            "resources/read", #""uri":"monitoring://metrics","#, name: "monitoring://metrics")
        let text = try await client.ask(read)?.json?["result"]?["contents"]?[0]?["text"]?.stringValue
        #expect(text?.contains("mcp_active_connections 1") == true)
        running.process.terminate()
        #expect(await client.untilClosed() == "")
        #expect(await running.status() == 0)
        // The log is JSON, line by line.
        let log = running.errors()
        for line in log.split(separator: "\n") { #expect(throws: Never.self) { try JSONValue.parse(String(line)) } }
        #expect(log.contains("drained"))
    }

    @Test func `takes MAX_REQUEST_SIZE`() async throws {
        let running = try Running(["--listen", "localhost:0"], ["MAX_REQUEST_SIZE": "100"])
        let client = try await RawClient.connect(to: try await running.address())
        #expect(try await client.ask(Request.modern("tools/list"))?.status == 413)
        running.process.interrupt()
        #expect(await running.status() == 0)
    }

    @Test func `ends at once when it is asked a second time`() async throws {
        let running = try Running(["--listen", "127.0.0.1:0"])
        let client = try await RawClient.connect(to: try await running.address())
        // A request that never becomes complete keeps it from draining.
        try await client.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\n")
        _ = try await running.ask(Request.get("/health"))
        running.process.terminate()
        while !running.errors().contains("draining") { try await Task.sleep(for: .milliseconds(10)) }
        running.process.terminate()
        #expect(await running.status() == 143)
    }

    @Test(arguments: [
        (["--listen", "nonsense"], [:], 64, "nonsense"), (["--workers", "0"], [:], 64, "--workers"),
        (["--name", ""], [:], 64, "--name"), (["--bogus"], [:], 64, "--bogus"),
        ([], ["MAX_REQUEST_SIZE": "lots"], 78, "MAX_REQUEST_SIZE"), ([], ["ENVIRONMENT": ""], 78, "ENVIRONMENT"),
        (["--listen", "203.0.113.1:1"], [:], 69, "203.0.113.1:1"),
    ])
    func `refuses to start with a reason`(
        _ arguments: [String], _ environment: [String: String], _ status: Int32, _ reason: String
    ) async throws {
        let running = try Running(arguments, environment)
        #expect(await running.status() == status)
        #expect(running.errors().contains(reason))
        #expect(running.output().isEmpty)
    }

    @Test func `ends with 69 when the port is taken`() async throws {
        let first = try Running(["--listen", "127.0.0.1:0"])
        let address = try await first.address()
        let second = try Running(["--listen", "127.0.0.1:\(address.port ?? 0)"])
        #expect(await second.status() == 69)
        first.process.terminate()
        #expect(await first.status() == 0)
    }

    @Test func `explains itself`() async throws {
        for (arguments, parts) in [
            (["--help"], ["EXAMPLES", "http (default)", "stdio"]),
            (["help", "http"], ["EXAMPLES", "--listen", "127.0.0.1:9000", "MAX_REQUEST_SIZE", "EXIT STATUS"]),
            (["help", "stdio"], ["EXAMPLES", "--everything", "MAX_REQUEST_SIZE", "EXIT STATUS"]),
        ] {
            let help = try Running(arguments)
            #expect(await help.status() == 0)
            let text = help.output()
            for part in parts { #expect(text.contains(part), "\(part)") }
        }
        let version = try Running(["--version"])
        #expect(await version.status() == 0)
        #expect(version.output().hasPrefix("mcp-tool-server "))
    }
}

/// A tool server that was started. What it says goes to files: pipes would be inherited by whatever is started meanwhile.
final class Running: Sendable {
    let process = Process()
    private let folder: URL
    private let ended = Signal()

    init(_ arguments: [String], _ environment: [String: String] = [:]) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "tool-server-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["out", "err"] { try Data().write(to: folder.appending(path: name)) }
        process.executableURL = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "mcp-tool-server")
        process.arguments = arguments
        process.environment = environment
        process.standardOutput = try FileHandle(forWritingTo: folder.appending(path: "out"))
        process.standardError = try FileHandle(forWritingTo: folder.appending(path: "err"))
        process.terminationHandler = { [ended] _ in ended.raise() }
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: folder)
    }

    /// Waits for the line that says where it listens.
    func address() async throws -> SocketAddress {
        while !output().hasSuffix("\n"), !ended.isRaised { try await Task.sleep(for: .milliseconds(10)) }
        let said = try JSONValue.parse(output())
        #expect(said["message"] == "listening")
        #expect(said["listener"] == "mcp")
        let text = try #require(said["address"]?.stringValue)
        let colon = try #require(text.lastIndex(of: ":"))
        let port = try #require(Int(text[text.index(after: colon)...]))
        let host = text[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        return try SocketAddress(ipAddress: host, port: port)
    }

    /// One request on a connection of its own.
    func ask(_ text: String) async throws -> RawClient.Answer? {
        let client = try await RawClient.connect(to: try await address())
        return try await client.ask(text)
    }

    /// Waits for its end and gives its status.
    func status() async -> Int32 {
        await ended.wait()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    func output() -> String { (try? String(contentsOf: folder.appending(path: "out"), encoding: .utf8)) ?? "" }
    func errors() -> String { (try? String(contentsOf: folder.appending(path: "err"), encoding: .utf8)) ?? "" }
}
