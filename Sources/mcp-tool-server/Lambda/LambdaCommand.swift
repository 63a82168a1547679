import ArgumentParser
import Logging
import MCPServer
import NIOCore
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
              MAX_REQUEST_SIZE, REDIS_URL and the others that the options below name

            There is no rate limit here: each instance would keep one of its own.

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
        let loops = EventLoops(servingCount: 1)
        // On a loop of its own: a handler that keeps its loop busy does not keep a deadline from being noticed.
        let makeRuntime = { (logger: Logger) in
            LambdaRuntime(BackendAddress(host: host, port: port), executor: loops.side, logger: logger)
        }
        let service: ToolService
        let streams: Bool
        let http: MCPHTTPServer
        do {
            streams = try LambdaEnvironment(variables).streamsAnswers
            service = try await ToolService(
                try self.service.readConfiguration(), everything: self.service.everything, on: loops)
            http = try await start(service, loops)
        } catch {
            // What ends with a status has said why.
            let hasSaid = error is ExitCode
            if !hasSaid { Process.complain("\(error)") }
            let reason = hasSaid ? "the server cannot start, as its log says" : "\(error)"
            // Nobody is there to be told if this fails, too.
            try? await makeRuntime(Logger(label: "mcp-tool-server")).failToStart(reason)
            throw hasSaid ? error : error is ConfigurationComplaints ? ExitCode.badConfiguration : ExitCode.unavailable
        }
        let logger = service.logger
        let runtime = makeRuntime(logger)
        let stop = Task {
            await termination.first()
            await runtime.stop()
        }
        defer { stop.cancel() }
        logger.info("serving", metadata: ["name": "\(service.configuration.name)", "streaming": "\(streams)"])
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
        await service.close()
        if let failure {
            Process.complain("the Runtime API cannot be used any more: \(failure)")
            throw ExitCode.unavailable
        }
    }

    private func start(_ service: ToolService, _ loops: EventLoops) async throws -> MCPHTTPServer {
        let (health, metrics) = (service.health, service.metrics)
        var settings = HTTPServerSettings()
        settings.socketPath = Process.temporaryPath(for: "lambda.sock")
        settings.maximumRequestBytes = service.configuration.maximumRequestBytes
        settings.hasSessions = false
        settings.cancelsLegacyCalls = true
        settings.pages = [
            HTTPPage(path: "/health") { health.page() },
            HTTPPage(path: "/metrics") { HTTPPage.Contents(form: .prometheus, body: metrics.page()) },
        ]
        settings.streamPages = [DataStream.page(service.configuration.faults)]
        return try await MCPHTTPServer.start(
            service.server, settings: settings, metrics: metrics, on: loops.serving.map(\.eventLoop))
    }
}
