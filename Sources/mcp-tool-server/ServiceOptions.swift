import ArgumentParser
import Logging
import MCPServer

/// What the server offers, however it is reached.
struct ServiceOptions: ParsableArguments {
    @Option(help: "The name by which clients see this server.")
    var name = "mcp-tool-server"

    @Option(
        name: .customLong("protocol"),
        help: "Whose clients are served: those of sessions, those of 2026-07-28, or both.")
    var eras = Eras.both

    /// Revisions that are served.
    enum Eras: String, ExpressibleByArgument, CaseIterable {
        case both, legacy, modern
    }

    @Flag(help: "Offer a specimen of everything besides, so that clients and conformance suites can be tried.")
    var everything = false

    func validate() throws {
        guard (1...128).contains(name.utf8.count), name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw ValidationError("--name must have 1 to 128 bytes and no control characters")
        }
    }

    /// The environment. A variable with a wrong value ends the process with a sentence about it.
    func readEnvironment() throws -> ToolServerEnvironment {
        do {
            return try ToolServerEnvironment(Process.environment)
        } catch {
            Process.complain("\(error)")
            throw ExitCode.badConfiguration
        }
    }

    /// The server with its tools, resources and prompts.
    func makeServer(metrics: ServerMetrics, health: HealthReport, logger: Logger) -> MCPServer {
        MCPServer(
            ServerInfo(name: name, version: ToolServer.version, title: "MCP tool server"),
            tools: [ProcessData(), HealthCheck(health)] + (everything ? Fixtures.tools + AskingFixtures.tools : []),
            resources: [MetricsResource(metrics)] + (everything ? Fixtures.resources : []),
            templates: [MetricResource(metrics)] + (everything ? Fixtures.templates : []),
            prompts: [ExplainData()] + (everything ? Fixtures.prompts + AskingFixtures.prompts : []),
            eras: eras == .both ? [.legacy, .modern] : eras == .legacy ? [.legacy] : [.modern],
            logger: logger)
    }
}
