import NIOCore
import Resilience
package import Transport
import Wire

/// Everything that one event loop needs to serve calls: routes, pools, connections, sessions, counters.
///
/// The actor is pinned to its loop. Channel handlers enter it synchronously, once per event, through the static functions
/// of its extensions; each of them decides and returns what is to be done, and touches no channel, promise or logger.
package actor Shard {
    package nonisolated let executor: LoopExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// The position among the shards of the process.
    package nonisolated let number: Int
    /// The configuration that this shard serves.
    package nonisolated let plan: GatewayPlan

    var pools: [Pool]
    var sessions: SessionTable
    var scratch: JSONScratch
    /// How long is waited before attempts.
    var random: SeededRandom
    var questions = QuestionMemory()
    var counters: ShardCounters
    var access: AccessLogBuffer
    /// Connections that were found too old when one was leased; the housekeeper closes them.
    var discarded: [BackendConnection] = []
    var isDraining = false
    /// How near the process is to its limits.
    var overload = OverloadLevel.none
    /// Whether another shard takes the new calls.
    var isRetired = false
    /// Which of the pools have gone over to the next shard, which counts what happens in them.
    var isPoolShared: [Bool]
    /// What was counted of backends that have left, by their keys.
    var departed: [UInt64: ShardSnapshot.BackendFigures] = [:]

    /// A shard of `plan` on `executor`'s loop.
    package init(
        number: Int, plan: GatewayPlan, executor: LoopExecutor, sealer: SessionSealer, seed: UInt64
    ) {
        self.number = number
        self.plan = plan
        self.executor = executor
        pools = plan.pools.enumerated().map { position, pool in
            Pool(pool, shard: number, callers: plan.callers, seed: seed &+ 2 &+ UInt64(number << 32 | position))
        }
        isPoolShared = [Bool](repeating: false, count: plan.pools.count)
        sessions = SessionTable(sealer: sealer, seed: seed &+ 1)
        scratch = JSONScratch(seed: seed)
        random = SeededRandom(seed: seed &+ 3 &+ UInt64(number))
        counters = ShardCounters(poolCount: plan.pools.count)
        access = AccessLogBuffer(isEnabled: plan.logsAccess)
    }

    /// Refuses new calls from now on; returns the idle connections, to be closed.
    static func drain(_: Void, _ shard: isolated Shard) -> [BackendConnection] {
        shard.isDraining = true
        defer { shard.discarded.removeAll() }
        return shard.discarded + shard.pools.flatMap { $0.backends.flatMap { $0.takeIdle() } }
    }

    /// Forgets a connection that closed while nobody leased it.
    static func forget(_ connection: BackendConnection, _ shard: isolated Shard) {
        connection.backend.forget(connection)
    }

    /// Takes out the connections that nobody has used for long, to be closed.
    static func takeStale(_ now: NIODeadline, _ shard: isolated Shard) -> [BackendConnection] {
        defer { shard.discarded.removeAll() }
        let pools = zip(shard.pools, shard.isPoolShared).lazy.filter { !$0.1 }.map { $0.0 }
        // Nobody will come for those of a shard that is retired.
        if shard.isRetired { return shard.discarded + pools.flatMap { $0.backends.flatMap { $0.takeIdle() } } }
        let time = shard.overload >= .critical ? OverloadRelief.idleTime : Backend.idleTime
        return shard.discarded + pools.flatMap { $0.backends.flatMap { $0.takeStale(at: now, idleFor: time) } }
    }
}
