import ArgumentParser
import Logging
import MCPServer
import Telemetry

/// `mcp-tool-server stdio`: the server for one client, which has started it.
struct StdioCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stdio",
        abstract: "Serve the client that started this process, over standard input and output.",
        discussion: """
            One JSON-RPC message a line, both ways, of every revision. Ends when standard input does.

            EXAMPLES:
              mcp-tool-server stdio
              echo '{"jsonrpc":"2.0","id":1,"method":"ping"}' | mcp-tool-server stdio

            ENVIRONMENT:
              ENVIRONMENT       what health_check calls the deployment (default: development)
              MAX_REQUEST_SIZE  bytes of a message; longer ones are refused (default: 1048576)

            EXIT STATUS:
              0 the client has closed its side · 64 usage · 69 standard input or output is no pipe, socket or terminal ·
              78 bad environment variable
            """)

    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let environment = try service.readEnvironment()
        let sink = try LogSink(.standardError)
        let logger = Logger(label: "mcp-tool-server") { JSONLogHandler(label: $0, sink: sink) }
        let server = service.makeServer(
            metrics: ServerMetrics(), health: HealthReport(environment: environment.name), logger: logger)
        do {
            try await MCPPipeServer.serve(server, maximumMessageBytes: environment.maximumRequestBytes)
        } catch {
            Process.complain("standard input and output cannot be used: \(error)")
            throw ExitCode.unavailable
        }
        sink.close()
    }
}
