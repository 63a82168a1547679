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
    private var nameWatch: NameWatch?
    /// What came of looking up names.
    package let nameBoard = NameBoard()

    /// A gateway with one pool of `backendCount` backends, served by `shardCount` shards; `pool` are more lines of its
    /// configuration, and `settings` of that of the gateway. `backendSettings` are more keys of the first backends, as in
    /// `weight: 2, zone: a`; none if empty. With `name`, the backends are at 10.0.0.1, 10.0.0.2 and so on, and the pool has
    /// that one name in their stead, of which nothing is known before `startNames`.
    package init(
        seed: UInt64, backendCount: Int = 3, shardCount: Int = 1, pool: String = "", settings: String = "",
        backendSettings: [String] = [], name: String? = nil
    ) throws {
        network = SimulatedNetwork(loop: loop, seed: seed)
        backends = (0..<backendCount).map { index in
            name == nil
                ? ScriptedBackend(host: "10.0.0.1", port: 9_001 + index)
                : ScriptedBackend(host: "10.0.0.\(1 + index)", port: 9_001)
        }
        executor = LoopExecutor(loop)
        let places = name.map { [BackendAddress(host: $0, port: 9_001)] } ?? backends.map(\.address)
        let explained = try loader.explain(
            contents: Simulation.text(places, backendSettings, pool + settings), file: "simulated")
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
        _ places: [BackendAddress], _ backendSettings: [String], _ settings: String
    ) -> [UInt8] {
        let urls = places.enumerated().map { index, place in
            let more = index < backendSettings.count ? backendSettings[index] : ""
            let url = "http://\(place.host):\(place.port)/mcp"
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
            contents: Simulation.text(indices.map { backends[$0].address }, backendSettings, pool + settings),
            file: "simulated")
        install(explained, NameBook())
    }

    private func install(_ explained: ExplainedConfiguration, _ names: NameBook) {
        let last = current.value
        let plan = GatewayPlan(
            explained.configuration, names: names, shardCount: rooms.count, seed: network.randomSeed(),
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

    /// Begins to look up the names of the configuration, as the supervisor does.
    package func startNames() {
        var logger = Logger(label: "simulation")
        logger.logLevel = .critical
        let bound = NIOLoopBound(self, eventLoop: loop)
        let watch = NameWatch(
            network, board: nameBoard, executor: executor, seed: network.randomSeed(), logger: logger,
            changed: { await Simulation.followNames(bound) })
        nameWatch = watch
        let configuration = configuration
        Task(executorPreference: executor) {
            _ = await watch.follow(
                configuration.watchedNames, interval: configuration.names.interval, patience: .seconds(2))
        }
        loop.run()
    }

    private static func followNames(_ simulation: NIOLoopBound<Simulation>) async {
        guard let watch = simulation.value.nameWatch else { return }
        let names = await watch.book
        let last = simulation.value.current.value
        if names != last.plan.names { simulation.value.install(last.explained, names) }
    }

    /// Looks up nothing any more.
    package func stopNames() {
        guard let watch = nameWatch else { return }
        Task(executorPreference: executor) { await watch.stop() }
        loop.run()
    }

    /// The number of the generation in effect, counted from 1.
    package var generation: Int { current.value.number }

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
        let metrics = GatewayMetrics(current, loops: rooms, version: "simulated", names: nameBoard)
        return String(decoding: metrics.text(of: snapshots), as: UTF8.self)
    }
}

@available(*, unavailable)
extension Simulation: Sendable {}
