/// All that an operator decides: the contents of a configuration file, validated.
///
/// A value that never changes; a reload makes a new one. All limits are per process.
package struct GatewayConfiguration: Hashable, Sendable {
    /// Where clients connect; at least one.
    package var listeners: [ListenerConfiguration]
    /// Where metrics, health and readiness are asked for.
    package var admin: SocketAddressSetting
    /// Event loops; automatic: one per core. 1…256.
    package var workers: AutomaticCount
    /// Where the gateway runs; absent: unknown.
    package var zone: String?
    /// How session ids of legacy clients are sealed.
    package var sessions: SessionSettings
    /// Web origins that may call, `scheme://host[:port]` in lower case, without the scheme's own port. Requests without
    /// `Origin` are always fine.
    package var allowedOrigins: [String]
    /// Hosts for which requests may be, with or without port, in lower case; empty: loopback names on loopback
    /// listeners, any on others.
    package var allowedHosts: [String]
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    package var trustedProxies: [IPRange]
    /// How much is taken from outside.
    package var limits: ConnectionLimitSettings
    /// The Redis that gateways share; absent: everything is kept in memory.
    package var redis: RedisSettings?
    /// How the host names of backends are looked up.
    package var names: NameSettings
    /// The pools, in the order of the file; at least one.
    package var pools: [PoolConfiguration]
    /// Which requests go to which pool; at least one, no two with the same path, each to a pool that exists.
    package var routes: [RouteConfiguration]
    /// What is kept of answers.
    package var cache: CacheSettings
    /// How often things may be done.
    package var rateLimits: [RateLimitRule]
    /// What is written about the gateway's work.
    package var log: LogSettings
    /// Where traces go; absent: nowhere.
    package var tracing: TracingSettings?
    /// How the gateway ends.
    package var drain: DrainSettings

    /// The path of the only route when the configuration names none.
    package static let defaultPath = "/mcp"

    package init(
        listeners: [ListenerConfiguration] = [ListenerConfiguration()],
        admin: SocketAddressSetting = SocketAddressSetting(host: "127.0.0.1", port: 9_090),
        workers: AutomaticCount = .automatic, zone: String? = nil, sessions: SessionSettings = SessionSettings(),
        allowedOrigins: [String] = [], allowedHosts: [String] = [], trustedProxies: [IPRange] = [],
        limits: ConnectionLimitSettings = ConnectionLimitSettings(), redis: RedisSettings? = nil,
        names: NameSettings = NameSettings(), pools: [PoolConfiguration], routes: [RouteConfiguration],
        cache: CacheSettings = CacheSettings(),
        rateLimits: [RateLimitRule] = [], log: LogSettings = LogSettings(), tracing: TracingSettings? = nil,
        drain: DrainSettings = DrainSettings()
    ) {
        self.listeners = listeners
        self.admin = admin
        self.workers = workers
        self.zone = zone
        self.sessions = sessions
        self.allowedOrigins = allowedOrigins
        self.allowedHosts = allowedHosts
        self.trustedProxies = trustedProxies
        self.limits = limits
        self.redis = redis
        self.names = names
        self.pools = pools
        self.routes = routes
        self.cache = cache
        self.rateLimits = rateLimits
        self.log = log
        self.tracing = tracing
        self.drain = drain
    }

    /// The pool of this name.
    package func pool(named name: String) -> PoolConfiguration? {
        pools.first { $0.name == name }
    }
}
