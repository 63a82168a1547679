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
            """)

    @Argument(help: "The configuration file.")
    var file: String

    func run() throws {
        let loaded = try ConfigurationFile(file).load()
        let pools = loaded.configuration.pools
        let backends = pools.reduce(0) { $0 + $1.backends.count }
        print("\(file): good: \(count(pools.count, "pool")), \(count(backends, "backend")), \(count(loaded.warnings.count, "warning"))")
    }

    private func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}
