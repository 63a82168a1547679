extension GatewayConfiguration {
    /// The keys at the top of a configuration file.
    static let section = ConfigurationSection<Self>(
        { GatewayConfiguration(pools: [], routes: []) },
        [
            ConfigurationKey(
                "listen", \.listeners, .listeners, "Where clients connect. Port 0 lets the system choose."),
            ConfigurationKey("admin", \.admin, .address, "Where `/metrics`, `/health` and `/ready` are served."),
            ConfigurationKey("workers", \.workers, .automaticOrCount(1...256), "Event loops. `auto`: one per core."),
            ConfigurationKey(
                "zone", \.zone, .optional(.zone, from: ""),
                "Where the gateway runs: backends of the same `zone` are preferred. Absent: all backends are equal."),
            ConfigurationKey(
                "sessions", \.sessions, .section(SessionSettings.section),
                "How session ids of legacy clients are sealed."),
            ConfigurationKey(
                "allowed_origins", \.allowedOrigins, .list(of: .origin, 0...1_000, from: "", distinctBy: { $0 }),
                "Web origins that may call; others are refused with 403. Requests without `Origin` are always fine."),
            ConfigurationKey(
                "allowed_hosts", \.allowedHosts, .list(of: .host, 0...1_000, from: "", distinctBy: { $0 }),
                "Hosts for which requests may be. Empty: loopback names on loopback addresses, any on others."),
            ConfigurationKey(
                "trusted_proxies", \.trustedProxies,
                .list(of: .network, 0...1_000, from: .placeholder, distinctBy: \.text),
                "Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."),
            ConfigurationKey(
                "limits", \.limits, .section(ConnectionLimitSettings.section), "How much is taken from outside."),
            ConfigurationKey(
                "redis", \.redis, .optional(.section(RedisSettings.section), from: .placeholder),
                "The Redis that gateways share. Absent: everything is kept in memory."),
            ConfigurationKey(
                "dns", \.names, .section(NameSettings.section), "How the host names of backends are looked up."),
            ConfigurationKey(
                "pools", \.pools, .pools(1...1_000), "Groups of interchangeable servers, by name.", isRequired: true),
            ConfigurationKey(
                "routes", \.routes,
                .list(
                    of: .section(RouteConfiguration.section),
                    1...1_000, from: RouteConfiguration(path: "", pool: ""), distinctBy: \.path),
                "Which requests go to which pool. Absent: `/mcp` goes to the only pool."),
            ConfigurationKey(
                "cache", \.cache, .section(CacheSettings.section), "What is kept of answers."),
            ConfigurationKey(
                "rate_limits", \.rateLimits,
                .list(of: .section(RateLimitRule.section), 0...100, from: .placeholder, distinctBy: \.name),
                "How often things may be done; each call must pass all rules."),
            ConfigurationKey("log", \.log, .section(LogSettings.section), "What is written about the gateway's work."),
            ConfigurationKey(
                "tracing", \.tracing, .optional(.section(TracingSettings.section), from: .placeholder),
                "Where traces go. Absent: nowhere.", effect: .none()),
            ConfigurationKey("drain", \.drain, .section(DrainSettings.section), "How the gateway ends."),
        ],
        finish: { configuration, places, reader in
            configuration.settleRoutes(places, &reader)
            configuration.checkAddresses(places, &reader)
            configuration.checkCosts(places, &reader)
            configuration.checkSharedSecret(places, &reader)
            configuration.checkFailurePolicies(places, &reader)
            configuration.checkZones(places, &reader)
        })

    /// Makes the only route when there is none, and warns about pools that no route leads to.
    private mutating func settleRoutes(
        _ places: ConfigurationSection<Self>.Places, _ reader: inout ConfigurationReader
    ) {
        if !places.contains("routes") {
            guard pools.count == 1 else {
                reader.descend(to: "routes") {
                    $0.problem("is missing: there are \(pools.count) pools to choose from", at: places["pools"])
                }
                return
            }
            routes = [RouteConfiguration(path: Self.defaultPath, pool: pools[0].name)]
        }
        let used = Set(routes.map(\.pool))
        for pool in pools where !used.contains(pool.name) {
            let position = reader.poolPositions[pool.name] ?? places["pools"]
            reader.descend(to: "pools") { reader in
                reader.descend(to: pool.name) { $0.warning("no route leads to this pool", at: position) }
            }
        }
    }

    /// A call that costs more than the burst of a rule that is for it would always be refused.
    private func checkCosts(_ places: ConfigurationSection<Self>.Places, _ reader: inout ConfigurationReader) {
        for (index, rule) in rateLimits.enumerated() where rule.isEnforced {
            let burst = rule.burst ?? rule.rate.count
            for pool in pools {
                guard
                    let tool = pool.tools.first(where: { $0.cost.multipliedReportingOverflow(by: rule.cost).0 > burst })
                else { continue }
                reader.descend(to: "rate_limits") { reader in
                    reader.descend(to: index) {
                        $0.problem(
                            "has a burst of \(burst), but a call of \(tool.name) in pool \(pool.name) counts for "
                                + "\(tool.cost * rule.cost): it could never pass", at: places["rate_limits"])
                    }
                }
            }
        }
    }

    /// What gateways share is named and sealed with a secret that they share too.
    private func checkSharedSecret(_ places: ConfigurationSection<Self>.Places, _ reader: inout ConfigurationReader) {
        guard let redis, redis.secret == nil, sessions.key == nil else { return }
        reader.descend(to: "redis") {
            $0.problem(
                "needs a secret that is the same on all gateways: set redis.secret or sessions.key to env:NAME or "
                    + "file:PATH of at least 32 bytes", at: places["redis"])
        }
    }

    /// Without Redis nothing can be done about its failures.
    private func checkFailurePolicies(
        _ places: ConfigurationSection<Self>.Places, _ reader: inout ConfigurationReader
    ) {
        guard redis == nil else { return }
        for (index, rule) in rateLimits.enumerated() where rule.onRedisFailure != .local {
            reader.descend(to: "rate_limits") { reader in
                reader.descend(to: index) {
                    $0.warning("on_redis_failure has no effect without redis", at: places["rate_limits"])
                }
            }
        }
    }

    /// Zones of backends say nothing to a gateway that does not know where it is.
    private func checkZones(_ places: ConfigurationSection<Self>.Places, _ reader: inout ConfigurationReader) {
        guard zone == nil, pools.contains(where: { $0.backends.contains { $0.zone != nil } }) else { return }
        reader.descend(to: "zone") {
            $0.warning("is missing: without it the zones of backends have no effect", at: places["pools"])
        }
    }

    private func checkAddresses(_ places: ConfigurationSection<Self>.Places, _ reader: inout ConfigurationReader) {
        reader.descend(to: "admin") { reader in
            if admin.port != 0, listeners.contains(where: { $0.address == admin }) {
                reader.problem(
                    "must not be the address of listen",
                    at: places.contains("admin") ? places["admin"] : places["listen"])
            }
            if !admin.isLoopback, places.contains("admin") {
                reader.warning("is open to other machines and asks for no credentials", at: places["admin"])
            }
        }
    }
}
