import ArgumentParser

/// `mcp-gateway config`: what a running gateway goes by.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print the configuration that a running gateway uses.",
        discussion: """
            One JSON object, as `explain --json` prints it: every key with its value, and where each came from. Secrets are
            not shown, only where they are kept. The gateway is found by the `admin` address of its configuration file, or
            at --admin.

            EXAMPLES:
              mcp-gateway config --admin 127.0.0.1:9090 | jq .configuration.pools

            EXIT STATUS:
              0 printed · 69 no gateway answers
            """)

    @OptionGroup var place: AdminPlace

    func run() async throws {
        print(try await place.send("GET", "/config"), terminator: "")
    }
}
