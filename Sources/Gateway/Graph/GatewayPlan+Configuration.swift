package import Resilience

extension GatewayPlan {
    /// The plan of `configuration` for `shardCount` shards, where `names` says what the names of backends stand for.
    ///
    /// With `previous`, what is known goes over from that plan: how backends are and what their breakers say, by the name of
    /// their pool, their URL and its address; pools that have not changed, as they are; the cache, the limits and the keys of callers,
    /// as long as what they depend on is the same. Without, every backend is unchecked and every breaker closed.
    package init(
        _ configuration: GatewayConfiguration, names: NameBook = NameBook(), shardCount: Int, seed: UInt64,
        now: MonotonicTime, after previous: (configuration: GatewayConfiguration, plan: GatewayPlan)? = nil
    ) {
        var random = SeededRandom(seed: seed)
        var departed = previous?.plan.departed ?? [:]
        // Of the same secret as the session ids, other keys are made: each use has a derivation of its own.
        let shared = configuration.redis?.secret ?? configuration.sessions.key
        let sharedBefore = previous.map { $0.configuration.redis?.secret ?? $0.configuration.sessions.key }
        let isSameSecret = previous != nil && sharedBefore??.value == shared?.value
        let secret =
            isSameSecret
            ? previous?.plan.secret ?? []
            : shared?.value ?? (0..<32).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let callers =
            isSameSecret ? previous?.plan.callers ?? CallerHash(secret: secret) : CallerHash(secret: secret)
        // What tells callers apart is asked by the pools too.
        let keepsPools = isSameSecret && previous?.configuration.zone == configuration.zone
        let pools = configuration.pools.map { pool in
            let plan = previous?.plan.pools.first { $0.name == pool.name }
            let settings = previous?.configuration.pool(named: pool.name)
            let isInPlace = previous.map { names.isSame(as: $0.plan.names, for: pool) } ?? false
            if let plan, keepsPools, settings == pool, isInPlace { return plan }
            let breaker = CircuitBreaker.Configuration(pool.circuitBreaker)
            return PoolPlan(
                pool, zone: configuration.zone, names: names, shardCount: shardCount, after: plan,
                keepsRetries: settings?.retry == pool.retry, at: now,
                seed: pool.tools.contains { $0.circuitBreaker != nil } ? random.next() : 0
            ) { key in
                if let status = plan?.backend(withKey: key)?.status {
                    status.adopt(breaker, at: now)
                    return status
                }
                if let status = departed.removeValue(forKey: key) {
                    status.beginAnew(breaker, at: now)
                    return status
                }
                return BackendStatus(breaker, shardCount: shardCount, seed: random.next(), at: now)
            }
        }
        for backend in previous?.plan.pools.flatMap(\.backends) ?? [] {
            guard departed.count < GatewayPlan.maximumDeparted,
                !pools.contains(where: { $0.backend(withKey: backend.key) != nil })
            else { continue }
            departed[backend.key] = backend.status
        }
        self.departed = departed
        let positions = Dictionary(
            configuration.pools.enumerated().map { ($0.element.name, $0.offset) },
            uniquingKeysWith: { first, _ in first })
        routes = configuration.routes.compactMap { route in
            positions[route.pool].map { RoutePlan(path: Array(route.path.utf8), pool: $0) }
        }
        self.pools = pools
        self.names = names
        maximumBody = configuration.limits.maximumBody
        maximumAnswer = configuration.limits.maximumAnswer
        logsAccess = configuration.log.logsAccess
        sessionAge = configuration.sessions.maximumAge
        trustedProxies = TrustedProxies(configuration.trustedProxies)
        allowedOrigins = configuration.allowedOrigins
        allowedHosts = configuration.allowedHosts
        self.secret = secret
        self.callers = callers
        needsAddresses =
            !configuration.rateLimits.isEmpty
            || pools.contains { $0.balancing == .consistentHash || $0.comparesCallers }
        let isSameCache = isSameSecret && previous?.configuration.cache == configuration.cache
        let isSamePools = previous?.plan.pools.map(\.name) == pools.map(\.name)
        if isSameCache, isSamePools, let known = previous?.plan.cache {
            known.toolTraits = pools.map(\.toolTraits)
            cache = known
        } else {
            cache = AnswerCache(
                configuration.cache, poolCount: pools.count, secret: AnswerCache.secret(from: secret),
                seed: random.next(), toolTraits: pools.map(\.toolTraits), after: previous?.plan.cache)
        }
        if isSameCache, let known = previous?.plan.sharedStore {
            sharedStore = known
        } else {
            sharedStore = configuration.redis.map {
                SharedStore(
                    prefix: $0.keyPrefix, secret: secret, maximumAnswer: configuration.cache.maximumEntry,
                    spans: StaleSpans(
                        whileRevalidating: configuration.cache.staleWhileRevalidate,
                        onError: configuration.cache.staleIfError), after: previous?.plan.sharedStore)
            }
        }
        guard !configuration.rateLimits.isEmpty else { return }
        let countsPools = configuration.rateLimits.contains { $0.key == .pool }
        if isSameSecret, previous?.configuration.rateLimits == configuration.rateLimits, isSamePools || !countsPools {
            limiter = previous?.plan.limiter
        } else {
            let shared = configuration.redis.map {
                SharedRateLimits(
                    configuration.rateLimits, pools: pools.map(\.name), prefix: $0.keyPrefix, hash: callers)
            }
            limiter = RateLimiter(
                configuration.rateLimits, poolCount: pools.count, hash: callers, shared: shared,
                after: previous?.plan.limiter)
        }
    }

    /// Which `Host` and `Origin` requests to the listener on `address` may have.
    func access(to address: SocketAddressSetting) -> AccessRules {
        AccessRules(origins: allowedOrigins, hosts: allowedHosts, listeningOn: address)
    }
}
