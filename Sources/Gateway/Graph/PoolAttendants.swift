import Logging
import NIOCore
import Resilience
import Transport

/// Those who look after one pool for the whole process, beside its calls: a monitor for each backend, a steward, and the
/// readers of its tools if what they say is trusted.
struct PoolAttendants {
    let plan: PoolPlan
    private let tasks: [Task<Void, Never>]
    private let readers: NIOLoopBound<ToolReaders>?

    /// Makes and starts those of `plan`, which follows from `pool`.
    static func start(
        of plan: PoolPlan, _ pool: PoolConfiguration, _ surroundings: Supervisor.Surroundings
    ) async throws -> PoolAttendants {
        let side = surroundings.loops.side
        // Where nobody would end it, nobody is kept out.
        for backend in plan.backends { backend.status.endEjection() }
        plan.reconsider(at: MonotonicTime(side.eventLoop.now))
        let readers = try await ToolReaders.start(
            of: [plan], network: surroundings.network, on: side.eventLoop, logger: surroundings.logger)
        var tasks = plan.backends.map { backend in
            let monitor = BackendMonitor(
                pool: pool, in: plan, plan: backend, executor: side, network: surroundings.network,
                logger: surroundings.logger)
            return Task(executorPreference: side) { await monitor.run() }
        }
        let steward = PoolSteward(
            plan, outliers: pool.outlierDetection, executor: side, logger: surroundings.logger)
        tasks.append(Task(executorPreference: side) { await steward.run() })
        return PoolAttendants(plan: plan, tasks: tasks, readers: readers)
    }

    /// Ends them; those who wait for a backend end a little later, and say nothing of it any more.
    func stop() async {
        for task in tasks { task.cancel() }
        await readers?.stop()
    }

    /// Waits until they have ended.
    func wait() async {
        for task in tasks { await task.value }
    }
}
