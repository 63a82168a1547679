/// A named group of interchangeable backends.
package struct PoolConfiguration: Hashable, Sendable {
    /// Names the pool in routes, metrics and logs.
    package var name: String
    /// At least one; no two with the same URL.
    package var backends: [BackendConfiguration]
    /// Link-local, metadata and wildcard addresses that backends may have all the same.
    package var allowedAddresses: [IPRange]
    /// What the backends speak.
    package var `protocol`: BackendProtocol
    /// How a backend is picked.
    package var balance: BalancePolicy
    /// How backends are watched when nobody calls them.
    package var healthCheck: HealthCheckSettings
    /// When a backend is left alone.
    package var circuitBreaker: CircuitBreakerSettings
    /// How far backends are taken out for doing worse than the others.
    package var outlierDetection: OutlierDetectionSettings
    /// How long the steps of a call may take.
    package var timeout: TimeoutSettings
    /// How often an attempt is made again.
    package var retry: RetrySettings
    /// When a second attempt is sent beside the first; absent: never.
    package var hedge: HedgeSettings?
    /// How much the pool takes on at a time.
    package var limits: PoolLimitSettings
    /// What the pool shows its backends.
    package var credentials: CredentialSettings
    /// How connections to backends with `https://` are sealed; absent: by certificates that the system trusts.
    package var tls: ClientTLSSettings?
    /// Whether the `readOnlyHint` and `idempotentHint` of these backends decide what may be repeated or cached.
    package var trustsAnnotations: Bool
    /// How lists and resources are cached.
    package var cache: PoolCacheSettings
    /// What is different for single tools, in the order of the file.
    package var tools: [ToolSettings]

    package init(
        name: String, backends: [BackendConfiguration], allowedAddresses: [IPRange] = [],
        protocol: BackendProtocol = .auto,
        balance: BalancePolicy = .roundRobin, healthCheck: HealthCheckSettings = HealthCheckSettings(),
        circuitBreaker: CircuitBreakerSettings = CircuitBreakerSettings(),
        outlierDetection: OutlierDetectionSettings = OutlierDetectionSettings(),
        timeout: TimeoutSettings = TimeoutSettings(), retry: RetrySettings = RetrySettings(),
        hedge: HedgeSettings? = nil, limits: PoolLimitSettings = PoolLimitSettings(),
        credentials: CredentialSettings = CredentialSettings(), tls: ClientTLSSettings? = nil,
        trustsAnnotations: Bool = false,
        cache: PoolCacheSettings = PoolCacheSettings(), tools: [ToolSettings] = []
    ) {
        self.name = name
        self.backends = backends
        self.allowedAddresses = allowedAddresses
        self.protocol = `protocol`
        self.balance = balance
        self.healthCheck = healthCheck
        self.circuitBreaker = circuitBreaker
        self.outlierDetection = outlierDetection
        self.timeout = timeout
        self.retry = retry
        self.hedge = hedge
        self.limits = limits
        self.credentials = credentials
        self.tls = tls
        self.trustsAnnotations = trustsAnnotations
        self.cache = cache
        self.tools = tools
    }
}

extension PoolConfiguration {
    /// The keys of a pool.
    static let section = ConfigurationSection<Self>(
        { PoolConfiguration(name: "", backends: []) },
        [
            ConfigurationKey(
                "backends", \.backends, .list(of: .backend, 1...1_000, from: .placeholder, distinctBy: \.url.text),
                "The servers. A host name stands for all of its addresses, each of which is a backend.",
                isRequired: true),
            ConfigurationKey(
                "allowed_addresses", \.allowedAddresses, .allowedAddresses,
                "Addresses that backends may have although they are link-local, of a cloud's metadata service or wildcards."
            ),
            ConfigurationKey(
                "protocol", \.protocol, .choice,
                "What the backends speak: `legacy` needs `initialize`, `modern` is 2026-07-28 and later."),
            ConfigurationKey(
                "balance", \.balance, .choice,
                "How a backend is picked for a call: in turns; the less busy or the faster of two that are drawn; by the "
                    + "caller's credential or else address, with bounded load; or by chance."),
            ConfigurationKey(
                "health_check", \.healthCheck, .section(HealthCheckSettings.section),
                "How backends are watched when nobody calls them."),
            ConfigurationKey(
                "circuit_breaker", \.circuitBreaker, .section(CircuitBreakerSettings.section),
                "When a backend is left alone, and for how long."),
            ConfigurationKey(
                "outlier_detection", \.outlierDetection, .section(OutlierDetectionSettings.section),
                "How far backends are taken out for doing worse than the others: failing clearly more often, or taking "
                    + "three times as long and 50ms more."),
            ConfigurationKey(
                "timeout", \.timeout, .section(TimeoutSettings.section), "How long the steps of a call may take."),
            ConfigurationKey(
                "retry", \.retry, .section(RetrySettings.section), "How often an attempt that failed is made again."),
            ConfigurationKey(
                "hedge", \.hedge, .optional(.section(HedgeSettings.section), from: HedgeSettings()),
                "Send a second attempt of a call that may be repeated when the first is slow. Absent: off."),
            ConfigurationKey(
                "limits", \.limits, .section(PoolLimitSettings.section), "How much the pool takes on at a time."),
            ConfigurationKey(
                "credentials", \.credentials, .section(CredentialSettings.section),
                "What the pool shows its backends; a client's own token never goes there.",
                effect: .none(consequence: "no credentials are sent")),
            ConfigurationKey(
                "tls", \.tls, .optional(.section(ClientTLSSettings.section), from: ClientTLSSettings()),
                "How connections to backends with `https://` are sealed. Absent: by certificates that the system trusts."
            ),
            ConfigurationKey(
                "trust_annotations", \.trustsAnnotations, .boolean,
                "Let the `readOnlyHint` and `idempotentHint` of these backends decide which calls of tools may be made again."
            ),
            ConfigurationKey(
                "cache", \.cache, .section(PoolCacheSettings.section), "How lists and resources are cached."),
            ConfigurationKey(
                "tools", \.tools, .tools, "What is different for single tools."),
        ],
        readingFirst: "allowed_addresses",
        finish: { pool, places, reader in
            if pool.backends.allSatisfy(\.isBackup) {
                reader.descend(to: "backends") { $0.problem("must not all be backups", at: places["backends"]) }
            }
            let isSealed = pool.backends.contains { $0.url.scheme == .https }
            if pool.tls == nil, isSealed { reader.checkSystemTrust(at: places["backends"]) }
            if pool.tls != nil, !isSealed {
                reader.descend(to: "tls") {
                    $0.problem("needs a backend with a URL that begins with https://", at: places["tls"])
                }
            }
        })
}
