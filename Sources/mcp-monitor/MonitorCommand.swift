import ArgumentParser
import NIOPosix
import NIOSSL
import Telemetry
import Transport

/// The command line of `mcp-monitor`.
@main
struct MonitorCommand: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "mcp-monitor",
        abstract: "Probes MCP servers and gateways from outside, and tells Prometheus how they are.",
        discussion: """
            Every server is asked as a client would ask it: server/discover tells the era, legacy servers get a \
            session, then comes one tools/list, with --call one tools/call, and GET /health beside. /metrics and \
            /health are served at --listen. Logs JSON on standard error: what has changed, and why.

            EXAMPLES:
              mcp-monitor http://127.0.0.1:9001/mcp http://127.0.0.1:9002/mcp
              mcp-monitor gateway=https://mcp.example.com/mcp --call health_check \\
                --bearer file:/run/secrets/token
              MCP_SERVERS=a=http://tools-a:9000/mcp,b=http://tools-b:9000/mcp \\
                mcp-monitor --listen 0.0.0.0:9092
              mcp-monitor --servers servers.txt --interval 10s --timeout 2s
              mcp-monitor --once https://mcp.example.com/mcp && echo all healthy

            Flags win over environment variables.

            EXIT STATUS:
              0 ended, or all healthy · 1 --once: not all healthy; --healthcheck: not well ·
              64 usage · 69 the address cannot be had · 78 bad environment variable or file ·
              130, 143 --once was interrupted, or ended by a second signal
            """,
        version: "mcp-monitor \(version)")

    @OptionGroup var options: MonitorOptions

    @Flag(help: "Probe every server once, print a table, and exit with 0 if all are healthy, with 1 if not.")
    var once = false

    @Flag(help: "With --once: print one JSON object instead of a table.")
    var json = false

    @Flag(help: "With --once: a server that calls itself degraded is not healthy.")
    var strict = false

    @Flag(help: "Ask the monitor that listens at --listen whether it is well; exit with 0 or 1 within two seconds.")
    var healthcheck = false

    func validate() throws {
        if !once, json || strict { throw ValidationError("--json and --strict need --once") }
        if once, healthcheck { throw ValidationError("--once and --healthcheck exclude each other") }
    }

    func run() async throws {
        Surroundings.ignoreBrokenPipes()
        let variables = MonitorVariable.environment
        if healthcheck {
            try await checkSelf(obeying { () throws(MonitorComplaints) in try options.listenAddress(variables) })
            return
        }
        let settings = try obeying { () throws(MonitorComplaints) in
            try options.settings(variables, read: Surroundings.read)
        }
        let tls: NIOSSLContext
        do throws(FileComplaint) {
            tls = try TrustedAuthorities.context(with: settings.authorityFile)
        } catch {
            Surroundings.complain("\(settings.authorityFile ?? "the system's certificates"): \(error.reason)")
            throw ExitCode.badConfiguration
        }
        let termination = await Termination()
        // One loop is plenty: a probe waits nearly all of its time.
        let executor = LoopExecutor(MultiThreadedEventLoopGroup.singleton.next())
        if once {
            try await runOnce(settings, tls, on: executor, termination)
        } else {
            try await watch(settings, tls, on: executor, termination)
        }
    }

    /// Ends the process with what is wrong, if `body` finds something.
    private func obeying<Value>(_ body: () throws(MonitorComplaints) -> Value) throws -> Value {
        do throws(MonitorComplaints) {
            return try body()
        } catch {
            for line in error.lines { Surroundings.complain(line: line) }
            throw error.exitCode
        }
    }

    private func watch(
        _ settings: MonitorSettings, _ tls: NIOSSLContext, on executor: LoopExecutor, _ termination: Termination
    ) async throws {
        let sink: LogSink
        let running: MonitorService.Running
        do {
            sink = try LogSink(.standardError)
            running = try await MonitorService(settings, tls, on: executor, logTo: sink).start()
        } catch {
            Surroundings.complain("\(error)")
            throw ExitCode.unavailable
        }
        Surroundings.announce(address: running.address)
        await termination.first()
        await running.stop()
        sink.close(within: .milliseconds(500))
    }

    private func runOnce(
        _ settings: MonitorSettings, _ tls: NIOSSLContext, on executor: LoopExecutor, _ termination: Termination
    ) async throws {
        // Whoever does not want to wait for the slowest server gets no half of a table.
        let impatience = Task {
            if let status = await termination.first() { Surroundings.end(status) }
        }
        let reports = await Round.run(settings, tls, on: executor)
        impatience.cancel()
        let isHealthy = reports.allSatisfy { counts($0.findings.status) }
        Surroundings.say(json ? ReportJSON(reports, isHealthy: isHealthy).text + "\n" : ReportTable(reports).text)
        if !isHealthy { throw ExitCode.failure }
    }

    /// Whether a server counts as healthy: one that lacks something serves all the same.
    private func counts(_ status: ProbeStatus) -> Bool {
        strict ? status == .ok : status.isAvailable
    }

    private func checkSelf(_ address: ListenAddress) async throws {
        guard address.port != 0 else {
            Surroundings.complain("--healthcheck needs to know the port: say it with --listen HOST:PORT")
            throw ExitCode.validationFailure
        }
        let executor = LoopExecutor(MultiThreadedEventLoopGroup.singleton.next())
        guard let reason = await SelfCheck.run(address, on: executor) else { return }
        Surroundings.complain(reason)
        throw ExitCode.failure
    }
}
