import ArgumentParser
import Gateway

/// `mcp-gateway check`: says what is wrong with a configuration, without serving.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check a configuration file; exit with 78 if it is bad.",
        discussion: """
            Every complaint is a line `FILE:LINE:COLUMN: KEYPATH: what is wrong` on standard error.

            EXAMPLES:
              mcp-gateway check gateway.conf
              mcp-gateway check --schema > gateway.schema.json
            """)

    @Argument(help: "The configuration file.")
    var file: String?

    @Flag(help: "Print the JSON Schema of configuration files instead.")
    var schema = false

    func validate() throws {
        if file == nil, !schema { throw ValidationError("name a file to check, or ask for --schema") }
    }

    func run() throws {
        if schema {
            print(ConfigurationSchema.json(), terminator: "")
            return
        }
        guard let file else { return }
        let loaded = try ConfigurationFile(file).load()
        let pools = loaded.configuration.pools
        let backends = pools.reduce(0) { $0 + $1.backends.count }
        print(
            "\(file): good: \(count(pools.count, "pool")), \(count(backends, "backend")), \(count(loaded.warnings.count, "warning"))"
        )
    }

    private func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}
