package import Logging
import NIOCore
import Resilience
package import Transport

/// Looks after one pool for the whole process, once a second: tells the budget of retries of the calls that there were,
/// takes backends out that do worse than their siblings, and has limits forgotten that nobody has come near for long.
///
/// One actor per pool, pinned to a loop that serves no calls.
package actor PoolSteward {
    package nonisolated let executor: LoopExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private static let interval = Duration.seconds(1)

    private let plan: PoolPlan
    private let logger: Logger
    private var detector: OutlierDetector
    private var histories: [BackendStatus.Record]

    /// Looks after the pool of `plan`.
    package init(_ plan: PoolPlan, outliers: OutlierDetectionSettings, executor: LoopExecutor, logger: Logger) {
        self.plan = plan
        self.executor = executor
        self.logger = logger
        let now = MonotonicTime(executor.eventLoop.now)
        detector = OutlierDetector(
            OutlierDetector.Configuration(outliers), count: plan.backends.count, at: now)
        histories = plan.backends.map { $0.status.history }
    }

    /// Looks after it until cancelled.
    package func run() async {
        while !Task.isCancelled {
            await executor.sleep(for: PoolSteward.interval)
            look()
        }
    }

    private func look() {
        let now = MonotonicTime(executor.eventLoop.now)
        plan.retries.countCalls(at: now)
        plan.admission.forgetIfIdle(at: now)
        for tool in plan.tools { look(at: tool, at: now) }
        let samples = plan.backends.indices.map { index in
            let (status, last) = (plan.backends[index].status, histories[index])
            let history = status.history
            histories[index] = history
            let failures = history.failures &- last.failures
            return OutlierDetector.Sample(
                calls: Int(clamping: history.successes &- last.successes) &+ failures, failures: failures,
                failureStreak: history.failureStreak,
                nanoseconds: Int64(clamping: history.nanoseconds &- last.nanoseconds),
                // Whom operators or the breaker keep away from calls is no example for others either.
                isDown: status.health == .down || !status.isInUse || !status.breakerWord.admitsAll)
        }
        let changes = detector.judge(samples, at: now)
        for change in changes { carryOut(change, at: now) }
        if !changes.isEmpty { plan.reconsider(at: now) }
    }

    /// Lets the breakers of a tool count what there was, and logs what they did.
    private func look(at tool: ToolPlan, at now: MonotonicTime) {
        for (index, breaker) in tool.breakers.enumerated() {
            breaker.settle(at: now)
            for timed in breaker.takeTransitions() {
                var metadata = metadata(index)
                metadata["tool"] = "\(tool.nameText)"
                metadata["from"] = "\(timed.transition.from.label)"
                metadata["to"] = "\(timed.transition.to.label)"
                metadata["reason"] = "\(timed.transition.reason.label)"
                logger.log(
                    level: timed.transition.to == .open ? .warning : .info,
                    "circuit breaker of a tool changed its state", metadata: metadata)
            }
        }
    }

    private func carryOut(_ change: OutlierDetector.Change, at now: MonotonicTime) {
        switch change {
        case .ejected(let index, let reason, let until):
            plan.backends[index].status.eject(reason)
            var metadata = metadata(index, reason)
            metadata["seconds"] = "\((until - now).components.seconds)"
            logger.warning("backend is taken out for a while: it does worse than the others", metadata: metadata)
        case .returned(let index):
            plan.backends[index].status.endEjection()
            logger.info("backend gets calls again", metadata: metadata(index))
        case .spared(let index, let reason):
            logger.debug("backend does worse than the others, but too many are out", metadata: metadata(index, reason))
        }
    }

    private func metadata(_ index: Int, _ reason: OutlierDetector.Reason? = nil) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["pool": "\(plan.name)", "backend": "\(plan.backends[index].url)"]
        if let reason { metadata["reason"] = "\(reason.label)" }
        return metadata
    }
}

extension OutlierDetector.Configuration {
    fileprivate init(_ settings: OutlierDetectionSettings) {
        self.init(
            consecutiveFailures: settings.consecutiveFailures, baseEjectionTime: settings.ejectionTime,
            maximumEjectionShare: settings.maximumEjectionShare)
    }
}
