import Logging
import MCPServer
import NIOPosix
import Synchronization
import Wire

/// An MCP server of this package on a port of its own.
struct RealServer {
    /// A tool that answers, or says that it has failed.
    private struct Light: Tool {
        let definition: ToolDefinition
        let isBroken: Bool

        init(_ name: String, isBroken: Bool) {
            definition = ToolDefinition(name: name, description: "For tests.", inputSchema: #"{"type":"object"}"#)
            self.isBroken = isBroken
        }

        func run(_ call: ToolCall) async throws -> ToolResult {
            if isBroken { throw ToolInputError("it is broken") }
            return .text("it shines")
        }
    }

    /// What its health page says.
    final class Health: Sendable {
        let answer = Mutex((status: 200, text: #"{"status":"healthy"}"#))
    }

    let url: String
    let health: Health

    /// Starts a server with the tools `light` and `broken`, lets `body` use it, and stops it.
    static func with(
        eras: Set<MCPEra> = [.legacy, .modern], hasTools: Bool = true, hasHealth: Bool = true,
        _ change: (inout HTTPServerSettings) -> Void = { _ in }, _ body: (RealServer) async throws -> Void
    ) async throws {
        let health = Health()
        var settings = HTTPServerSettings()
        settings.port = 0
        if hasHealth {
            settings.pages = [
                HTTPPage(path: "/health") {
                    let (status, text) = health.answer.withLock { $0 }
                    return HTTPPage.Contents(status: status, form: .json, body: .init(string: text))
                }
            ]
        }
        change(&settings)
        let server = MCPServer(
            ServerInfo(name: "test", version: "1"),
            tools: hasTools ? [Light("light", isBroken: false), Light("broken", isBroken: true)] : [], eras: eras,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let http = try await MCPHTTPServer.start(
            server, settings: settings, on: [MultiThreadedEventLoopGroup.singleton.next()])
        let url = "http://127.0.0.1:\(http.localAddress.port ?? 0)/mcp"
        do {
            try await body(RealServer(url: url, health: health))
        } catch {
            await http.drain(timeout: .seconds(1))
            throw error
        }
        await http.drain(timeout: .seconds(1))
    }
}
