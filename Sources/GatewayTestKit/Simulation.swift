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
    package let plan: GatewayPlan
    /// One for each shard; all on the one loop of the simulation.
    package let rooms: [ShardRoom]
    private let executor: LoopExecutor
    private let configuration: GatewayConfiguration
    private var monitors: [BackendMonitor] = []
    private var steward: PoolSteward?
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
        configuration = try Simulation.configuration(backends, backendSettings, pool + settings)
        plan = GatewayPlan(configuration, shardCount: shardCount, seed: seed, now: MonotonicTime(loop.now))
        let (plan, executor, network) = (plan, executor, network)
        let sealer = SessionSealer()
        rooms = (0..<max(shardCount, 1)).map { number in
            let shard = Shard(number: number, plan: plan, executor: executor, sealer: sealer, seed: seed)
            return ShardRoom(shard: shard, network: network, accessLog: nil)
        }
        for backend in backends { network.add(backend) }
    }

    private static func configuration(
        _ backends: [ScriptedBackend], _ backendSettings: [String], _ settings: String
    ) throws -> GatewayConfiguration {
        let urls = backends.enumerated().map { index, backend in
            let more = index < backendSettings.count ? backendSettings[index] : ""
            let url = "http://\(backend.address.host):\(backend.address.port)/mcp"
            return more.isEmpty ? "      - \(url)" : "      - { url: \(url), \(more) }"
        }.joined(separator: "\n")
        let text = "listen: 127.0.0.1:0\npools:\n  tools:\n    backends:\n\(urls)\n\(settings)"
        let loader = ConfigurationLoader(environment: ConfigurationEnvironment(variables: [:]))
        return try loader.load(contents: Array(text.utf8)).configuration
    }

    /// Starts the checks of all backends, which go on as time moves.
    package func startMonitors() {
        var logger = Logger(label: "simulation")
        logger.logLevel = .critical
        for (backend, backendPlan) in zip(backends, plan.pools[0].backends) {
            _ = backend
            let monitor = BackendMonitor(
                pool: configuration.pools[0], in: plan.pools[0], plan: backendPlan, executor: executor,
                network: network, logger: logger)
            monitors.append(monitor)
            Task(executorPreference: executor) { await monitor.run() }
        }
        let steward = PoolSteward(
            plan.pools[0], outliers: configuration.pools[0].outlierDetection, executor: executor, logger: logger)
        self.steward = steward
        Task(executorPreference: executor) { await steward.run() }
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
        let readers = ToolReaders(of: plan, network: network, on: loop, logger: logger)
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
        let access = AccessRules(origins: [], hosts: [], listeningOn: SocketAddressSetting(host: "127.0.0.1", port: 0))
        wire.attach([rooms[number].welcome(access)], from: address)
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
        executor.enter(rooms[0].shard, Shard.copyOut, ())
    }

    /// What each shard has counted.
    package var snapshots: [ShardSnapshot] { rooms.map { executor.enter($0.shard, Shard.copyOut, ()) } }

    /// The metrics, as a scraper would read them.
    package func metrics() -> String {
        let metrics = GatewayMetrics(plan: plan, shards: rooms.map(\.shard), version: "simulated")
        return String(decoding: metrics.text(of: snapshots), as: UTF8.self)
    }
}

@available(*, unavailable)
extension Simulation: Sendable {}
