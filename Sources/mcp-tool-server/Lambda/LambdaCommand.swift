import ArgumentParser
import Logging
import MCPServer
import NIOCore
import Telemetry
import Transport

/// `mcp-tool-server lambda`: the server as a custom runtime of AWS Lambda.
struct LambdaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lambda",
        abstract: "Serve the events of an AWS Lambda function, as its runtime.",
        discussion: """
            For the runtimes provided.al2023 and container images, behind a Function URL, API Gateway (REST or HTTP API) or \
            a load balancer. /mcp, /health and /metrics are as over HTTP. Instances of a function share no memory, so \
            there are no sessions: every request stands alone. Handlers are cancelled shortly before the deadline of their \
            event, which is answered with 504 then.

            EXAMPLES:
              A container image:
                ENTRYPOINT ["/usr/local/bin/mcp-tool-server", "lambda"]

              A zip file, with mcp-tool-server and this file called bootstrap in it:
                #!/bin/sh
                exec "$LAMBDA_TASK_ROOT/mcp-tool-server" lambda

            ENVIRONMENT:
              LAMBDA_RESPONSE_STREAMING
                                true: answers go out while they are made, so that progress arrives as it is reported;
                                needs InvokeMode RESPONSE_STREAM of the Function URL (default: false)
              AWS_LAMBDA_RUNTIME_API
                                host and port of the Runtime API; set by Lambda
              ENVIRONMENT       what health_check calls the deployment (default: development)
              MAX_REQUEST_SIZE  bytes of a request body; beyond: 413 (default: 1048576)

            EXIT STATUS:
              0 asked to end · 64 usage · 69 the Runtime API cannot be used · 78 bad environment variable ·
              130, 143 ended by a second signal
            """)

    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let variables = Process.variables(LambdaEnvironment.names)
        guard case .tcp(let host, let port) = ListenAddress(argument: variables["AWS_LAMBDA_RUNTIME_API"] ?? "") else {
            Process.complain("AWS_LAMBDA_RUNTIME_API must be HOST:PORT: this command is run by AWS Lambda")
            throw ExitCode.badConfiguration
        }
        let termination = await Termination()
        let sink = try LogSink(.standardError)
        let logger = Logger(label: "mcp-tool-server") { JSONLogHandler(label: $0, sink: sink) }
        let loops = EventLoops(servingCount: 1)
        // On a loop of its own: a handler that keeps its loop busy does not keep a deadline from being noticed.
        let runtime = LambdaRuntime(BackendAddress(host: host, port: port), executor: loops.side, logger: logger)
        let stop = Task {
            await termination.first()
            await runtime.stop()
        }
        defer { stop.cancel() }
        let streams: Bool
        let http: MCPHTTPServer
        do {
            streams = try LambdaEnvironment(variables).streamsAnswers
            http = try await start(ToolServerEnvironment(Process.environment), logger, loops)
        } catch {
            Process.complain("\(error)")
            // Nobody is there to be told if this fails, too.
            try? await runtime.failToStart("\(error)")
            throw error is EnvironmentError ? ExitCode.badConfiguration : ExitCode.unavailable
        }
        logger.info("serving", metadata: ["name": "\(service.name)", "streaming": "\(streams)"])
        var failure: RuntimeAPI.Failure?
        do throws(RuntimeAPI.Failure) {
            let path = http.localAddress.pathname ?? ""
            // A task that prefers the loop need not queue for it at every step.
            try await withTaskExecutorPreference(loops.side) { () async throws(RuntimeAPI.Failure) in
                try await runtime.run(server: path, streams: streams)
            }
        } catch {
            failure = error
        }
        await http.drain(timeout: .seconds(5))
        logger.info("drained")
        sink.close()
        if let failure {
            Process.complain("the Runtime API cannot be used any more: \(failure)")
            throw ExitCode.unavailable
        }
    }

    private func start(_ environment: ToolServerEnvironment, _ logger: Logger, _ loops: EventLoops) async throws
        -> MCPHTTPServer
    {
        let metrics = ServerMetrics()
        let health = HealthReport(environment: environment.name)
        let server = service.makeServer(metrics: metrics, health: health, logger: logger)
        var settings = HTTPServerSettings()
        settings.socketPath = Process.temporaryPath(for: "lambda.sock")
        settings.maximumRequestBytes = environment.maximumRequestBytes
        settings.hasSessions = false
        settings.cancelsLegacyCalls = true
        settings.pages = [
            HTTPPage(path: "/health") { HTTPPage.Contents(form: .json, body: health.json()) },
            HTTPPage(path: "/metrics") { HTTPPage.Contents(form: .prometheus, body: metrics.page()) },
        ]
        return try await MCPHTTPServer.start(
            server, settings: settings, metrics: metrics, on: loops.serving.map(\.eventLoop))
    }
}
