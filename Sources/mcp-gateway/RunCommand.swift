import ArgumentParser
import Gateway
import Logging
import NIOCore
import ServiceLifecycle
import Telemetry
import Transport
import UnixSignals

/// `mcp-gateway run`: serves calls until the process is asked to end.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Serve calls as a configuration file says (the default command).",
        discussion: """
            Each listener prints one line of JSON on standard output when it is ready. SIGTERM or Ctrl-C drains: calls in
            flight end well, then the process does. A second one ends it at once.

            The file is read anew on SIGHUP, when the admin listener gets POST /reload, and when it changes. If something
            is wrong with it, nothing changes; else calls that begin from then on are served as it says.

            To replace a running gateway, start the next one with the same --handover: it takes over the listening sockets,
            and the other one drains. If the next one cannot serve, the other goes on. Sockets of a service manager
            (LISTEN_FDS) are used for the addresses that they are bound to.

            EXAMPLES:
              mcp-gateway run --config gateway.conf --handover /run/mcp-gateway/handover
            """)

    @Option(name: .shortAndLong, help: "The configuration file.")
    var config = "gateway.conf"

    @Option(
        help: ArgumentHelp(
            "Keep each configuration that was served by in this file; serve by it when the other is bad.",
            valueName: "file"))
    var lastGood: String?

    @Option(
        help: ArgumentHelp(
            "Take over from the gateway that is at this path, a unix socket, if there is one; be there for the next one.",
            valueName: "path"))
    var handover: String?

    @Flag(inversion: .prefixedNo, help: "Whether the file is read anew when it changes.")
    var watch = true

    @Flag(help: "Serve nothing: ask the gateway that runs with this file whether it lives; exit 0 if it does, else 1.")
    var healthcheck = false

    func run() async throws {
        if healthcheck { return try await checkHealth() }
        let record = FileRecord()
        let (accepted, usesLastGood) = try accept(record)
        let settings = accepted.explained.configuration
        let (logSink, accessLog) = try openLogs(settings.log)
        let logger = bootstrapLogging(settings.log, logSink)
        if usesLastGood {
            logger.warning(
                "the configuration is bad: the last good one is used",
                metadata: ["file": "\(config)", "lastGood": "\(accepted.explained.file)"])
        }
        let (arrival, activated) = try await inheritance()
        let registry = PrometheusRegistry()
        registry.register { text in
            logSink.collect(into: &text, name: "log")
            if accessLog !== logSink { accessLog.collect(into: &text, name: "access") }
        }

        let loops = EventLoops(servingCount: settings.workers.value(EventLoops.defaultServingCount))
        let source = ConfigurationSource(path: config, accepted, record)
        var surroundings = Supervisor.Surroundings(
            loops: loops, network: NIONetwork(), logger: logger, accessLog: accessLog, registry: registry,
            version: MCPGateway.version,
            announce: { StandardOutput.line(#"{"message":"listening","listener":"\#($0)","address":"\#($1)"}"#) },
            accepted: keeper(of: source, usesLastGood: usesLastGood, logger), load: { await source.load() })
        surroundings.arrival = arrival
        surroundings.activated = activated
        let supervisor = Supervisor(accepted.explained, usesLastGood: usesLastGood, surroundings)
        let impatience = Task { await SecondSignal.endsTheProcess() }
        defer { impatience.cancel() }
        let reloads = ReloadTriggers(supervisor, source, watches: watch)
        let triggers = Task { await reloads.run() }
        defer { triggers.cancel() }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    ServiceGroupConfiguration.ServiceConfiguration(
                        service: supervisor, successTerminationBehavior: .gracefullyShutdownGroup)
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Logger(label: "lifecycle") { _ in SwiftLogNoOpLogHandler() }))
        do {
            try await group.run()
        } catch let error as ListenerError {
            StandardError.line("mcp-gateway: \(error)")
            throw ExitCode.unavailable
        } catch let error as HandoverError {
            StandardError.line("mcp-gateway: --handover: \(error)")
            throw ExitCode.unavailable
        }
        await loops.shutdown()
        accessLog.close()
        logSink.close()
    }

    /// What other processes have bound for this one: a running gateway, and the service manager.
    private func inheritance() async throws -> (HandoverPlace.Arrival?, [HandedSocket]) {
        let activated: [HandedSocket]
        do throws(HandoverError) {
            activated = try ServiceManager.sockets()
        } catch {
            StandardError.line("mcp-gateway: LISTEN_FDS: \(error)")
            throw ExitCode.unavailable
        }
        guard let handover else { return (nil, activated) }
        do {
            return (try await HandoverPlace.arrive(at: handover), activated)
        } catch {
            StandardError.line("mcp-gateway: --handover \(handover): \(error)")
            throw ExitCode.unavailable
        }
    }

    /// The configuration of the file or, when that is bad, the last good one if there is one. `record` takes note of what the
    /// file names.
    private func accept(
        _ record: FileRecord
    ) throws -> (accepted: AcceptedConfiguration, usesLastGood: Bool) {
        do {
            return (try ConfigurationFile(config, record).accept(), false)
        } catch {
            guard let lastGood else { throw error }
            return (try ConfigurationFile(lastGood).accept(), true)
        }
    }

    /// What keeps a configuration, once calls are served by it.
    private func keeper(
        of source: ConfigurationSource, usesLastGood: Bool, _ logger: Logger
    ) -> @Sendable () -> Void {
        guard let lastGood else { return {} }
        // The first one is there already if it was the last good one.
        if usesLastGood { source.forgetContents() }
        return {
            guard let contents = source.contents else { return }
            do throws(PrivateFileError) {
                try PrivateFile(path: lastGood).replace(with: contents)
            } catch {
                logger.warning(
                    "the configuration could not be kept as the last good one",
                    metadata: ["file": "\(lastGood)", "error": "\(error.code)"])
            }
        }
    }

    /// For containers, which have no shell and no curl to ask with.
    private func checkHealth() async throws {
        let listener = try AdminListener(of: ConfigurationFile(config))
        let answer = await listener.send("GET", "/health", timeout: .seconds(2))
        guard let answer, answer.status == 200 else {
            let reason = answer.map { "answers \($0.status)" } ?? "does not answer"
            StandardError.line("mcp-gateway: \(listener) \(reason)")
            throw ExitCode.failure
        }
    }

    /// Where log lines and access lines go: both to the file if there is one; else to standard error and output.
    private func openLogs(_ settings: LogSettings) throws -> (log: LogSink, access: LogSink) {
        do {
            // Lines about calls may be wanted later on.
            if let file = settings.file {
                let sink = try LogSink(.file(path: file))
                return (sink, sink)
            }
            return (try LogSink(.standardError), try LogSink(.standardOutput))
        } catch {
            StandardError.line("mcp-gateway: log.file: \(error)")
            throw ExitCode.unavailable
        }
    }

    private func bootstrapLogging(_ settings: LogSettings, _ sink: LogSink) -> Logger {
        let level = Logger.Level(rawValue: settings.level.rawValue) ?? .info
        let format: LogFormat = settings.format == .text ? .text : .json
        LoggingSystem.bootstrap { label in JSONLogHandler(label: label, sink: sink, level: level, format: format) }
        return Logger(label: "gateway")
    }
}

extension AutomaticCount {
    /// The number that is meant, when `automatic` is what the machine suggests.
    fileprivate func value(_ automatic: Int) -> Int {
        switch self {
        case .automatic: automatic
        case .fixed(let count): count
        }
    }
}
