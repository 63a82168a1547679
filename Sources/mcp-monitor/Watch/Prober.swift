import NIOCore
import NIOSSL
import Resilience
import Transport

/// Probes one server, one probe at a time, and remembers between probes what it has learnt of it.
actor Prober {
    nonisolated let executor: LoopExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// How long the end of a session may take, after the verdict.
    private static let farewellTime = TimeAmount.seconds(2)

    /// The server.
    nonisolated let server: WatchedServer
    private let settings: ProbeSettings
    private let tls: NIOSSLContext
    private var memory = EraMemory.unknown

    /// A prober that knows nothing of `server` yet.
    init(_ server: WatchedServer, _ settings: ProbeSettings, _ tls: NIOSSLContext, on executor: LoopExecutor) {
        self.server = server
        self.settings = settings
        self.tls = tls
        self.executor = executor
    }

    /// Makes one probe, which takes no longer than the time limit. Not again before it has returned.
    ///
    /// - Parameter report: is given the report; the session, if there is one, is ended only after that.
    /// - Returns: how long the end of the session took, if it was answered.
    @discardableResult
    func probe(_ report: @Sendable (ProbeReport) async -> Void) async -> ProbeReport.Timing? {
        let start = NIODeadline.now()
        let deadline = start + TimeAmount(settings.timeout)
        var machine = ProbeMachine(
            asksHealth: settings.healthPath != nil, call: settings.call, memory: memory, now: MonotonicTime(start))
        var result = ProbeReport(server: server, findings: ProbeFindings())
        var client: ProbeClient?
        do throws(ProbeFailure) {
            let made = ProbeClient(server.url, try settings.credentials(), tls, on: executor)
            client = made
            await run(&machine, made, deadline, &result)
        } catch {
            _ = machine.fail(error)
        }
        memory = machine.memory
        result.findings = machine.findings
        result.connectDurations = await client?.connectDurations ?? []
        result.certificateExpiry = await client?.certificateExpiry
        result.duration = .nanoseconds((NIODeadline.now() - start).nanoseconds)
        await report(result)
        guard let client else { return nil }
        guard let farewell = machine.farewell else {
            await client.close()
            return nil
        }
        let exchange = await client.send(farewell, to: server.url, deadline: .now() + Prober.farewellTime)
        await client.close()
        guard case .success = exchange.result else { return nil }
        return ProbeReport.Timing(step: farewell.step, duration: exchange.duration)
    }

    private func run(
        _ machine: inout ProbeMachine, _ client: ProbeClient, _ deadline: NIODeadline, _ result: inout ProbeReport
    ) async {
        var action = machine.begin()
        while case .send(let request) = action {
            let url = request.step == .health ? server.url.at(settings.healthPath ?? "/health") : server.url
            let exchange = await client.send(request, to: url, deadline: deadline)
            switch exchange.result {
            case .success(let answer):
                result.timings.append(ProbeReport.Timing(step: request.step, duration: exchange.duration))
                action = machine.receive(answer)
            case .failure(let failure):
                action = machine.fail(failure)
            }
        }
    }
}

extension MonotonicTime {
    /// The same point on the clock of event loops.
    init(_ deadline: NIODeadline) {
        self.init(nanoseconds: Int64(clamping: deadline.uptimeNanoseconds))
    }
}
