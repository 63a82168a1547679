package import Logging
import NIOCore
import Redis
import Resilience
import ServiceLifecycle
package import Telemetry
package import Transport

/// Brings the gateway up from a configuration, keeps it running, and drains it.
///
/// ```
/// idle ──start──▶ serving ──drain──▶ stopped
/// ```
///
/// It owns what the process has once: plan, readiness, listeners, monitors. Calls never meet it.
package actor Supervisor: Service {
    /// What the supervisor takes from the world.
    package struct Surroundings: Sendable {
        /// The loops to serve on.
        package var loops: EventLoops
        /// Connections, listeners and chance.
        package var network: any Network
        /// Where operators read what happened.
        package var logger: Logger
        /// Where the access log goes; `nil` for nowhere.
        package var accessLog: LogSink?
        /// Where metrics are collected.
        package var registry: PrometheusRegistry
        /// The version of the program, for `build_info`.
        package var version: String
        /// Told once for each listener, with its name (`mcp` or `admin`) and the address that is really bound.
        package var announce: @Sendable (_ listener: String, _ address: String) -> Void
        /// Told once the gateway serves by its configuration. It may block for a short time.
        package var accepted: @Sendable () -> Void

        /// Everything that a gateway needs besides its configuration.
        package init(
            loops: EventLoops, network: any Network, logger: Logger, accessLog: LogSink?, registry: PrometheusRegistry,
            version: String, announce: @escaping @Sendable (_ listener: String, _ address: String) -> Void,
            accepted: @escaping @Sendable () -> Void = {}
        ) {
            self.loops = loops
            self.network = network
            self.logger = logger
            self.accessLog = accessLog
            self.registry = registry
            self.version = version
            self.announce = announce
            self.accepted = accepted
        }
    }

    private enum State {
        case idle
        case serving(Running)
        case stopped
    }

    private struct Running {
        var rooms: [NIOLoopBound<ShardRoom>]
        var listeners: [any BoundListener]
        var admin: (any BoundListener)?
        var monitors: [Task<Void, Never>]
        var changeListeners: [NIOLoopBound<ChangeListener>] = []
        var toolReaders: NIOLoopBound<ToolReaders>?
        var follower: Task<Void, Never>?
        var redis: RedisClient?
    }

    private let explained: ExplainedConfiguration
    private var configuration: GatewayConfiguration { explained.configuration }
    private let surroundings: Surroundings
    private let plan: GatewayPlan
    private let readiness: Readiness
    private var state = State.idle

    /// A supervisor of a gateway that has not been started.
    ///
    /// - Parameter usesLastGood: whether this is the last good configuration instead of the one that was asked for.
    package init(_ explained: ExplainedConfiguration, usesLastGood: Bool = false, _ surroundings: Surroundings) {
        self.explained = explained
        self.surroundings = surroundings
        plan = GatewayPlan(
            explained.configuration, shardCount: surroundings.loops.serving.count,
            seed: surroundings.network.randomSeed(),
            now: MonotonicTime(surroundings.loops.side.eventLoop.now))
        readiness = Readiness(plan.pools, usesLastGood: usesLastGood)
    }

    /// Starts, waits until the process is asked to end, and drains.
    ///
    /// - Throws: `ListenerError` when an address cannot be had; `RedisTLSError` when a file of `redis.tls` has gone bad
    ///   since it was checked.
    package func run() async throws {
        try await start()
        try? await gracefulShutdown()
        await drain()
    }

    // MARK: Start

    /// Brings everything up: shards, checks, the admin listener, then the listeners for calls.
    package func start() async throws {
        guard case .idle = state else { return }
        let sealer = makeSealer()
        let redis = try await makeRedis()
        var shards: [Shard] = []
        var rooms: [NIOLoopBound<ShardRoom>] = []
        for (number, executor) in surroundings.loops.serving.enumerated() {
            let shard = Shard(
                number: number, plan: plan, executor: executor, sealer: sealer,
                seed: surroundings.network.randomSeed())
            shards.append(shard)
            rooms.append(try await makeRoom(around: shard, redis))
        }
        var running = Running(rooms: rooms, listeners: [], admin: nil, monitors: [], redis: redis)
        let budget = makeBudget()
        let metrics = GatewayMetrics(
            plan: plan, shards: shards, version: surroundings.version, redis: redis?.status,
            connectionLimit: budget.limit)
        surroundings.registry.register { text in await metrics.collect(into: &text) }
        do {
            running.admin = try await listenForAdmin(
                StatusPage(plan: plan, shards: shards, version: surroundings.version, readiness: readiness))
            running.monitors = startMonitors() + startStewards()
            if let census = makeCensus(redis) {
                running.monitors.append(Task(executorPreference: surroundings.loops.side) { await census.run() })
            }
            // First: what is heard of changes is to be told to others from the beginning.
            running.follower = startFollower(redis)
            running.changeListeners = try await startChangeListeners()
            running.toolReaders = try await ToolReaders.start(
                of: plan, network: surroundings.network, on: surroundings.loops.side.eventLoop,
                logger: surroundings.logger)
            for listener in configuration.listeners {
                running.listeners.append(try await listen(on: listener, rooms, budget))
            }
        } catch {
            await stop(running)
            state = .stopped
            throw error
        }
        state = .serving(running)
        readiness.phase = .serving
        surroundings.accepted()
        surroundings.logger.info(
            "gateway started",
            metadata: [
                "version": "\(surroundings.version)", "loops": "\(shards.count)", "pools": "\(plan.pools.count)",
                "backends": "\(plan.pools.reduce(0) { $0 + $1.backends.count })",
            ])
    }

    private func makeSealer() -> SessionSealer {
        if let secret = configuration.sessions.key { return SessionSealer(secret: secret.value) }
        surroundings.logger.warning(
            "no session key is configured: one was made for this process; sessions end with it, and other gateways cannot serve them (set sessions.key)"
        )
        return SessionSealer()
    }

    /// The client for the Redis of the configuration. It connects by itself, now or whenever Redis is there: nobody waits
    /// for it.
    private func makeRedis() async throws -> RedisClient? {
        guard let settings = configuration.redis else { return nil }
        let loops = surroundings.loops.serving.map { $0.eventLoop } + [surroundings.loops.side.eventLoop]
        return try await RedisClient(RedisOptions(settings), loops: loops, logger: surroundings.logger)
    }

    /// Where gateways share their limits, each has to know how many there are.
    private func makeCensus(_ redis: RedisClient?) -> GatewayCensus? {
        guard let redis, let limiter = plan.limiter, let settings = configuration.redis else { return nil }
        let name = String(surroundings.network.randomSeed(), radix: 36)
        return GatewayCensus(
            redis, limiter, on: surroundings.loops.side, keyPrefix: settings.keyPrefix, name: name)
    }

    private func makeRoom(around shard: Shard, _ redis: RedisClient?) async throws -> NIOLoopBound<ShardRoom> {
        let loop = shard.executor.eventLoop
        let (network, accessLog) = (surroundings.network, surroundings.accessLog)
        return try await loop.submit {
            let lane = redis?.lane(on: loop)
            return NIOLoopBound(
                ShardRoom(shard: shard, network: network, accessLog: accessLog, redis: lane), eventLoop: loop)
        }.get()
    }

    private func listen(
        on listener: ListenerConfiguration, _ rooms: [NIOLoopBound<ShardRoom>], _ budget: ConnectionBudget
    ) async throws -> any BoundListener {
        let access = AccessRules(
            origins: configuration.allowedOrigins, hosts: configuration.allowedHosts, listeningOn: listener.address)
        let roomsByLoop = Dictionary(
            zip(surroundings.loops.serving.map { ObjectIdentifier($0.eventLoop) }, rooms), uniquingKeysWith: { $1 })
        let fallback = rooms[0]
        let bound = try await surroundings.network.listen(
            host: listener.address.host, port: listener.address.port,
            loops: surroundings.loops.serving.map { $0.eventLoop }, budget: budget
        ) { loop in
            (roomsByLoop[ObjectIdentifier(loop)] ?? fallback).value.welcome(access)
        }
        surroundings.announce("mcp", bound.boundAddress)
        return bound
    }

    private func makeBudget() -> ConnectionBudget {
        let descriptors = DescriptorLimit.raise()
        switch configuration.limits.maximumConnections {
        case .automatic: return ConnectionBudget(limit: DescriptorLimit.connections(descriptors: descriptors))
        case .fixed(let limit): return ConnectionBudget(limit: limit)
        }
    }

    private func listenForAdmin(_ status: StatusPage) async throws -> any BoundListener {
        let address = configuration.admin
        let readiness = readiness
        let source = AdminFront.Source(
            registry: surroundings.registry,
            access: AccessRules(origins: [], hosts: [], listeningOn: address), cache: plan.cache,
            pools: plan.pools, status: status, configuration: explained.json(), logger: surroundings.logger,
            readiness: readiness)
        let side = surroundings.loops.side
        let loop = try await side.eventLoop.submit {
            NIOLoopBound(LoopContext(side), eventLoop: side.eventLoop)
        }.get()
        let bound = try await surroundings.network.listen(
            host: address.host, port: address.port, loops: [side.eventLoop],
            // Scrapers and probes must get through however many clients there are.
            budget: ConnectionBudget(limit: 256)
        ) { _ in
            HTTPServerConnection(loop: loop.value, delegate: AdminFront(source, loop: loop.value))
        }
        surroundings.announce("admin", bound.boundAddress)
        return bound
    }

    private func startMonitors() -> [Task<Void, Never>] {
        zip(configuration.pools, plan.pools).flatMap { pool, poolPlan in
            poolPlan.backends.map { backend in
                let monitor = BackendMonitor(
                    pool: pool, in: poolPlan, plan: backend, executor: surroundings.loops.side,
                    network: surroundings.network, logger: surroundings.logger)
                return Task(executorPreference: surroundings.loops.side) { await monitor.run() }
            }
        }
    }

    private func startStewards() -> [Task<Void, Never>] {
        let side = surroundings.loops.side
        return zip(configuration.pools, plan.pools).map { pool, poolPlan in
            let steward = PoolSteward(
                poolPlan, outliers: pool.outlierDetection, executor: side, logger: surroundings.logger)
            return Task(executorPreference: side) { await steward.run() }
        }
    }

    private func startFollower(_ redis: RedisClient?) -> Task<Void, Never>? {
        guard let redis, let settings = configuration.redis else { return nil }
        let side = surroundings.loops.side
        let follower = GenerationFollower(
            cache: plan.cache, pools: plan.pools.map(\.name), redis: redis, prefix: settings.keyPrefix,
            timeout: settings.timeout, executor: side,
            logger: surroundings.logger)
        return Task(executorPreference: side) { await follower.run() }
    }

    private func startChangeListeners() async throws -> [NIOLoopBound<ChangeListener>] {
        let (plan, network, logger) = (plan, surroundings.network, surroundings.logger)
        let loop = surroundings.loops.side.eventLoop
        return try await loop.submit {
            plan.pools.indices.flatMap { index in
                plan.pools[index].backends.map { backend in
                    let listener = ChangeListener(
                        to: backend, poolIndex: index, of: plan, network: network, on: loop, logger: logger)
                    listener.start()
                    return NIOLoopBound(listener, eventLoop: loop)
                }
            }
        }.get()
    }

    private func stop(_ listeners: [NIOLoopBound<ChangeListener>]) async {
        let loop = surroundings.loops.side.eventLoop
        try? await loop.flatSubmit {
            EventLoopFuture.andAllComplete(listeners.map { $0.value.stop() }, on: loop)
        }.get()
    }

    // MARK: Drain

    /// Stops accepting, lets the calls in flight end, and closes everything (reliability: "Start, reload, drain").
    package func drain() async {
        guard case .serving(let running) = state else { return }
        state = .stopped
        readiness.phase = .draining
        surroundings.logger.info("draining")
        let side = surroundings.loops.side
        if configuration.drain.delay > .zero { await side.sleep(for: configuration.drain.delay) }
        for listener in running.listeners { await listener.close() }
        for room in running.rooms {
            try? await room.submit { $0.housekeeper.drain() }
        }
        let deadline = side.eventLoop.now + TimeAmount(configuration.drain.timeout)
        while await clientCount(running.rooms) > 0, side.eventLoop.now < deadline {
            await side.sleep(for: .milliseconds(10))
        }
        let left = await clientCount(running.rooms)
        if left > 0 {
            surroundings.logger.warning(
                "drain timed out, connections were cut", metadata: ["connections": "\(left)"])
        }
        await stop(running)
        surroundings.logger.info("drained")
    }

    private func clientCount(_ rooms: [NIOLoopBound<ShardRoom>]) async -> Int {
        var count = 0
        for room in rooms { count += (try? await room.submit { $0.housekeeper.clientCount }) ?? 0 }
        return count
    }

    private func stop(_ running: Running) async {
        for monitor in running.monitors { monitor.cancel() }
        running.follower?.cancel()
        await stop(running.changeListeners)
        await running.toolReaders?.stop()
        for listener in running.listeners { await listener.close() }
        for room in running.rooms { try? await room.submit { $0.housekeeper.closeAll() } }
        for monitor in running.monitors { await monitor.value }
        await running.follower?.value
        await running.admin?.close()
        await running.redis?.shutdown()
    }
}

extension NIOLoopBound {
    /// What `body` makes of the value, on the value's loop.
    fileprivate func submit<Result: Sendable>(
        _ body: @escaping @Sendable (Value) -> Result
    ) async throws -> Result {
        let bound = self
        return try await eventLoop.submit { body(bound.value) }.get()
    }
}
