package import Logging
import NIOCore
import Resilience
package import Transport

/// Watches one backend for the whole process: asks it every second whether it lives, tells the breaker, logs what changed.
///
/// One actor per backend, pinned to a loop that serves no calls.
package actor BackendMonitor {
    package nonisolated let executor: LoopExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let pool: String
    private let poolPlan: PoolPlan
    private let plan: BackendPlan
    private let interval: Duration
    private let timeout: TimeAmount
    private let network: any Network
    private let logger: Logger
    private let request: HealthProbe.Request
    private var check: HealthCheck
    private var random: SeededRandom

    package init(
        pool: PoolConfiguration, in poolPlan: PoolPlan, plan: BackendPlan, executor: LoopExecutor, network: any Network,
        logger: Logger
    ) {
        self.pool = pool.name
        self.poolPlan = poolPlan
        self.plan = plan
        self.executor = executor
        self.network = network
        self.logger = logger
        interval = pool.healthCheck.interval
        timeout = TimeAmount(pool.healthCheck.timeout)
        request = HealthProbe.Request(plan: plan, kind: pool.healthCheck.kind)
        check = HealthCheck(
            fall: pool.healthCheck.unhealthyThreshold, rise: pool.healthCheck.healthyThreshold,
            isUp: plan.status.health.isUp)
        random = SeededRandom(seed: network.randomSeed())
    }

    /// Checks until cancelled.
    package func run() async {
        while !Task.isCancelled {
            await probe()
            await executor.sleep(for: check.nextInterval(interval, random: &random))
        }
    }

    /// Makes one check and tells what it says.
    package func probe() async {
        let passed = await HealthProbe.run(
            request, to: plan.address, timeout: timeout, network: network, executor: executor)
        // Whoever looks after it by now knows better.
        guard !Task.isCancelled else { return }
        let last = plan.status.health
        let isUp = check.record(passed: passed)
        let health: BackendStatus.Health = isUp.map { $0 ? .up : .down } ?? last
        if !passed { plan.status.note(BackendFailure(.check, atMilliseconds: WallClock.milliseconds())) }
        plan.status.recordCheck(passed: passed, health: health, at: MonotonicTime(executor.eventLoop.now))
        poolPlan.reconsider(at: MonotonicTime(executor.eventLoop.now))
        if health != last {
            if health == .down {
                logger.warning("backend is down", metadata: ["pool": "\(pool)", "backend": "\(plan.url)"])
            } else {
                logger.info("backend is up", metadata: ["pool": "\(pool)", "backend": "\(plan.url)"])
            }
        }
        for timed in plan.status.takeTransitions() {
            let transition = timed.transition
            logger.log(
                level: transition.to == .open ? .warning : .info, "circuit breaker changed its state",
                metadata: [
                    "pool": "\(pool)", "backend": "\(plan.url)", "from": "\(transition.from.label)",
                    "to": "\(transition.to.label)", "reason": "\(transition.reason.label)",
                ])
        }
    }
}

extension LoopExecutor {
    /// Waits on the loop's clock, which tests move by hand; returns early when the task is cancelled.
    package func sleep(for duration: Duration) async {
        let loop = eventLoop
        let promise = loop.makePromise(of: Void.self)
        let scheduled = loop.scheduleTask(in: TimeAmount(duration)) { promise.succeed() }
        await withTaskCancellationHandler {
            try? await promise.futureResult.get()
        } onCancel: {
            scheduled.cancel()
            promise.succeed()
        }
    }
}
