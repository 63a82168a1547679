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
/// The drain begins when the process is asked to end, or when another one has taken over its listening sockets.
///
/// It owns what the process has once: the generation in effect, readiness, listeners, monitors. Calls never meet it.
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
        /// Told once the gateway serves by a configuration, each time. It may block for a short time.
        package var accepted: @Sendable () -> Void
        /// Reads the configuration anew, off the loops.
        package var load: @Sendable () async -> Result<ExplainedConfiguration, ConfigurationFailure>
        /// What was found at the place where gateways take over from each other; `nil` when there is no such place.
        package var arrival: HandoverPlace.Arrival?
        /// Sockets that a service manager has bound.
        package var activated: [HandedSocket] = []
        /// Who finds the addresses of names.
        package var resolver: any NameResolver = SystemNameResolver()

        /// Everything that a gateway needs besides its configuration.
        package init(
            loops: EventLoops, network: any Network, logger: Logger, accessLog: LogSink?, registry: PrometheusRegistry,
            version: String, announce: @escaping @Sendable (_ listener: String, _ address: String) -> Void,
            accepted: @escaping @Sendable () -> Void = {},
            load: @escaping @Sendable () async -> Result<ExplainedConfiguration, ConfigurationFailure> = {
                .failure(ConfigurationFailure(complaints: ["there is no file to read"]))
            }
        ) {
            self.loops = loops
            self.network = network
            self.logger = logger
            self.accessLog = accessLog
            self.registry = registry
            self.version = version
            self.announce = announce
            self.accepted = accepted
            self.load = load
        }
    }

    private enum State {
        case idle
        case serving(Running)
        case stopped
    }

    struct Running {
        var loops: [NIOLoopBound<ServingLoop>]
        var budget: ConnectionBudget
        var names: NameWatch
        var redis: RedisClient?
        var listeners: [Listening] = []
        var status: StatusPage
        var admin: (any BoundListener)?
        var attendants: [PoolAttendants] = []
        var changeListeners: [NIOLoopBound<ChangeListener>] = []
        var follower: Task<Void, Never>?
        var census: Task<Void, Never>?
        var overloadWatch: Task<Void, Never>?
    }

    /// An address on which clients connect.
    struct Listening {
        var address: SocketAddressSetting
        var listener: any BoundListener
        /// What connections are sealed with, and what it was made of.
        var tls: ListenerTLS
        var settings: TLSSettings?
    }

    /// What the process was started with: some of it holds to its end.
    let started: ExplainedConfiguration
    let surroundings: Surroundings
    let current: CurrentGeneration
    let readiness: Readiness
    let reloads = ReloadTally()
    let overload = OverloadBoard()
    let nameBoard = NameBoard()
    let handshakes = HandshakeBudget()
    var sealer: SessionSealer?
    /// The end of the last reload or handover so far: one goes after another.
    var lastChange: Task<Void, Never>?
    /// Where the next process may take over.
    var place: HandoverPlace?
    /// Whether another process listens now.
    var isHandedOver = false
    private var state = State.idle
    var configuration: GatewayConfiguration { current.value.configuration }

    /// A supervisor of a gateway that has not been started.
    ///
    /// - Parameter usesLastGood: whether this is the last good configuration instead of the one that was asked for.
    package init(_ explained: ExplainedConfiguration, usesLastGood: Bool = false, _ surroundings: Surroundings) {
        started = explained
        self.surroundings = surroundings
        let plan = GatewayPlan(
            explained.configuration, shardCount: surroundings.loops.serving.count,
            seed: surroundings.network.randomSeed(),
            now: MonotonicTime(surroundings.loops.side.eventLoop.now))
        current = CurrentGeneration(
            Generation(explained: explained, configuration: explained.configuration, plan: plan))
        readiness = Readiness(current, usesLastGood: usesLastGood)
    }

    /// What runs; `nil` before the start and from the drain on.
    var running: Running? {
        get {
            guard case .serving(let running) = state else { return nil }
            return running
        }
        set { if let newValue { state = .serving(newValue) } }
    }

    /// Starts, waits until the process is asked to end or another one has taken over, and drains.
    ///
    /// - Throws: `ListenerError` when an address cannot be had; `HandoverError` when another process offered its sockets and
    ///   then did not let go of them; `TLSError` when the system trusts nobody.
    package func run() async throws {
        try await start()
        await withTaskGroup { group in
            group.addTask {
                try? await gracefulShutdown()
                return true
            }
            if let place { group.addTask { await self.offerSockets(at: place) } }
            while let isOver = await group.next(), !isOver {}
            group.cancelAll()
        }
        await drain()
    }

    // MARK: Start

    /// Brings everything up: shards, checks, the admin listener, then the listeners for calls. Sockets of another process
    /// come last, when all that can fail has been done.
    package func start() async throws {
        guard case .idle = state else { return }
        let redis = try await makeRedis()
        let names = makeNameWatch()
        await lookUpNames(names)
        let generation = current.value
        sealer = makeSealer(of: generation.configuration, after: nil)
        var loops: [NIOLoopBound<ServingLoop>] = []
        for (number, executor) in surroundings.loops.serving.enumerated() {
            loops.append(try await makeLoop(executor, makeShard(number, executor, generation.plan), redis))
        }
        var running = Running(
            loops: loops, budget: makeBudget(), names: names, redis: redis,
            status: StatusPage(
                current, loops: loops, version: surroundings.version, readiness: readiness, overload: overload,
                names: nameBoard))
        let sockets = InheritedSockets(offeredSockets + surroundings.activated, for: generation.configuration)
        let metrics = GatewayMetrics(
            current, loops: loops, version: surroundings.version, redis: redis?.status,
            connectionLimit: running.budget.limit, reloads: reloads, overload: overload,
            names: nameBoard, handshakes: handshakes)
        surroundings.registry.register { text in await metrics.collect(into: &text) }
        do {
            if sockets.admin == nil { running.admin = try await listenForAdmin(running) }
            for (plan, pool) in zip(generation.plan.pools, generation.configuration.pools) {
                running.attendants.append(try await PoolAttendants.start(of: plan, pool, surroundings))
            }
            running.overloadWatch = startOverloadWatch(running)
            running.census = startCensus(redis)
            // First: what is heard of changes is to be told to others from the beginning.
            running.follower = startFollower(redis)
            running.changeListeners = try await startChangeListeners()
            for (listener, socket) in zip(generation.configuration.listeners, sockets.listeners) where socket == nil {
                running.listeners.append(try await listen(on: listener, running))
            }
            try await takeOver(sockets, &running)
        } catch {
            await stop(running)
            // Only now: the other process may accept again as soon as it hears of it.
            leavePlace()
            state = .stopped
            throw error
        }
        state = .serving(running)
        readiness.phase = .serving
        surroundings.accepted()
        // What was found out during the start.
        if !generation.configuration.watchedNames.isEmpty { Task { await self.followNames() } }
        surroundings.logger.info(
            "gateway started",
            metadata: [
                "version": "\(surroundings.version)", "loops": "\(loops.count)",
                "pools": "\(generation.plan.pools.count)",
                "backends": "\(generation.plan.pools.reduce(0) { $0 + $1.backends.count })",
            ])
    }

    func makeShard(_ number: Int, _ executor: LoopExecutor, _ plan: GatewayPlan) -> Shard {
        Shard(
            number: number, plan: plan, executor: executor, sealer: sealer ?? SessionSealer(),
            seed: surroundings.network.randomSeed())
    }

    /// The sealer of the session key in effect; the one there is if the key is that of `previous`.
    func makeSealer(of configuration: GatewayConfiguration, after previous: GatewayConfiguration?) -> SessionSealer {
        if let previous, let sealer, previous.sessions.key?.value == configuration.sessions.key?.value { return sealer }
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
        return try await RedisClient(try RedisOptions(settings), loops: loops, logger: surroundings.logger)
    }

    /// Where gateways share their limits, each has to know how many there are.
    func startCensus(_ redis: RedisClient?) -> Task<Void, Never>? {
        guard let redis, let limiter = current.plan.limiter, let settings = configuration.redis else { return nil }
        let name = String(surroundings.network.randomSeed(), radix: 36)
        let census = GatewayCensus(
            redis, limiter, on: surroundings.loops.side, keyPrefix: settings.keyPrefix, name: name)
        return Task(executorPreference: surroundings.loops.side) { await census.run() }
    }

    private func startOverloadWatch(_ running: Running) -> Task<Void, Never> {
        let side = surroundings.loops.side
        let watch = OverloadWatch(
            current, running.loops, budget: running.budget, board: overload, executor: side,
            logger: surroundings.logger)
        return Task(executorPreference: side) { await watch.run() }
    }

    private func makeLoop(
        _ executor: LoopExecutor, _ shard: Shard, _ redis: RedisClient?
    ) async throws -> NIOLoopBound<ServingLoop> {
        let loop = executor.eventLoop
        let (network, accessLog) = (surroundings.network, surroundings.accessLog)
        return try await loop.submit {
            let lane = redis?.lane(on: loop)
            return NIOLoopBound(
                ServingLoop(shard: shard, network: network, accessLog: accessLog, redis: lane), eventLoop: loop)
        }.get()
    }

    /// Listens for calls, on `socket` if it is given.
    func listen(
        on settings: ListenerConfiguration, _ running: Running, adopting socket: HandedSocket? = nil
    ) async throws -> Listening {
        let tls = ListenerTLS(try settings.tls?.load(), handshakes)
        let bound = try await listen(on: settings.address, tls, running, adopting: socket)
        return Listening(address: settings.address, listener: bound, tls: tls, settings: settings.tls)
    }

    /// The same with what connections are sealed with.
    func listen(
        on address: SocketAddressSetting, _ tls: ListenerTLS, _ running: Running, adopting socket: HandedSocket?
    ) async throws -> any BoundListener {
        let byLoop = Dictionary(
            zip(surroundings.loops.serving.map { ObjectIdentifier($0.eventLoop) }, running.loops),
            uniquingKeysWith: { $1 })
        let fallback = running.loops[0]
        let loops = surroundings.loops.serving.map { $0.eventLoop }
        let makeHandler: @Sendable (any EventLoop) -> HTTPServerConnection = { loop in
            (byLoop[ObjectIdentifier(loop)] ?? fallback).value.welcome(address)
        }
        let bound: any BoundListener
        if let socket {
            bound = try await surroundings.network.adopt(
                socket, loops: loops, budget: running.budget, tls: tls, makeHandler: makeHandler)
        } else {
            bound = try await surroundings.network.listen(
                host: address.host, port: address.port, loops: loops, budget: running.budget, tls: tls,
                makeHandler: makeHandler)
        }
        surroundings.announce("mcp", bound.boundAddress)
        return bound
    }

    private func makeBudget() -> ConnectionBudget {
        let descriptors = DescriptorLimit.raise()
        switch configuration.limits.maximumConnections {
        case .automatic: return ConnectionBudget(limit: DescriptorLimit.connections(descriptors: descriptors))
        // Each takes a descriptor.
        case .fixed(let limit): return ConnectionBudget(limit: min(limit, descriptors))
        }
    }

    /// Listens for operators, on `socket` if it is given.
    func listenForAdmin(
        _ running: Running, adopting socket: HandedSocket? = nil
    ) async throws -> any BoundListener {
        let address = configuration.admin
        let readiness = readiness
        let source = AdminFront.Source(
            registry: surroundings.registry,
            access: AccessRules(origins: [], hosts: [], listeningOn: address), current: current, status: running.status,
            logger: surroundings.logger, readiness: readiness, reload: { await self.reload() })
        let side = surroundings.loops.side
        let loop = try await side.eventLoop.submit {
            NIOLoopBound(LoopContext(side), eventLoop: side.eventLoop)
        }.get()
        // Scrapers and probes must get through however many clients there are.
        let budget = ConnectionBudget(limit: 256)
        let makeHandler: @Sendable (any EventLoop) -> HTTPServerConnection = { _ in
            HTTPServerConnection(loop: loop.value, delegate: AdminFront(source, loop: loop.value))
        }
        let bound: any BoundListener
        if let socket {
            bound = try await surroundings.network.adopt(
                socket, loops: [side.eventLoop], budget: budget, tls: nil, makeHandler: makeHandler)
        } else {
            bound = try await surroundings.network.listen(
                host: address.host, port: address.port, loops: [side.eventLoop], budget: budget, tls: nil,
                makeHandler: makeHandler)
        }
        surroundings.announce("admin", bound.boundAddress)
        return bound
    }

    func startFollower(_ redis: RedisClient?) -> Task<Void, Never>? {
        guard let redis, let settings = configuration.redis else { return nil }
        let side = surroundings.loops.side
        let plan = current.plan
        let follower = GenerationFollower(
            cache: plan.cache, pools: plan.pools.map(\.name), redis: redis, prefix: settings.keyPrefix,
            timeout: settings.timeout, executor: side,
            logger: surroundings.logger)
        return Task(executorPreference: side) { await follower.run() }
    }

    func startChangeListeners() async throws -> [NIOLoopBound<ChangeListener>] {
        let (plan, network, logger) = (current.plan, surroundings.network, surroundings.logger)
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

    func stop(_ listeners: [NIOLoopBound<ChangeListener>]) async {
        let loop = surroundings.loops.side.eventLoop
        try? await loop.flatSubmit {
            EventLoopFuture.andAllComplete(listeners.map { $0.value.stop() }, on: loop)
        }.get()
    }

    // MARK: Drain

    /// Stops accepting, lets the calls in flight end, and closes everything (reliability: "Start, reload, drain").
    package func drain() async {
        // Whoever asks on an old connection whether the gateway serves, is answered for the one that listens now.
        if !isHandedOver { readiness.phase = .draining }
        // Whatever is being configured is finished first; nothing begins any more.
        while let change = lastChange {
            lastChange = nil
            await change.value
        }
        guard case .serving(let running) = state else { return }
        state = .stopped
        surroundings.logger.info("draining")
        let side = surroundings.loops.side
        if configuration.drain.delay > .zero, !isHandedOver { await side.sleep(for: configuration.drain.delay) }
        for listening in running.listeners { await listening.listener.close() }
        let deadline = side.eventLoop.now + TimeAmount(configuration.drain.timeout)
        // The last tenth is for closing what is idle.
        let idleDeadline = side.eventLoop.now + TimeAmount(configuration.drain.timeout * 9 / 10)
        if isHandedOver { await drainGently(running, until: idleDeadline) }
        for loop in running.loops {
            try? await loop.submit { $0.housekeeper.drain() }
        }
        while await clientCount(running.loops) > 0, side.eventLoop.now < deadline {
            await side.sleep(for: .milliseconds(10))
        }
        let left = await clientCount(running.loops)
        if left > 0 {
            surroundings.logger.warning(
                "drain timed out, connections were cut", metadata: ["connections": "\(left)"])
        }
        await stop(running)
        surroundings.logger.info("drained")
    }

    func clientCount(_ loops: [NIOLoopBound<ServingLoop>]) async -> Int {
        var count = 0
        for loop in loops { count += (try? await loop.submit { $0.housekeeper.clientCount }) ?? 0 }
        return count
    }

    private func stop(_ running: Running) async {
        await running.names.stop()
        running.follower?.cancel()
        running.census?.cancel()
        running.overloadWatch?.cancel()
        await stop(running.changeListeners)
        for attendants in running.attendants { await attendants.stop() }
        for listening in running.listeners { await listening.listener.close() }
        for loop in running.loops { try? await loop.submit { $0.housekeeper.closeAll() } }
        for attendants in running.attendants { await attendants.wait() }
        await running.follower?.value
        await running.census?.value
        await running.overloadWatch?.value
        await running.admin?.close()
        await running.redis?.shutdown()
    }
}
