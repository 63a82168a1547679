import ArgumentParser
import Gateway

/// `mcp-gateway diff`: says what differs between two configuration files.
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Say what differs between what two configuration files mean.",
        discussion: """
            What is compared is what is in effect, with defaults; spelling and order are no difference. Each difference is
            a line `KEYPATH: changed from A to B; what it means`. Secrets are compared, but not shown.

            EXAMPLES:
              mcp-gateway diff gateway.conf new.conf
              mcp-gateway diff <(git show HEAD:gateway.conf) gateway.conf

            EXIT STATUS:
              0 no difference · 1 some · 78 one of the files is bad
            """)

    @Argument(help: "The configuration file as it was.")
    var old: String

    @Argument(help: "The configuration file as it is to be.")
    var new: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        // Both are read before either is complained about for good.
        let before = Result { try ConfigurationFile(old).explain() }
        let after = Result { try ConfigurationFile(new).explain() }
        let comparison = try ConfigurationComparison(before.get(), after.get())
        if json {
            print(comparison.json(), terminator: "")
        } else {
            for difference in comparison.differences { print(difference.text) }
        }
        if !comparison.differences.isEmpty { throw ExitCode.failure }
    }
}
