import ArgumentParser

/// How the server is reached over HTTP.
struct HTTPOptions: ParsableArguments {
    @Option(help: Setting.listen.help) var listen: String?
    @Option(help: Setting.socketMode.help) var socketMode: String?
    @Option(help: Setting.workers.help) var workers: String?
    @Option(help: Setting.rateLimit.help) var rateLimit: String?
    @Option(help: Setting.sessions.help) var sessions: String?

    @Flag(help: "Answer MCP with JSON only, never with an event stream.")
    var jsonOnly = false

    @Flag(
        name: .customLong("http-sse"),
        help: "Serve clients of HTTP+SSE (2024-11-05, deprecated) besides, at /sse and /messages.")
    var servesHTTPSSE = false

    @Flag(help: "Serve nothing: ask the server at this address whether it is well; exit 0 if it is, else 1.")
    var healthcheck = false

    @Option(help: ArgumentHelp("An origin whose pages may call; may be repeated.", valueName: "origin"))
    var allowOrigin: [String] = []

    @Option(help: ArgumentHelp("A host name that requests may be for; may be repeated.", valueName: "host"))
    var allowHost: [String] = []

    /// What was given, by setting.
    var values: [Setting: String] {
        let given: [Setting: String?] = [
            .listen: listen, .socketMode: socketMode, .workers: workers, .rateLimit: rateLimit, .sessions: sessions,
        ]
        return given.compactMapValues(\.self)
    }
}
