import Logging
import NIOCore
import Resilience
import Transport

/// The gateway is configured anew while it serves (reliability: "Start, reload, drain").
///
/// Everything that can fail comes first: reading, checking, and listening on addresses that are new. Then one generation
/// takes the place of the other, loop by loop; each call is served by one of them from its beginning to its end.
extension Supervisor {
    /// Reads the configuration and goes by it, unless something is wrong with it. One reload at a time: whoever comes
    /// meanwhile waits, and the file is read for them after that.
    package func reload() async -> ReloadOutcome {
        guard readiness.phase == .serving, !isHandedOver else {
            return .rejected(complaints: ["the gateway does not serve at the moment"])
        }
        let last = lastChange
        let reload = Task {
            await last?.value
            return await self.reloadNow()
        }
        lastChange = Task { _ = await reload.value }
        return await reload.value
    }

    private func reloadNow() async -> ReloadOutcome {
        let outcome: ReloadOutcome
        switch await surroundings.load() {
        case .success(let explained): outcome = await apply(explained)
        case .failure(let failure): outcome = .rejected(complaints: failure.complaints)
        }
        reloads.note(outcome.result)
        tell(outcome)
        if outcome.result != .rejected {
            readiness.usesLastGood = false
            surroundings.accepted()
        }
        return outcome
    }

    private func tell(_ outcome: ReloadOutcome) {
        let logger = surroundings.logger
        switch outcome {
        case .applied(let change):
            var metadata: Logger.Metadata = ["generation": "\(change.generation)"]
            metadata["changes"] = .array(change.differences.map { "\($0.text)" })
            if !change.waiting.isEmpty { metadata["nextStart"] = .array(change.waiting.map { "\($0.text)" }) }
            if !change.notes.isEmpty { metadata["notes"] = .array(change.notes.map { "\($0)" }) }
            logger.notice("the configuration has changed", metadata: metadata)
        case .unchanged:
            logger.debug("the configuration is the same")
        case .rejected(let complaints):
            logger.error(
                "the configuration was refused, nothing has changed",
                metadata: ["complaints": .array(complaints.map { "\($0)" })])
        }
    }

    private func apply(_ explained: ExplainedConfiguration) async -> ReloadOutcome {
        guard var running else { return .rejected(complaints: ["the gateway does not serve at the moment"]) }
        let last = current.value
        let waiting = ConfigurationComparison(started, explained).differences.filter(\.waitsForStart)
        guard explained.configuration != last.explained.configuration else {
            return .unchanged(generation: last.number, waiting: waiting)
        }
        let configuration = explained.configuration.inEffect(sinceStartWith: started.configuration)
        // Those that are looked up so far go on, in case it does not come to that.
        await lookUpNames(of: configuration, besides: last.configuration, running.names)
        let listeners: ListenerChange
        let redisTLS: ClientTLS?
        do {
            redisTLS = try tlsOfRedis(in: configuration, after: last.configuration)
            listeners = try await listen(for: configuration, running)
        } catch {
            await lookUpNames(of: last.configuration, running.names, waits: false)
            return .rejected(complaints: ["\(error)"])
        }
        // From here on nothing fails.
        let names = await lookUpNames(of: configuration, running.names, waits: false)
        running.listeners = listeners.takeEffect()
        if let redisTLS { running.redis?.replaceTLS(with: redisTLS) }
        let next = await install(explained, configuration, names, &running)
        for left in listeners.old { await left.listener.close() }
        return .applied(
            ReloadOutcome.Change(
                generation: next.number, differences: ConfigurationComparison(last.explained, explained).differences,
                waiting: waiting, notes: Self.notes(last.plan, next.plan)))
    }

    /// Lets a generation of these follow the one in effect, loop by loop.
    func install(
        _ explained: ExplainedConfiguration, _ configuration: GatewayConfiguration, _ names: NameBook,
        _ running: inout Running
    ) async -> Generation {
        let last = current.value
        let plan = GatewayPlan(
            configuration, names: names, shardCount: surroundings.loops.serving.count,
            seed: surroundings.network.randomSeed(), now: MonotonicTime(surroundings.loops.side.eventLoop.now),
            after: (last.configuration, last.plan))
        let next = Generation(
            number: last.number + 1, explained: explained, configuration: configuration, plan: plan)
        sealer = makeSealer(of: configuration, after: last.configuration)
        for (number, (executor, loop)) in zip(surroundings.loops.serving, running.loops).enumerated() {
            let shard = makeShard(number, executor, plan)
            try? await loop.submit { $0.install(shard) }
        }
        current.set(next)
        await follow(next, after: last, &running)
        self.running = running
        return next
    }

    /// What connections to Redis are sealed with from now on; `nil` when that is the same.
    private func tlsOfRedis(
        in configuration: GatewayConfiguration, after last: GatewayConfiguration
    ) throws(TLSError) -> ClientTLS? {
        guard let redis = configuration.redis, redis.url.usesTLS, redis.tls != last.redis?.tls else { return nil }
        return try (redis.tls ?? ClientTLSSettings()).load()
    }

    /// What becomes of the listeners.
    private struct ListenerChange {
        /// Those that stay, each with what it is to show, if that is another.
        var kept: [(listening: Listening, certificate: ListenerTLS.Certificate??)] = []
        var new: [Listening] = []
        var old: [Listening] = []

        /// Those that there are from now on: connections that come are sealed as the configuration says.
        func takeEffect() -> [Listening] {
            for (listening, certificate) in kept {
                if let certificate { listening.tls.replace(with: certificate) }
            }
            return kept.map(\.listening) + new
        }
    }

    /// Listens where nobody has listened so far, and reads what is to be shown to clients. All or none.
    private func listen(
        for configuration: GatewayConfiguration, _ running: Running
    ) async throws -> ListenerChange {
        var change = ListenerChange(old: running.listeners)
        do {
            for listener in configuration.listeners {
                guard let index = change.old.firstIndex(where: { $0.address == listener.address }) else {
                    change.new.append(try await listen(on: listener, running))
                    continue
                }
                var listening = change.old.remove(at: index)
                let isSame = listening.settings == listener.tls
                listening.settings = listener.tls
                change.kept.append((listening, isSame ? nil : .some(try listener.tls?.load())))
            }
        } catch {
            for new in change.new { await new.listener.close() }
            throw error
        }
        return change
    }

    /// Has those who are no part of calls go by `next`. Who looks after what has not changed goes on.
    private func follow(_ next: Generation, after last: Generation, _ running: inout Running) async {
        let plan = next.plan
        var attendants: [PoolAttendants] = []
        var others = running.attendants
        for (poolPlan, pool) in zip(plan.pools, next.configuration.pools) {
            if let index = others.firstIndex(where: { $0.plan === poolPlan }) {
                attendants.append(others.remove(at: index))
            } else {
                if let index = others.firstIndex(where: { $0.plan.name == poolPlan.name }) {
                    await others.remove(at: index).stop()
                }
                if let started = try? await PoolAttendants.start(of: poolPlan, pool, surroundings) {
                    attendants.append(started)
                }
            }
        }
        for left in others { await left.stop() }
        running.attendants = attendants
        let isSameCache = plan.cache === last.plan.cache
        if !isSameCache {
            running.follower?.cancel()
            await running.follower?.value
            running.follower = startFollower(running.redis)
        }
        if plan.limiter !== last.plan.limiter {
            running.census?.cancel()
            await running.census?.value
            running.census = startCensus(running.redis)
        }
        if !isSameCache || !plan.pools.elementsEqual(last.plan.pools, by: ===) {
            await stop(running.changeListeners)
            running.changeListeners = (try? await startChangeListeners()) ?? []
        }
    }

    /// What began anew.
    private static func notes(_ last: GatewayPlan, _ next: GatewayPlan) -> [String] {
        var notes: [String] = []
        if next.cache !== last.cache { notes.append("the cache begins empty") }
        if let limiter = next.limiter, last.limiter != nil, limiter !== last.limiter {
            notes.append("rate limits count from nothing")
        }
        return notes
    }
}
