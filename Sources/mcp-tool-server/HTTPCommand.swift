import ArgumentParser
import Logging
import MCPServer
import Telemetry
import Transport

/// `mcp-tool-server http`, and what runs without a subcommand: the server over Streamable HTTP.
struct HTTPCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "http",
        abstract: "Serve over Streamable HTTP (the default).",
        discussion: """
            Says on standard output when it is ready.

            EXAMPLES:
              mcp-tool-server --listen 127.0.0.1:9001 --name server-1
              ENVIRONMENT=staging MAX_REQUEST_SIZE=65536 mcp-tool-server --listen 0.0.0.0:9000
              mcp-tool-server --listen unix:/run/mcp/tools.sock --socket-mode 660

              curl -s http://127.0.0.1:9000/mcp -H 'Content-Type: application/json' \\
                -H 'Accept: application/json, text/event-stream' -H 'MCP-Protocol-Version: 2026-07-28' \\
                -H 'Mcp-Method: tools/call' -H 'Mcp-Name: process_data' \\
                -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"process_data","arguments":{
                     "data":{"city":"Oslo"},"operation":"transform"},"_meta":{
                     "io.modelcontextprotocol/protocolVersion":"2026-07-28",
                     "io.modelcontextprotocol/clientCapabilities":{}}}}'

            ENVIRONMENT:
              ENVIRONMENT       what health_check calls the deployment (default: development)
              MAX_REQUEST_SIZE  bytes of a request body; beyond: 413 (default: 1048576)

            EXIT STATUS:
              0 drained · 64 usage · 69 the address cannot be had · 78 bad environment variable ·
              130, 143 ended by a second signal
            """)

    @OptionGroup var service: ServiceOptions

    @Option(
        help: ArgumentHelp(
            "Where to listen: HOST:PORT, where port 0 lets the system choose, or unix:PATH.", valueName: "address"))
    var listen = ListenAddress.standard

    @Option(
        help: ArgumentHelp("Who may connect to a unix-domain socket: the permissions of its file.", valueName: "octal"))
    var socketMode = FileMode.standard

    @Option(help: ArgumentHelp("Event loops that serve requests.", valueName: "count"))
    var workers = 1

    @Option(help: "Whether clients of the session era get a session, or every request stands alone.")
    var sessions = Switch.on

    @Flag(help: "Answer with JSON only, never with an event stream.")
    var jsonOnly = false

    @Flag(
        name: .customLong("http-sse"),
        help: "Serve clients of HTTP+SSE (2024-11-05, deprecated) besides, at /sse and /messages.")
    var servesHTTPSSE = false

    @Option(help: ArgumentHelp("An origin whose pages may call; may be repeated.", valueName: "origin"))
    var allowOrigin: [String] = []

    @Option(help: ArgumentHelp("A host name that requests may be for; may be repeated.", valueName: "host"))
    var allowHost: [String] = []

    /// On or off.
    enum Switch: String, ExpressibleByArgument, CaseIterable {
        case on, off
    }

    func validate() throws {
        guard (1...256).contains(workers) else { throw ValidationError("--workers must be 1 to 256, is \(workers)") }
        if case .unix = listen, workers > 1 {
            throw ValidationError("--workers must be 1 with a unix-domain socket, which one event loop accepts from")
        }
    }

    func run() async throws {
        let environment = try service.readEnvironment()
        let termination = await Termination()
        let sink = try LogSink(.standardError)
        let logger = Logger(label: "mcp-tool-server") { JSONLogHandler(label: $0, sink: sink) }
        let loops = EventLoops(servingCount: workers)
        let http: MCPHTTPServer
        do {
            http = try await start(environment, logger, loops)
        } catch let error as MCPHTTPServerError {
            Process.complain("\(error)")
            throw ExitCode.unavailable
        }
        let address = ListenAddress(http.localAddress).description
        Process.announce(listener: "mcp", address: address)
        logger.info(
            "serving",
            metadata: ["address": "\(address)", "name": "\(service.name)", "environment": "\(environment.name)"])
        await termination.first()
        logger.info("draining")
        await http.drain(timeout: .seconds(30))
        logger.info("drained")
        sink.close()
    }

    private func start(_ environment: ToolServerEnvironment, _ logger: Logger, _ loops: EventLoops) async throws
        -> MCPHTTPServer
    {
        let metrics = ServerMetrics()
        let health = HealthReport(environment: environment.name)
        let server = service.makeServer(metrics: metrics, health: health, logger: logger)
        var settings = HTTPServerSettings()
        listen.apply(to: &settings)
        settings.socketMode = socketMode.bits
        settings.maximumRequestBytes = environment.maximumRequestBytes
        settings.maximumConnections = DescriptorLimit.connections(descriptors: DescriptorLimit.raise())
        settings.hasSessions = sessions == .on
        settings.streamsAnswers = !jsonOnly
        settings.servesHTTPSSE = servesHTTPSSE
        settings.allowedOrigins = allowOrigin
        settings.allowedHosts = allowHost
        settings.pages = [
            HTTPPage(path: "/health") { HTTPPage.Contents(form: .json, body: health.json()) },
            HTTPPage(path: "/metrics") { HTTPPage.Contents(form: .prometheus, body: metrics.page()) },
        ]
        return try await MCPHTTPServer.start(
            server, settings: settings, metrics: metrics, on: loops.serving.map(\.eventLoop))
    }
}
