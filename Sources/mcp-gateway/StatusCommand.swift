import ArgumentParser
import Wire

/// `mcp-gateway status`: how a running gateway and its backends are.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show how a running gateway and its backends are.",
        discussion: """
            The gateway is found by the `admin` address of its configuration file, or at --admin.

            EXAMPLES:
              mcp-gateway status
              mcp-gateway status --admin 127.0.0.1:9090 --json

            EXIT STATUS:
              0 shown · 69 no gateway answers
            """)

    @OptionGroup var place: AdminPlace

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let body = try await place.send("GET", "/status")
        print(json ? body : try StatusTable(body).text, terminator: json ? "" : "\n")
    }
}
