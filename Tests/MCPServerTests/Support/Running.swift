import Foundation
import NIOCore
import Testing
import Wire

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

    /// Ends it as an operator would, and gives its status.
    func end() async -> Int32 {
        process.terminate()
        return await status()
    }

    /// The value of a metric, by the whole text in front of it; `nil` if it is not on the page.
    func metric(_ name: String) async throws -> Int? {
        let page = try await ask(Request.get("/metrics"))?.body ?? ""
        return page.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .flatMap { Int($0.dropFirst(name.utf8.count + 1)) }
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
