import ArgumentParser
import Logging

/// What can be said about servers and probes by flag.
struct MonitorOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Servers: URL, or NAME=URL; NAME is what metrics and logs call it. (environment: MCP_SERVERS, with commas)",
            valueName: "server"))
    var servers: [String] = []

    @Option(name: .customLong("server"), help: "The same, by flag; may be repeated.")
    var moreServers: [String] = []

    @Option(
        name: .customLong("servers"),
        help: ArgumentHelp(
            "A file with one server a line; # begins a comment. (environment: MCP_SERVERS_FILE)", valueName: "file"))
    var serversFile: String?

    @Option(
        help: ArgumentHelp(
            "From one probe to the next, a tenth more or less. (environment: MONITOR_INTERVAL; default: 30s)",
            valueName: "duration"))
    var interval: DurationArgument?

    @Option(
        help: ArgumentHelp(
            "How long a whole probe may take. (environment: MONITOR_TIMEOUT; default: 10s)", valueName: "duration"))
    var timeout: DurationArgument?

    @Option(
        help: ArgumentHelp(
            "A cheap tool that every probe calls, with its arguments as a JSON object. (environment: MONITOR_CALL)",
            valueName: "tool[=json]"))
    var call: String?

    @Option(
        help: ArgumentHelp(
            "Where the servers have their health page. (environment: MONITOR_HEALTH_PATH; default: /health)",
            valueName: "path"))
    var healthPath: String?

    @Flag(help: "Do not ask for the health page.")
    var noHealth = false

    @Option(
        name: .customLong("header"),
        help: ArgumentHelp("A header field for the servers, 'Name: value'; may be repeated.", valueName: "field"))
    var headers: [HeaderArgument] = []

    @Option(
        help: ArgumentHelp(
            "Where the servers' bearer token is; a file is read anew for each probe. (environment: MONITOR_BEARER)",
            valueName: "env:name|file:path"))
    var bearer: BearerSource?

    @Option(
        name: .customLong("ca"),
        help: ArgumentHelp(
            "Certificates in PEM that are trusted beside the system's. (environment: MONITOR_CA)", valueName: "file"))
    var authorityFile: String?

    @Option(
        help: ArgumentHelp(
            """
            Where /metrics and /health are served; port 0 lets the system choose. (environment: MONITOR_LISTEN; \
            default: 127.0.0.1:9092)
            """,
            valueName: "host:port"))
    var listen: ListenAddress?

    @Option(
        help: ArgumentHelp(
            "The least level that is logged: debug, info, warning or error. (environment: LOG_LEVEL; default: info)",
            valueName: "level"))
    var logLevel: String?
}
