package import Logging
package import NIOCore
import Resilience
package import Transport
import Wire

/// Listens to one backend for the whole process: whatever it says has changed becomes void in the cache.
///
/// What is to be done is decided by `ListeningMachine`; this opens and closes lines, tells the cache, and writes the log,
/// once for each change of state. Like the connections that it uses, it belongs to its loop, one that serves no calls.
package final class ChangeListener {
    /// How often the machine is asked what has fallen due.
    private static let tickInterval = TimeAmount.milliseconds(500)

    private let pool: PoolPlan
    private let poolIndex: Int
    private let tools: ToolTraitsBoard.Source?
    private let plan: BackendPlan
    private let cache: AnswerCache
    private let network: any Network
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let requests: ListeningRequests
    private var machine: ListeningMachine
    private var lines: [Int: any ChangeLine] = [:]
    private var resources: (version: UInt64, uris: Set<[UInt8]>) = (0, [])
    private var isRunning = false
    private var nextTick: Scheduled<Void>?
    private var closing = 0
    private var closed: EventLoopPromise<Void>?

    /// A listener to the backend of `plan` in the pool at `poolIndex` of `gateway`. Nothing is done before `start`.
    package init(
        to plan: BackendPlan, poolIndex: Int, of gateway: GatewayPlan, network: any Network,
        on eventLoop: any EventLoop, logger: Logger
    ) {
        let pool = gateway.pools[poolIndex]
        self.pool = pool
        self.poolIndex = poolIndex
        let index = pool.backends.firstIndex { $0 === plan }
        tools = index.flatMap { index in pool.toolTraits.map { ToolTraitsBoard.Source($0, backend: index) } }
        self.plan = plan
        cache = gateway.cache
        self.network = network
        self.eventLoop = eventLoop
        self.logger = logger
        requests = ListeningRequests(plan)
        machine = ListeningMachine(pool.listening, seed: network.randomSeed())
    }

    /// Begins to listen, if anything of the backend is kept. On the loop.
    package func start() {
        plan.listening.state = machine.state
        guard machine.state != .off else { return }
        isRunning = true
        tick()
    }

    /// Ends all lines; the future succeeds when the backend has been told, or a second later. On the loop.
    package func stop() -> EventLoopFuture<Void> {
        isRunning = false
        nextTick?.cancel()
        plan.listening.state = .off
        let promise = eventLoop.makePromise(of: Void.self)
        let left = lines.values
        lines = [:]
        closing = left.count
        guard closing > 0 else {
            promise.succeed()
            return promise.futureResult
        }
        closed = promise
        let limit = eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { self.allClosed() }
        promise.futureResult.assumeIsolated().whenComplete { _ in limit.cancel() }
        for line in left {
            line.close {
                self.closing -= 1
                if self.closing == 0 { self.allClosed() }
            }
        }
        return promise.futureResult
    }

    private func allClosed() {
        closed?.succeed()
        closed = nil
    }

    private var now: MonotonicTime { MonotonicTime(eventLoop.now) }

    private func tick() {
        guard isRunning else { return }
        nextTick = eventLoop.assumeIsolated().scheduleTask(in: ChangeListener.tickInterval) { [weak self] in
            self?.tick()
        }
        let version = cache.watchedVersion(pool: poolIndex)
        if version != resources.version { resources = cache.watched(pool: poolIndex) }
        carryOut(
            machine.tick(at: now, isDown: plan.status.health == .down, resourceVersion: resources.version))
    }

    private func receive(_ event: ChangeLineEvent, from number: Int) {
        switch event {
        case .acknowledged(let takesResources):
            carryOut(machine.acknowledged(number, takesResources: takesResources, at: now))
        case .refused(let refusal):
            lines[number] = nil
            carryOut(machine.refused(number, refusal, at: now))
        case .heard(let isKeepAlive):
            machine.heard(number, isKeepAlive: isKeepAlive, at: now)
        case .changed(let topics):
            cache.invalidate(topics, pool: poolIndex, tools: tools, source: .listener)
        case .subscribed(let uri):
            cache.invalidate([.resource(uri)], pool: poolIndex, source: .gap)
        case .lost:
            lines[number] = nil
            carryOut(machine.lost(number, at: now))
        }
    }

    private func carryOut(_ actions: [ListeningMachine.Action]) {
        for action in actions {
            switch action {
            case .open(let number, let era, let namesResources):
                open(number, era, naming: namesResources ? resources.uris : Set())
            case .close(let number):
                lines.removeValue(forKey: number)?.close {}
            case .subscribe(let number):
                lines[number]?.subscribe(to: resources.uris)
            case .ping(let number):
                lines[number]?.ping()
            case .voidEverything:
                cache.clear(pool: poolIndex, tools: tools, source: .gap)
            case .voidNews(let number, let old):
                let known = lines[old]?.resources ?? []
                let news = (lines[number]?.resources ?? []).subtracting(known)
                cache.invalidate(news.map { .resource($0) }, pool: poolIndex, source: .gap)
            }
        }
        note(machine.state)
    }

    private func open(_ number: Int, _ era: MCPEra, naming uris: Set<[UInt8]>) {
        let connect: (BackendExchange) -> Void = { [network, plan, pool, eventLoop] exchange in
            exchange.start(to: plan.address, timeout: pool.timeouts.connect, network: network, on: eventLoop)
        }
        let handler: (ChangeLineEvent) -> Void = { [weak self] event in self?.receive(event, from: number) }
        switch era {
        case .modern:
            lines[number] = ModernLine(
                requests.listen(to: uris, number: number), naming: uris, connect: connect, handler: handler)
        case .legacy:
            lines[number] = LegacyLine(
                requests, naming: uris, on: eventLoop, connect: connect, handler: handler)
        }
    }

    private func note(_ state: ListeningState) {
        guard isRunning, state != plan.listening.state else { return }
        plan.listening.state = state
        let metadata: Logger.Metadata = ["pool": "\(pool.name)", "backend": "\(plan.url)"]
        switch state {
        case .listening: logger.info("backend tells of changes", metadata: metadata)
        case .waiting:
            // That it is down has been said.
            logger.log(
                level: plan.status.health == .down ? .info : .warning,
                "backend does not tell of changes at the moment", metadata: metadata)
        case .notOffered:
            logger.info("backend does not tell of changes: what is kept of it ends with its time", metadata: metadata)
        case .off, .connecting: break
        }
    }
}

@available(*, unavailable)
extension ChangeListener: Sendable {}
