import ArgumentParser
import Transport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The command line of `mcp-load`.
@main
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mcp-load",
        abstract: "Calls an MCP endpoint again and again, checks every answer and reports how long they took.",
        discussion: """
            Without --rate every connection sends its next call when it has its answer (closed loop). With --rate the \
            calls are sent at fixed times, and each latency counts from the time at which the call should have been \
            sent, so that a stall shows in full.

            Each answer must have status 200, be JSON or an event stream, be strict JSON-RPC, carry the id of its call, \
            and be a result without isError. Exit status: 0 all was right; 1 some call failed; 64 wrong usage; 69 the \
            endpoint cannot be reached.

            EXAMPLES
              mcp-load http://127.0.0.1:8080/mcp --tool process_data \\
                  --arguments '{"data":{"name":"ada"},"operation":"transform"}' --expect ADA
              mcp-load http://127.0.0.1:8080/mcp --tool health_check --rate 500 --duration 1m --pid 4711
              mcp-load http://127.0.0.1:8080/mcp --era legacy --connections 200 --json
              mcp-load http://127.0.0.1:8080/mcp --tool process_data --payload 64KiB \\
                  --arguments '{"data":{"text":"{payload}"},"operation":"transform"}'
            """)

    @Argument(help: "The endpoint: http://HOST[:PORT][/PATH], or https://.")
    var url: String

    @Option(
        help: "With https: a file of certificates, of which one must have signed the endpoint's. Default: the system's."
    )
    var cacert: String?

    @Option(help: "How to speak: modern (stateless), legacy (initialize and a session per connection), auto.")
    var era = Era.auto

    @Option(name: .shortAndLong, help: "Connections; each has one call under way at a time.")
    var connections = 64

    @Option(name: .shortAndLong, help: "How long to measure: 250ms, 10s, 5m. Default 10s, unless --requests is given.")
    var duration: DurationArgument?

    @Option(name: [.customShort("n"), .long], help: "How many calls to make instead.")
    var requests: Int?

    @Option(help: "Calls per second of all connections together (open loop).")
    var rate: Double?

    @Option(help: "The tool to call; without it, tools/list is called.")
    var tool: String?

    @Option(help: "The tool's arguments, a JSON object. {payload} in it is replaced by --payload bytes.")
    var arguments = "{}"

    @Option(help: "Bytes of padding in the arguments: 300, 64KiB, 1MiB. Without {payload}: a member named padding.")
    var payload: SizeArgument?

    @Option(help: "Text that every answer must contain, as it stands in the JSON.")
    var expect: String?

    @Option(help: "How long to call before counting. Default 1s, with --requests 0s.")
    var warmup: DurationArgument?

    @Option(help: "How long one answer may take.")
    var timeout = DurationArgument.seconds(30)

    @Option(help: "Event loops. More than one only pays when the server has cores of its own.")
    var threads = 1

    @Option(name: .customLong("header"), help: "One more header field, 'Name: value'; may be repeated.")
    var headers: [HeaderArgument] = []

    @Option(
        name: .customLong("pid"), help: "Report CPU µs per call of this process and its descendants; may be repeated.")
    var processes: [Int32] = []

    @Flag(help: "Print the report as one JSON object.")
    var json = false

    @Flag(help: "Exit 0 although calls failed: refused, cut off, in error. Wrong answers still count.")
    var allowFailures = false

    @Flag(help: "Exit 0 even if answers were wrong: another call's id, broken JSON, unexpected content.")
    var allowWrongAnswers = false

    func validate() throws {
        _ = try settings()
    }

    func run() async throws {
        StopSignal.install()
        signal(SIGPIPE, SIG_IGN)
        let report: LoadReport
        do {
            report = try await LoadRun.run(try settings())
        } catch let error as LoadSetUpError {
            StandardError.write("mcp-load: \(error)\n")
            throw ExitCode(69)
        }
        print(json ? report.json : report.text, terminator: json ? "\n" : "")
        if !isAcceptable(report.counts) { throw ExitCode.failure }
    }

    /// Whether the run counts as a success.
    private func isAcceptable(_ counts: LoadCounts) -> Bool {
        if counts.wrongAnswers > 0, !allowWrongAnswers { return false }
        if counts.failed > counts.wrongAnswers, !allowFailures { return false }
        return true
    }

    /// The validated settings.
    func settings() throws -> LoadSettings {
        func check(_ isFine: Bool, _ complaint: String) throws {
            if !isFine { throw ValidationError(complaint) }
        }
        try check((1...100_000).contains(connections), "--connections must be 1 to 100000, is \(connections)")
        try check(
            (1...min(connections, 256)).contains(threads),
            "--threads must be 1 to the number of connections, is \(threads)")
        try check(requests.map { (1...10_000_000_000).contains($0) } ?? true, "--requests must be 1 to 10000000000")
        try check(requests == nil || duration == nil, "--requests and --duration exclude each other")
        try check(duration.map { $0.duration > .zero } ?? true, "--duration must be above zero")
        try check(timeout.duration > .zero, "--timeout must be above zero")
        try check(rate.map { $0 > 0 && $0 <= 10_000_000 } ?? true, "--rate must be above 0, at most 10000000")
        try check(tool != nil || arguments == "{}" && payload == nil, "--arguments and --payload need --tool")
        try check(expect.map { !$0.isEmpty } ?? true, "--expect must not be empty")
        for process in processes {
            try check(ProcessTree.cpuTime(of: process) != nil, "--pid \(process): there is no such process")
        }
        let endpoint: Endpoint
        do {
            endpoint = try Endpoint(url)
        } catch {
            throw ValidationError("\(error)")
        }
        try check(cacert == nil || endpoint.isSealed, "--cacert needs an endpoint with https://")
        let end: LoadSettings.End
        if let requests {
            end = .requests(requests)
        } else {
            end = .duration(duration?.duration ?? .seconds(10))
        }
        do {
            return LoadSettings(
                endpoint: endpoint, tls: endpoint.isSealed ? try tls(of: endpoint) : nil, era: era,
                headers: headers.map(\.line),
                call: try CallContent(tool: tool, arguments: arguments, payload: payload?.byteCount ?? 0),
                connections: connections, threads: threads, end: end, rate: rate,
                warmup: warmup?.duration ?? (requests == nil ? .seconds(1) : .zero), timeout: timeout.duration,
                expectedText: expect.map { Array($0.utf8) }, processes: processes)
        } catch let error as CallContentError {
            throw ValidationError("\(error)")
        }
    }

    private func tls(of endpoint: Endpoint) throws -> ClientTLS {
        do {
            return try ClientTLS(authorityFile: cacert).forHost(endpoint.host)
        } catch {
            throw ValidationError("--cacert \(cacert ?? ""): \(error)")
        }
    }
}
