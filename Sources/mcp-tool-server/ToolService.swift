import ArgumentParser
import Logging
import MCPServer
import Telemetry
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

    /// A service that begins now. A log file that cannot be had ends the process with a sentence.
    init(_ configuration: ToolServerConfiguration, everything: Bool) async throws {
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
        health = HealthReport(environment: configuration.environment)
        server = ToolService.makeServer(configuration, everything, metrics, health, logger)
        if configuration.logFile != nil { await ToolService.reopenOnSignal(sink) }
    }

    /// Writes what is left of the log.
    func close() {
        sink.close()
    }

    private static func makeServer(
        _ configuration: ToolServerConfiguration, _ everything: Bool, _ metrics: ServerMetrics, _ health: HealthReport,
        _ logger: Logger
    ) -> MCPServer {
        var tools: [any Tool] = [processData(configuration, metrics), HealthCheck(health)]
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
            eras: configuration.eras, stateKey: configuration.stateKey, logger: logger)
    }

    private static func processData(_ configuration: ToolServerConfiguration, _ metrics: ServerMetrics) -> any Tool {
        guard configuration.cacheTimeToLive > .zero else { return ProcessData() }
        let results = RememberedResults(
            memory: MemoryCache(), timeToLive: configuration.cacheTimeToLive, counts: CacheCounts())
        metrics.add { results.write(into: &$0) }
        return ProcessData(results)
    }

    /// Opens the log file anew on SIGHUP, after somebody has moved it away.
    private static func reopenOnSignal(_ sink: LogSink) async {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        Task {
            for await _ in signals { sink.reopen() }
        }
    }
}
