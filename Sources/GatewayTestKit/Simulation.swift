package import Gateway
import Logging
package import NIOCore
package import NIOEmbedded
import Resilience
import Transport

/// A whole gateway with its backends and clients on one simulated loop, from a seed.
///
/// Use it from a test that does not suspend; move time with `advance`.
package final class Simulation {
    package let loop = EmbeddedEventLoop()
    package let network: SimulatedNetwork
    package let backends: [ScriptedBackend]
    private let current: CurrentGeneration
    /// What new calls are served by.
    package var plan: GatewayPlan { current.plan }
    /// One for each shard; all on the one loop of the simulation.
    package let rooms: [NIOLoopBound<ServingLoop>]
    private let executor: LoopExecutor
    private var configuration: GatewayConfiguration
    private let sealer = SessionSealer()
    private let loader = ConfigurationLoader(environment: ConfigurationEnvironment(variables: [:]))
    private var watchers: [Task<Void, Never>] = []
    private var listeners: [ChangeListener] = []
    private var readers: ToolReaders?

    /// A gateway with one pool of `backendCount` backends, served by `shardCount` shards; `pool` are more lines of its
    /// configuration, and `settings` of that of the gateway. `backendSettings` are more keys of the first backends, as in
    /// `weight: 2, zone: a`; none if empty.
    package init(
        seed: UInt64, backendCount: Int = 3, shardCount: Int = 1, pool: String = "", settings: String = "",
        backendSettings: [String] = []
    ) throws {
        network = SimulatedNetwork(loop: loop, seed: seed)
        backends = (0..<backendCount).map { ScriptedBackend(host: "backend", port: 9_001 + $0) }
        executor = LoopExecutor(loop)
        let explained = try loader.explain(
            contents: Simulation.text(backends, backendSettings, pool + settings), file: "simulated")
        configuration = explained.configuration
        let plan = GatewayPlan(configuration, shardCount: shardCount, seed: seed, now: MonotonicTime(loop.now))
        current = CurrentGeneration(
            Generation(explained: explained, configuration: configuration, plan: plan))
        let (executor, network, sealer, loop) = (executor, network, sealer, loop)
        rooms = (0..<max(shardCount, 1)).map { number in
            let shard = Shard(number: number, plan: plan, executor: executor, sealer: sealer, seed: seed)
            return NIOLoopBound(ServingLoop(shard: shard, network: network, accessLog: nil), eventLoop: loop)
        }
        for backend in backends { network.add(backend) }
    }

    private static func text(
        _ backends: [ScriptedBackend], _ backendSettings: [String], _ settings: String
    ) -> [UInt8] {
        let urls = backends.enumerated().map { index, backend in
            let more = index < backendSettings.count ? backendSettings[index] : ""
            let url = "http://\(backend.address.host):\(backend.address.port)/mcp"
            return more.isEmpty ? "      - \(url)" : "      - { url: \(url), \(more) }"
        }.joined(separator: "\n")
        return Array("listen: 127.0.0.1:0\npools:\n  tools:\n    backends:\n\(urls)\n\(settings)".utf8)
    }

    /// Configures the gateway anew: its pool has these of the backends, with `pool` and `settings` as at the start.
    ///
    /// Monitors, if they run, end with the pool that they were started for, and are started for the new one.
    package func reload(
        _ indices: [Int], pool: String = "", settings: String = "", backendSettings: [String] = []
    ) throws {
        let explained = try loader.explain(
            contents: Simulation.text(indices.map { backends[$0] }, backendSettings, pool + settings),
            file: "simulated")
        let last = current.value
        let plan = GatewayPlan(
            explained.configuration, shardCount: rooms.count, seed: network.randomSeed(),
            now: MonotonicTime(loop.now), after: (last.configuration, last.plan))
        for (number, room) in rooms.enumerated() {
            room.value.install(
                Shard(
                    number: number, plan: plan, executor: executor, sealer: sealer, seed: network.randomSeed()))
        }
        configuration = explained.configuration
        current.set(
            Generation(
                number: last.number + 1, explained: explained, configuration: configuration, plan: plan))
        guard !watchers.isEmpty, last.plan.pools[0] !== plan.pools[0] else { return }
        for watcher in watchers { watcher.cancel() }
        startMonitors()
    }

    /// Starts the checks of all backends, which go on as time moves.
    package func startMonitors() {
        var logger = Logger(label: "simulation")
        logger.logLevel = .critical
        watchers = []
        for backend in plan.pools[0].backends { backend.status.endEjection() }
        plan.pools[0].reconsider(at: MonotonicTime(loop.now))
        for backendPlan in plan.pools[0].backends {
            let monitor = BackendMonitor(
                pool: configuration.pools[0], in: plan.pools[0], plan: backendPlan, executor: executor,
                network: network, logger: logger)
            watchers.append(Task(executorPreference: executor) { await monitor.run() })
        }
        let steward = PoolSteward(
            plan.pools[0], outliers: configuration.pools[0].outlierDetection, executor: executor, logger: logger)
        watchers.append(Task(executorPreference: executor) { await steward.run() })
        loop.run()
    }

    /// Begins to listen to all backends for changes.
    package func startListeners() {
        var logger = Logger(label: "simulation")
        logger.logLevel = .critical
        listeners = plan.pools[0].backends.map {
            ChangeListener(to: $0, poolIndex: 0, of: plan, network: network, on: loop, logger: logger)
        }
        for listener in listeners { listener.start() }
    }

    /// Begins to read the tools of all backends, if the pool trusts what they say of them.
    package func startReaders() {
        var logger = Logger(label: "simulation")
        logger.logLevel = .critical
        let readers = ToolReaders(of: plan.pools, network: network, on: loop, logger: logger)
        self.readers = readers
        readers.start()
    }

    /// Ends reading; whether all backends had been told when that was said to be over.
    package func stopReaders() -> Bool {
        var isOver = false
        readers?.stop().assumeIsolated().whenComplete { _ in isOver = true }
        return advance(until: { isOver }, limit: .milliseconds(900))
    }

    /// Ends listening; whether all backends had been told when that was said to be over.
    package func stopListeners() -> Bool {
        var isOver = false
        let futures = listeners.map { $0.stop() }
        EventLoopFuture.andAllComplete(futures, on: loop).assumeIsolated().whenComplete { _ in isOver = true }
        return advance(until: { isOver }, limit: .seconds(2))
    }

    /// A client that has connected from `address` to the shard with this number.
    package func connectClient(from address: String = "127.0.0.1", toShard number: Int = 0) -> SimulatedClient {
        let client = SimulatedClient()
        let wire = SimulatedWire(network: network, order: SimulatedOrder(loop.now), peer: client)
        let listener = SocketAddressSetting(host: "127.0.0.1", port: 0)
        wire.attach([rooms[number].value.welcome(listener)], from: address)
        return client
    }

    /// Moves time forward and runs what falls due on the way.
    package func advance(by amount: TimeAmount) {
        loop.advanceTime(by: amount)
    }

    /// Moves time forward in small steps until `condition` holds; `false` if it does not within `limit`.
    package func advance(until condition: () -> Bool, limit: TimeAmount) -> Bool {
        let end = loop.now + limit
        while !condition() {
            guard loop.now < end else { return false }
            loop.advanceTime(by: .milliseconds(1))
        }
        return true
    }

    /// What the first shard has counted.
    package var snapshot: ShardSnapshot {
        rooms[0].value.snapshot()
    }

    /// What each shard has counted.
    package var snapshots: [ShardSnapshot] { rooms.map { $0.value.snapshot() } }

    /// The metrics, as a scraper would read them.
    package func metrics() -> String {
        let metrics = GatewayMetrics(current, loops: rooms, version: "simulated")
        return String(decoding: metrics.text(of: snapshots), as: UTF8.self)
    }
}

@available(*, unavailable)
extension Simulation: Sendable {}
