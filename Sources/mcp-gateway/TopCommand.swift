import ArgumentParser

/// `mcp-gateway top`: the table of `status` in a terminal, anew every second.
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Show how a running gateway is, anew every second, until Ctrl-C.",
        discussion: """
            EXAMPLES:
              mcp-gateway top
              mcp-gateway top --admin 127.0.0.1:9090
            """)

    /// Moves to the corner of the terminal and clears it (ECMA-48 §8.3.21, §8.3.39).
    private static let clear = "\u{1B}[H\u{1B}[2J"

    @OptionGroup var place: AdminPlace

    func run() async throws {
        let clock = ContinuousClock()
        var last = try StatusTable(try await place.send("GET", "/status"))
        var time = clock.now
        StandardOutput.line(TopCommand.clear + last.text)
        while true {
            try await Task.sleep(for: .seconds(1))
            let next = try StatusTable(try await place.send("GET", "/status"))
            let now = clock.now
            StandardOutput.line(TopCommand.clear + next.text(since: last, time.duration(to: now)))
            (last, time) = (next, now)
        }
    }
}
