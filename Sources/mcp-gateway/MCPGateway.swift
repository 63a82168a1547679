import ArgumentParser

/// The command line of the gateway.
@main
struct MCPGateway: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "mcp-gateway",
        abstract: "A resilient gateway for servers of the Model Context Protocol (MCP).",
        discussion: """
            EXAMPLES:
              mcp-gateway --config gateway.conf      serve calls until SIGTERM or Ctrl-C
              mcp-gateway check gateway.conf         say what is wrong with a configuration
              mcp-gateway check --schema             print the JSON Schema of the configuration
              mcp-gateway explain gateway.conf       show all values in effect, and where they came from
              mcp-gateway diff gateway.conf new.conf say what differs, and what that means
              mcp-gateway status                     show how a running gateway and its backends are
              mcp-gateway config                     print the configuration that a running gateway uses
              mcp-gateway backend drain tools 127.0.0.1:9002
                                                     take a backend out of service
              mcp-gateway cache stats                show how the cache of a running gateway is doing
              mcp-gateway --healthcheck              exit 0 if the gateway of ./gateway.conf lives

            EXIT STATUS:
              0 drained or done · 1 differences of diff, no life for --healthcheck · 64 usage · 69 an address cannot be had ·
              78 bad configuration · 130, 143 ended by a second signal
            """,
        subcommands: [
            RunCommand.self, CheckCommand.self, ExplainCommand.self, DiffCommand.self, StatusCommand.self,
            TopCommand.self, ConfigCommand.self, BackendCommand.self, CacheCommand.self, VersionCommand.self,
        ],
        defaultSubcommand: RunCommand.self)
}

/// `mcp-gateway version`
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    func run() {
        print("mcp-gateway \(MCPGateway.version)")
    }
}
