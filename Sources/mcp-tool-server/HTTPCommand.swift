import ArgumentParser
import MCPServer
import NIOCore
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
              ENVIRONMENT=staging MAX_REQUEST_SIZE=64KiB mcp-tool-server --listen 0.0.0.0:9000
              REDIS_URL=redis://127.0.0.1 RATE_LIMIT=600 PORT=8000 mcp-tool-server
              mcp-tool-server --listen unix:/run/mcp/tools.sock --socket-mode 660

              curl -s http://127.0.0.1:9000/mcp -H 'Content-Type: application/json' \\
                -H 'Accept: application/json, text/event-stream' -H 'MCP-Protocol-Version: 2026-07-28' \\
                -H 'Mcp-Method: tools/call' -H 'Mcp-Name: process_data' \\
                -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"process_data","arguments":{
                     "data":{"city":"Oslo"},"operation":"transform"},"_meta":{
                     "io.modelcontextprotocol/protocolVersion":"2026-07-28",
                     "io.modelcontextprotocol/clientCapabilities":{}}}}'

            BESIDE MCP:
              GET /health       how the server is, as JSON: 200, or 503 while it ends
              GET /metrics      what it has counted, for Prometheus
              POST /mcp/stream  process_data with its progress as an event stream, for clients without MCP:
                curl -sN http://127.0.0.1:9000/mcp/stream -H 'Content-Type: application/json' \\
                  -d '{"data":{"city":"Oslo"},"operation":"transform"}'

            Flags win over environment variables. Of these, MAX_REQUEST_SIZE, RATE_LIMIT and PORT are what hosting
            platforms and compose files set. Behind a gateway all calls come from one address: say --rate-limit 0 there.

            EXIT STATUS:
              0 drained · 64 usage · 69 address or log file cannot be had · 78 bad environment variable ·
              130, 143 ended by a second signal
            """)

    @OptionGroup var service: ServiceOptions

    @OptionGroup var http: HTTPOptions

    func run() async throws {
        let configuration = try service.configuration(http: http.values)
        if http.healthcheck { return try await checkHealth(configuration.listen) }
        let termination = await Termination()
        let loops = EventLoops(servingCount: configuration.workers)
        let service = try await ToolService(configuration, everything: self.service.everything, on: loops)
        let logger = service.logger
        let server: MCPHTTPServer
        do {
            server = try await start(service, loops)
        } catch let error as MCPHTTPServerError {
            Process.complain("\(error)")
            throw ExitCode.unavailable
        }
        let address = ListenAddress(server.localAddress).description
        Process.announce(listener: "mcp", address: address)
        logger.info(
            "serving",
            metadata: [
                "address": "\(address)", "name": "\(configuration.name)", "environment": "\(configuration.environment)",
            ])
        await termination.first()
        logger.info("draining")
        service.health.beginDraining()
        await server.drain(timeout: .seconds(30))
        logger.info("drained")
        await service.close()
    }

    /// For containers, which have no shell and no curl to ask with.
    private func checkHealth(_ address: ListenAddress) async throws {
        guard case .tcp(let host, let port) = address, port != 0 else {
            throw ValidationError("--healthcheck asks at the HOST:PORT of --listen, and there is none")
        }
        let loops = EventLoops(servingCount: 1)
        let answer = await SingleRequest.send(
            "GET", "/health", to: BackendAddress(ofListenerOn: host, port: port), timeout: .seconds(2),
            network: NIONetwork(), executor: loops.side)
        await loops.shutdown()
        guard let answer, answer.status == 200 else {
            Process.complain("\(address) \(answer.map { "answers \($0.status): \($0.body)" } ?? "does not answer")")
            throw ExitCode.failure
        }
    }

    private func start(_ service: ToolService, _ loops: EventLoops) async throws -> MCPHTTPServer {
        let (configuration, health, metrics) = (service.configuration, service.health, service.metrics)
        var settings = HTTPServerSettings()
        configuration.listen.apply(to: &settings)
        settings.socketMode = configuration.socketMode.bits
        settings.maximumRequestBytes = configuration.maximumRequestBytes
        settings.maximumConnections = DescriptorLimit.connections(descriptors: DescriptorLimit.raise())
        settings.hasSessions = configuration.hasSessions
        settings.streamsAnswers = !http.jsonOnly
        settings.servesHTTPSSE = http.servesHTTPSSE
        settings.allowedOrigins = http.allowOrigin
        settings.allowedHosts = http.allowHost
        if configuration.rateLimit > 0 {
            settings.admission = CallerLimits(countPerMinute: configuration.rateLimit)
        }
        settings.pages = [
            HTTPPage(path: "/health") { health.page() },
            HTTPPage(path: "/metrics") { HTTPPage.Contents(form: .prometheus, body: metrics.page()) },
        ]
        settings.streamPages = [DataStream.page(configuration.faults)]
        return try await MCPHTTPServer.start(
            service.server, settings: settings, metrics: metrics, on: loops.serving.map(\.eventLoop))
    }
}
