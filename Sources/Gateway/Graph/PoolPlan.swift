package import NIOCore
package import Resilience
import Synchronization
package import Wire

/// One pool, as far as it is the same in every shard.
package final class PoolPlan: Sendable {
    /// The name, for metrics and logs.
    package let name: String
    /// The name as a JSON string, quotes included, for the access log.
    package let nameJSON: [UInt8]
    /// The backends, in the order of the file; those of one name together, in the order of their addresses.
    package let backends: [BackendPlan]
    /// Whether the addresses of some of the names are not known: there may be backends that are not among these.
    package let hasUnresolvedNames: Bool
    /// How a backend is picked for a call.
    package let balancing: LoadBalancer.Policy
    /// How long things may take.
    package let timeouts: PoolTimeouts
    /// From here on a success is a slow one.
    package let slowCall: TimeAmount
    /// What is wanted of backends that tell of changes: only of those of which something is kept.
    package let listening: ListeningMachine.Policy
    /// When an attempt that failed is made again.
    package let retries: PoolRetries
    /// How many calls there may be at a time, and who waits.
    package let admission: PoolAdmission
    /// When a second attempt is made beside the first; `nil`: never.
    package let hedge: HedgeSettings?
    /// Who may be chosen, a `PanicRule.Choice`.
    private let choiceByte = Atomic<UInt8>(PanicRule.Choice.closed.rawValue)
    private let recoveries = Atomic<Int>(0)
    /// What the backends say of which of their tools may be called again; `nil` if that is not believed.
    package let toolTraits: ToolTraitsBoard?
    /// What the backends may speak, what is tried first in front.
    package let eras: [MCPEra]
    /// What is kept of the answers to all but tools.
    private let cacheRule: CacheRule
    /// The tools for which something is different.
    package let tools: [ToolPlan]
    /// Whether an internal error that a server admits may count as a failure.
    let countsInternalErrors: Bool
    /// Whether it has to be known who calls, to tell whether several have met an internal error.
    let comparesCallers: Bool

    /// The plan of `pool` for a gateway with `shardCount` event loops, in `zone` if that is known, with the addresses that
    /// `names` says; `status` is asked once for each backend, by its key. `previous` is the plan of the pool so far;
    /// `keepsRetries`: the budget of its retries goes on. What is known of how many calls
    /// there may be goes on with the same settings. Breakers of tools that `previous` has go on; new ones are closed at
    /// `now`, with chance from `seed`.
    package init(
        _ pool: PoolConfiguration, zone: String? = nil, names: NameBook = NameBook(), shardCount: Int = 1,
        after previous: PoolPlan? = nil, keepsRetries: Bool = false, at now: MonotonicTime = .zero, seed: UInt64 = 0,
        status: (_ key: UInt64) -> BackendStatus
    ) {
        name = pool.name
        nameJSON = Array(jsonString: pool.name)
        // What was read has been checked.
        let needsTLS = pool.backends.contains { $0.url.scheme == .https }
        let tls = needsTLS ? try? (pool.tls ?? ClientTLSSettings()).load() : nil
        let backends = pool.backends.flatMap { backend in
            names.places(of: backend, in: pool).map {
                BackendPlan(backend, at: $0, pool: pool.name, zone: zone, tls: tls, status: status)
            }
        }
        self.backends = backends
        hasUnresolvedNames = backends.contains(where: \.address.isUnresolved)
        countsInternalErrors = pool.circuitBreaker.countsInternalErrors
        comparesCallers =
            countsInternalErrors || pool.tools.contains { $0.circuitBreaker?.countsInternalErrors == true }
        balancing = LoadBalancer.Policy(pool.balance)
        let timeouts = PoolTimeouts(pool.timeout)
        self.timeouts = timeouts
        slowCall = TimeAmount(pool.circuitBreaker.slowCall)
        if keepsRetries, let previous {
            retries = previous.retries
        } else {
            retries = PoolRetries(
                pool.retry, shardCount: shardCount, refusalCount: previous?.retries.refusalCount ?? 0)
        }
        if let previous, previous.admission.goesOn(with: pool.limits),
            Set(previous.backends.map(\.key)) == Set(backends.map(\.key))
        {
            admission = previous.admission
        } else {
            admission = PoolAdmission(pool.limits, backendCount: backends.count, after: previous?.admission)
        }
        hedge = pool.hedge
        toolTraits = pool.trustsAnnotations ? ToolTraitsBoard() : nil
        eras =
            switch pool.protocol {
            case .auto: [.modern, .legacy]
            case .modern: [.modern]
            case .legacy: [.legacy]
            }
        cacheRule = CacheRule(
            lifetime: pool.cache.lifetime, isPublic: pool.cache.scope == .public,
            usesHints: pool.cache.usesHints, isAcrossRevisions: pool.cache.isAcrossRevisions)
        var random = SeededRandom(seed: seed)
        tools = pool.tools.map { tool in
            ToolPlan(
                tool, timeouts: timeouts, isAcrossRevisions: pool.cache.isAcrossRevisions,
                breakers: PoolPlan.breakers(
                    of: tool, at: backends, timeout: tool.timeout.request ?? pool.timeout.request,
                    shardCount: shardCount, after: previous, at: now, &random))
        }
        // What is known of tools is kept too.
        let isConfigured =
            pool.cache.lifetime != nil || pool.trustsAnnotations || tools.contains { $0.cacheRule != nil }
        listening = ListeningMachine.Policy(
            wantsModern: pool.protocol != .legacy && (pool.cache.usesHints || isConfigured),
            wantsLegacy: pool.protocol != .modern && isConfigured, silence: pool.timeout.streamIdle)
    }

    /// The breakers of `tool`, one for each backend: those that it had there, and new ones.
    private static func breakers(
        of tool: ToolSettings, at backends: [BackendPlan], timeout: Duration, shardCount: Int,
        after previous: PoolPlan?, at now: MonotonicTime, _ random: inout SeededRandom
    ) -> [ToolBreaker] {
        guard let settings = tool.circuitBreaker else { return [] }
        let configuration = CircuitBreaker.Configuration(settings, ofToolTaking: timeout)
        let name = Array(tool.name.utf8)
        let known = previous?.tools.first { $0.name == name }
        return backends.map { backend in
            let position = previous?.backends.firstIndex { $0.key == backend.key }
            if let breaker = position.flatMap({ known?.breaker(at: $0) }) {
                breaker.adopt(configuration, at: now)
                return breaker
            }
            return ToolBreaker(configuration, shardCount: shardCount, seed: random.next(), at: now)
        }
    }

    /// The backend with this key.
    func backend(withKey key: UInt64) -> BackendPlan? { backends.first { $0.key == key } }

    /// Who may be chosen at the moment.
    package var choice: PanicRule.Choice {
        PanicRule.Choice(rawValue: choiceByte.load(ordering: .relaxed)) ?? .closed
    }

    /// How often a backend has become well again: what shards compare to learn of it.
    package var recoveryCount: Int { recoveries.load(ordering: .acquiring) }

    /// Finds out anew who may be chosen: to be called when a backend has become well or ill. Linear in their number.
    ///
    /// Backups are there for when the others are ill: as long as enough of them are well, there is no panic. And in a pool of
    /// one there is nobody else who could be given too much: there, the breaker has the last word.
    package func reconsider(at now: MonotonicTime) {
        var (main, backups) = (Group(), Group())
        for backend in backends {
            if backend.status.noteRecovery(at: now) { recoveries.add(1, ordering: .releasing) }
            if backend.isBackup { backups.add(backend.status) } else { main.add(backend.status) }
        }
        let all = Group(there: main.there + backups.there, well: main.well + backups.well)
        let isCalm = main.choice == .closed || backups.choice == .closed || (backends.count == 1 && all.there == 1)
        choiceByte.store((isCalm ? .closed : all.choice).rawValue, ordering: .relaxed)
    }

    /// How many of some backends are there, and how many of these are well.
    private struct Group {
        var there = 0
        var well = 0

        mutating func add(_ status: BackendStatus) {
            if status.isThere { there += 1 }
            if status.isWell { well += 1 }
        }

        var choice: PanicRule.Choice { PanicRule().choice(closed: well, notDown: there) }
    }

    /// What is different for the tool with this name, which lies in `body`; `nil` if nothing is.
    ///
    /// Takes time with every tool of the configuration.
    package func tool(named name: JSONText, in body: ByteView) -> ToolPlan? {
        for tool in tools where tool.isNamed(name, in: body) { return tool }
        return nil
    }

    /// What is kept of the answers to calls of `method` in `era`, of `tool` if something is different for it; `nil` if
    /// nothing can be.
    package func cacheRule(for method: MCPMethod, era: MCPEra, tool: ToolPlan?) -> CacheRule? {
        guard method != .toolsCall else { return tool?.cacheRule }
        guard method.isCacheable else { return nil }
        // Only answers of the modern era say something of it.
        let canHaveHints = cacheRule.usesHints && (era == .modern || cacheRule.isAcrossRevisions)
        return cacheRule.lifetime != nil || canHaveHints ? cacheRule : nil
    }
}

extension LoadBalancer.Policy {
    fileprivate init(_ policy: BalancePolicy) {
        self =
            switch policy {
            case .roundRobin: .roundRobin
            case .leastRequest: .leastRequest
            case .peakEWMA: .peakEWMA
            case .consistentHash: .consistentHash
            case .random: .random
            }
    }
}
