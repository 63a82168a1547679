import ArgumentParser

/// The command line of the tool server.
@main
struct ToolServer: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "mcp-tool-server",
        abstract: "An MCP server with the tools process_data and health_check.",
        discussion: """
            Serves every revision of the Model Context Protocol from 2024-11-05 to 2026-07-28: over Streamable HTTP at \
            /mcp, with GET /health, GET /metrics and POST /mcp/stream beside it, over standard input and output, or as a \
            function of AWS Lambda. Logs JSON.

            EXAMPLES:
              mcp-tool-server
              mcp-tool-server --listen 127.0.0.1:9001 --name server-1
              mcp-tool-server stdio
              mcp-tool-server help http

            SETTINGS, by flag and environment variable; flags win:
            \(Setting.table)
              --json-only
                    Answer MCP with JSON only, never with an event stream.
              --http-sse
                    Serve clients of HTTP+SSE (2024-11-05) besides, at /sse and /messages.
              --healthcheck
                    Serve nothing: exit 0 if the server at this address is well, else 1.
              --everything
                    Offer a specimen of everything besides.
            """,
        version: "mcp-tool-server \(version)",
        subcommands: [HTTPCommand.self, StdioCommand.self, LambdaCommand.self],
        defaultSubcommand: HTTPCommand.self)
}
