import ArgumentParser
import MCPServer
import Transport

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

            EXIT STATUS:
              0 the client has closed its side · 64 usage · 69 standard input or output is no pipe, socket or terminal ·
              78 bad environment variable
            """)

    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let configuration = try service.configuration()
        let service = try await ToolService(
            configuration, everything: self.service.everything, on: EventLoops(servingCount: 1))
        do {
            try await MCPPipeServer.serve(service.server, maximumMessageBytes: configuration.maximumRequestBytes)
        } catch {
            Process.complain("standard input and output cannot be used: \(error)")
            throw ExitCode.unavailable
        }
        await service.close()
    }
}
