package import Resilience

extension GatewayPlan {
    /// The plan of `configuration` for `shardCount` shards, with every backend unchecked and every breaker closed.
    package init(_ configuration: GatewayConfiguration, shardCount: Int, seed: UInt64, now: MonotonicTime) {
        var random = SeededRandom(seed: seed)
        let pools = configuration.pools.map { pool in
            PoolPlan(pool, zone: configuration.zone, shardCount: shardCount) {
                BackendStatus(
                    CircuitBreaker.Configuration(pool.circuitBreaker), shardCount: shardCount, seed: random.next(),
                    at: now)
            }
        }
        let positions = Dictionary(
            configuration.pools.enumerated().map { ($0.element.name, $0.offset) },
            uniquingKeysWith: { first, _ in first })
        routes = configuration.routes.compactMap { route in
            positions[route.pool].map { RoutePlan(path: Array(route.path.utf8), pool: $0) }
        }
        self.pools = pools
        maximumBody = configuration.limits.maximumBody
        maximumAnswer = configuration.limits.maximumAnswer
        logsAccess = configuration.log.logsAccess
        sessionAge = configuration.sessions.maximumAge
        trustedProxies = TrustedProxies(configuration.trustedProxies)
        // Of the same secret as the session ids, other keys are made: each use has a derivation of its own.
        let shared = configuration.redis?.secret ?? configuration.sessions.key
        let secret = shared?.value ?? (0..<32).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        callers = CallerHash(secret: secret)
        needsAddresses =
            !configuration.rateLimits.isEmpty || pools.contains { $0.balancing == .consistentHash }
        cache = AnswerCache(
            configuration.cache, poolCount: pools.count, secret: AnswerCache.secret(from: secret), seed: random.next(),
            toolTraits: pools.map(\.toolTraits))
        sharedStore = configuration.redis.map {
            SharedStore(
                prefix: $0.keyPrefix, secret: secret, maximumAnswer: configuration.cache.maximumEntry,
                spans: StaleSpans(
                    whileRevalidating: configuration.cache.staleWhileRevalidate,
                    onError: configuration.cache.staleIfError))
        }
        if !configuration.rateLimits.isEmpty {
            let shared = configuration.redis.map {
                SharedRateLimits(
                    configuration.rateLimits, pools: pools.map(\.name), prefix: $0.keyPrefix, hash: callers)
            }
            limiter = RateLimiter(
                configuration.rateLimits, poolCount: pools.count, hash: callers, shared: shared)
        }
    }
}

extension CircuitBreaker.Configuration {
    fileprivate init(_ settings: CircuitBreakerSettings) {
        self.init(
            failureRate: settings.failureRate, minimumRequests: settings.minimumRequests,
            consecutiveFailures: settings.consecutiveFailures, window: settings.window,
            openDuration: settings.openDuration, halfOpenRequests: settings.halfOpenRequests)
    }
}
