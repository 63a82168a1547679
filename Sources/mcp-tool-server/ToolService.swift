import ArgumentParser
import Logging
import MCPServer
import Redis
import Telemetry
import Transport
import UnixSignals

/// Everything of the tool server that is the same however it is reached.
struct ToolService {
    /// What it was told.
    let configuration: ToolServerConfiguration
    /// Where it logs.
    let logger: Logger
    /// What it counts.
    let metrics: ServerMetrics
    /// How it is.
    let health: HealthReport
    /// What it offers.
    let server: MCPServer
    private let sink: LogSink
    private let redis: RedisCache?

    /// A service that begins now. What cannot be had of it ends the process with a sentence; a Redis that is not there is
    /// waited for, while everything is served without it.
    ///
    /// - Parameter loops: those from which Redis is used; not asked for without one.
    init(
        _ configuration: ToolServerConfiguration, everything: Bool, on loops: @autoclosure () -> EventLoops
    ) async throws {
        self.configuration = configuration
        do throws(LogSinkError) {
            sink = try LogSink(configuration.logFile.map { .file(path: $0) } ?? .standardError)
        } catch {
            Process.complain("\(error)")
            throw ExitCode.unavailable
        }
        let (sink, level) = (sink, configuration.logLevel)
        logger = Logger(label: "mcp-tool-server") { JSONLogHandler(label: $0, sink: sink, level: level) }
        metrics = ServerMetrics()
        metrics.add { sink.collect(into: &$0, name: "server") }
        let process = ProcessMetrics()
        metrics.add { text in
            process.collect(into: &text)
            text.gauge(
                "mcp_build_info", help: "The version that runs; always 1.", labels: [("version", ToolServer.version)],
                1)
        }
        let redis = try await ToolService.redis(configuration, loops, logger)
        self.redis = redis
        if let redis {
            metrics.add { redis.write(into: &$0) }
            health = HealthReport(environment: configuration.environment) { redis.isUp }
        } else {
            health = HealthReport(environment: configuration.environment)
        }
        let processData = ToolService.processData(configuration, redis, metrics)
        server = ToolService.makeServer(configuration, everything, processData, metrics, health, logger)
        if configuration.logFile != nil { await ToolService.reopenOnSignal(sink) }
    }

    /// Ends what was begun, and writes what is left of the log.
    func close() async {
        await redis?.shutdown()
        sink.close()
    }

    private static func redis(_ configuration: ToolServerConfiguration, _ loops: () -> EventLoops, _ logger: Logger)
        async throws -> RedisCache?
    {
        guard let url = configuration.redis, configuration.cacheTimeToLive > .zero else { return nil }
        do {
            let options = RedisOptions(url, clientName: "mcp-tool-server")
            return RedisCache(
                try await RedisClient(options, loops: loops().serving.map(\.eventLoop), logger: logger))
        } catch {
            Process.complain("Redis cannot be used: \(error)")
            throw ExitCode.unavailable
        }
    }

    private static func makeServer(
        _ configuration: ToolServerConfiguration, _ everything: Bool, _ processData: any Tool, _ metrics: ServerMetrics,
        _ health: HealthReport, _ logger: Logger
    ) -> MCPServer {
        var tools: [any Tool] = [processData, HealthCheck(health)]
        if everything {
            tools += Fixtures.tools + AskingFixtures.tools
            // The other tools ask nobody.
            if configuration.stateKey == nil {
                logger.warning("no STATE_KEY: clients that are asked something must come back to this process")
            }
        }
        if !configuration.faults.isNone { tools = tools.map { FaultyTool($0, configuration.faults) } }
        return MCPServer(
            ServerInfo(name: configuration.name, version: ToolServer.version, title: "MCP tool server"),
            tools: tools,
            resources: [MetricsResource(metrics)] + (everything ? Fixtures.resources : []),
            templates: [MetricResource(metrics)] + (everything ? Fixtures.templates : []),
            prompts: [ExplainData()] + (everything ? Fixtures.prompts + AskingFixtures.prompts : []),
            pageSize: configuration.pageSize,
            eras: configuration.eras, stateKey: configuration.stateKey, logger: logger)
    }

    private static func processData(
        _ configuration: ToolServerConfiguration, _ redis: RedisCache?, _ metrics: ServerMetrics
    ) -> any Tool {
        guard configuration.cacheTimeToLive > .zero else { return ProcessData() }
        let results = RememberedResults(
            memory: MemoryCache(), timeToLive: configuration.cacheTimeToLive, counts: CacheCounts())
        metrics.add { results.write(into: &$0) }
        return redis.map { SharedProcessData(results, $0) } ?? ProcessData(results)
    }

    /// Opens the log file anew on SIGHUP, after somebody has moved it away.
    private static func reopenOnSignal(_ sink: LogSink) async {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        Task {
            for await _ in signals { sink.reopen() }
        }
    }
}
