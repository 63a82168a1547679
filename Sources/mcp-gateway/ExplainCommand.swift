import ArgumentParser
import Gateway

/// `mcp-gateway explain`: shows what a configuration file amounts to.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Print the configuration in effect, and where each value came from.",
        discussion: """
            Every key is there, with the value of the file or the default. The output is a configuration file too, and
            means the same. Secrets are not shown, only where they are kept. A file that `check` refuses is refused here.

            EXAMPLES:
              mcp-gateway explain gateway.conf
              mcp-gateway explain gateway.conf --json | jq '.configuration.pools.tools.timeout'
            """)

    @Argument(help: "The configuration file.")
    var file: String

    @Flag(help: "Print one JSON object: configuration, origins, withoutEffect.")
    var json = false

    func run() throws {
        let explained = try ConfigurationFile(file).explain()
        print(json ? explained.json() : explained.yaml(), terminator: "")
    }
}
