import Foundation
import Logging
import MCPServer
import Testing

/// The server that the README shows, to the letter.
struct Greet: SynchronousTypedTool {
    struct Input: ToolInput { var name: String; var loudly: Bool? }
    let name = "greet"
    let description = "Says hello."

    func run(_ input: Input, _ context: CallContext) -> String {
        input.loudly == true ? "HELLO, \(input.name.uppercased())!" : "Hello, \(input.name)!"
    }
}

@Suite struct ReadmeTests {
    @Test func `the server that the README shows is the one that is tested`() throws {
        let root = URL(filePath: #filePath).appending(path: "../../../..").standardized
        let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        let own = try String(contentsOf: URL(filePath: #filePath), encoding: .utf8)
        let start = try #require(own.range(of: "struct Greet")).lowerBound
        let end = try #require(own.range(of: "\n}\n", range: start..<own.endIndex)).upperBound
        #expect(readme.contains(own[start..<end]))
    }

    @Test func `the server that the README shows greets`() async throws {
        let logger = Logger(label: "demo") { StreamLogHandler.standardError(label: $0) }
        let server = MCPServer(ServerInfo(name: "demo", version: "1.0"), tools: [Greet()], logger: logger)
        let asked = try await Core(server: server).ask(
            "tools/call", #"{"name":"greet","arguments":{"name":"Ann"}}"#, .v2025_11_25)
        #expect(asked.text == "Hello, Ann!")
        let refused = try await Core(server: server).ask(
            "tools/call", #"{"name":"greet","arguments":{"nmae":"Ann"}}"#, .v2025_11_25)
        #expect(refused.result?["isError"] == true)
    }
}
