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
        (["--redis", "nowhere"], [:], 64, "--redis"), ([], ["RATE_LIMIT": "few"], 78, "RATE_LIMIT"),
        (["--log-file", "/nowhere/x.log"], [:], 69, "/nowhere/x.log"),
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

    @Test func `says everything that is wrong with its settings at once`() async throws {
        let variables = ["CACHE_TTL": "soon", "LOG_LEVEL": "loud", "PORT": "http"]
        let running = try Running([], variables)
        #expect(await running.status() == 78)
        #expect(running.errors().split(separator: "\n").count == 3)
        for name in variables.keys { #expect(running.errors().contains("mcp-tool-server: \(name) must be ")) }
        let flagged = try Running(["--delay", "long"], variables)
        #expect(await flagged.status() == 64)
        #expect(flagged.errors().split(separator: "\n").count == 4)
    }

    @Test func `takes PORT, and listens elsewhere when a flag says so`() async throws {
        let running = try Running([], ["PORT": "0"])
        let address = try await running.address()
        #expect(address.ipAddress == "127.0.0.1")
        #expect(address.port != 9_000)
        #expect(await running.end() == 0)
        let flagged = try Running(["--listen", "[::1]:0"], ["PORT": "\(address.port ?? 0)"])
        #expect(try await flagged.address().ipAddress == "::1")
        #expect(await flagged.end() == 0)
    }

    @Test func `logs what LOG_LEVEL allows to LOG_FILE, and opens that anew on SIGHUP`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tool-server-log-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (file, moved) = (folder.appending(path: "log"), folder.appending(path: "log.1"))
        func text(_ url: URL) -> String { (try? String(contentsOf: url, encoding: .utf8)) ?? "" }
        let running = try Running(["--listen", "127.0.0.1:0"], ["LOG_FILE": file.path, "LOG_LEVEL": "INFO"])
        _ = try await running.address()
        while !text(file).contains("serving") { try await Task.sleep(for: .milliseconds(10)) }
        try FileManager.default.moveItem(at: file, to: moved)
        kill(running.process.processIdentifier, SIGHUP)
        // Opened before the next line is written.
        while !FileManager.default.fileExists(atPath: file.path) { try await Task.sleep(for: .milliseconds(10)) }
        #expect(await running.end() == 0)
        #expect(text(file).contains("drained"))
        #expect(!text(file).contains("serving"))
        #expect(text(moved).contains("serving"))
        #expect(running.errors().isEmpty)
        let quiet = try Running(["--listen", "127.0.0.1:0", "--log-level", "error"])
        _ = try await quiet.address()
        #expect(await quiet.end() == 0)
        #expect(quiet.errors().isEmpty)
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
            (
                ["--help"],
                [
                    "EXAMPLES", "http (default)", "stdio", "REDIS_URL", "(default: 300s)", "RATE_LIMIT", "PORT",
                    "LOG_FILE",
                ]
            ),
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
