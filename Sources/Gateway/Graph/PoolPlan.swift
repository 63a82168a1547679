package import NIOCore
package import Resilience
package import Wire

/// One pool, as far as it is the same in every shard.
package final class PoolPlan: Sendable {
    /// The name, for metrics and logs.
    package let name: String
    /// The name as a JSON string, quotes included, for the access log.
    package let nameJSON: [UInt8]
    /// The backends, in the order of the file.
    package let backends: [BackendPlan]
    /// How a backend is picked for a call.
    package let balancing: LoadBalancer.Policy
    /// How long things may take.
    package let timeouts: PoolTimeouts
    /// From here on a success is a slow one.
    package let slowCall: TimeAmount
    /// What is wanted of backends that tell of changes: only of those of which something is kept.
    package let listening: ListeningMachine.Policy
    /// For how many calls one counts in rate limits, of tools for which that is not 1.
    private let toolCosts: [(name: [UInt8], cost: Int64)]
    /// What is kept of the answers to all but tools.
    private let cacheRule: CacheRule
    /// What is kept of the answers of tools.
    private let toolCacheRules: [(name: [UInt8], rule: CacheRule)]

    /// The plan of `pool` for a gateway in `zone` if that is known; `makeStatus` is called once for each backend.
    package init(_ pool: PoolConfiguration, zone: String? = nil, makeStatus: () -> BackendStatus) {
        name = pool.name
        nameJSON = Array(jsonString: pool.name)
        backends = pool.backends.map { BackendPlan($0, pool: pool.name, zone: zone, status: makeStatus()) }
        balancing = LoadBalancer.Policy(pool.balance)
        timeouts = PoolTimeouts(
            connect: TimeAmount(pool.timeout.connect), firstByte: TimeAmount(pool.timeout.firstByte),
            request: TimeAmount(pool.timeout.request), streamIdle: TimeAmount(pool.timeout.streamIdle),
            maximumStream: TimeAmount(pool.timeout.maximumStream))
        slowCall = TimeAmount(pool.circuitBreaker.slowCall)
        cacheRule = CacheRule(
            lifetime: pool.cache.lifetime, isPublic: pool.cache.scope == .public,
            usesHints: pool.cache.usesHints, isAcrossRevisions: pool.cache.isAcrossRevisions)
        toolCacheRules = pool.tools.compactMap { tool in
            tool.cache.map {
                (
                    Array(tool.name.utf8),
                    CacheRule(
                        lifetime: $0.lifetime, isRepeatable: true, isPublic: $0.scope == .public,
                        isAcrossRevisions: pool.cache.isAcrossRevisions)
                )
            }
        }
        let isConfigured = pool.cache.lifetime != nil || !toolCacheRules.isEmpty
        listening = ListeningMachine.Policy(
            wantsModern: pool.protocol != .legacy && (pool.cache.usesHints || isConfigured),
            wantsLegacy: pool.protocol != .modern && isConfigured, silence: pool.timeout.streamIdle)
        toolCosts = pool.tools.filter { $0.cost != 1 }.map { (Array($0.name.utf8), Int64($0.cost)) }
    }

    /// For how many calls one of the tool `name` counts in rate limits; `body` holds the name.
    package func cost(ofTool name: JSONText, in body: ByteView) -> Int64 {
        for tool in toolCosts {
            let isMatch = tool.name.withUnsafeBytes { name.equals(ByteView($0), in: body) }
            if isMatch { return tool.cost }
        }
        return 1
    }

    /// What is kept of the answers to calls of `method` in `era`; `nil` if nothing can be. `body` holds the name of the tool.
    package func cacheRule(for method: MCPMethod, era: MCPEra, tool name: JSONText?, in body: ByteView) -> CacheRule? {
        guard method == .toolsCall else {
            guard method.isCacheable else { return nil }
            // Only answers of the modern era say something of it.
            let canHaveHints = cacheRule.usesHints && (era == .modern || cacheRule.isAcrossRevisions)
            return cacheRule.lifetime != nil || canHaveHints ? cacheRule : nil
        }
        guard let name else { return nil }
        for tool in toolCacheRules {
            let isMatch = tool.name.withUnsafeBytes { name.equals(ByteView($0), in: body) }
            if isMatch { return tool.rule }
        }
        return nil
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
