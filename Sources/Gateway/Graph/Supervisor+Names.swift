import Resilience
import Transport

/// What the names of backends stand for changes while the gateway serves: each change is a generation of its own, made of
/// the same configuration with other addresses.
extension Supervisor {
    /// How long a start or a reload waits for names that are looked up for the first time. Whatever is found out later
    /// takes effect then.
    private static var patience: Duration { .seconds(2) }

    func makeNameWatch() -> NameWatch {
        NameWatch(
            surroundings.resolver, board: nameBoard, executor: surroundings.loops.side,
            seed: surroundings.network.randomSeed(), logger: surroundings.logger,
            changed: { [weak self] in await self?.followNames() })
    }

    /// Looks up the names of the first configuration before anything of it is in use.
    func lookUpNames(_ watch: NameWatch) async {
        let generation = current.value
        let configuration = generation.configuration
        guard !configuration.watchedNames.isEmpty else { return }
        let names = await lookUpNames(of: configuration, watch)
        let plan = GatewayPlan(
            configuration, names: names, shardCount: surroundings.loops.serving.count,
            seed: surroundings.network.randomSeed(), now: MonotonicTime(surroundings.loops.side.eventLoop.now))
        current.set(
            Generation(
                number: generation.number, explained: generation.explained, configuration: configuration, plan: plan))
    }

    /// From now on looks up the names of `configuration`, and those of `other`; returns what is known of them, at once or
    /// after waiting for those that are new.
    @discardableResult
    func lookUpNames(
        of configuration: GatewayConfiguration, besides other: GatewayConfiguration? = nil, _ watch: NameWatch,
        waits: Bool = true
    ) async -> NameBook {
        await watch.follow(
            configuration.watchedNames.union(other?.watchedNames ?? []), interval: configuration.names.interval,
            patience: waits ? Self.patience : .zero)
    }

    /// Goes by what the names stand for now, once all that is being configured has been.
    func followNames() async {
        guard readiness.phase == .serving, !isHandedOver else { return }
        let last = lastChange
        let change = Task {
            await last?.value
            await self.followNamesNow()
        }
        lastChange = change
        await change.value
    }

    private func followNamesNow() async {
        guard var running, !isHandedOver else { return }
        let names = await running.names.book
        let last = current.value
        guard names != last.plan.names else { return }
        _ = await install(last.explained, last.configuration, names, &running)
    }
}
