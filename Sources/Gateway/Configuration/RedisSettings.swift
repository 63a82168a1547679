package import Redis

/// The Redis that gateways share. A help, never a condition.
package struct RedisSettings: Hashable, Sendable {
    /// Where it is, without user and password; of a Sentinel or of a server of a cluster, if it is one of those.
    package var url: RedisURL
    /// As whom it is used; absent: the default user.
    package var user: String?
    /// The user's password; absent: none is asked for.
    package var password: Secret?
    /// For a decision to come back; then it is made locally. 1ms…5s.
    package var timeout: Duration
    /// What every key begins with; has no braces, which mean something to a cluster.
    package var keyPrefix: String
    /// The secret from which follow the names and the seals of what is kept in Redis, 32…4,096 bytes, the same on all
    /// gateways; absent: that of the sessions.
    package var secret: Secret?
    /// How connections are sealed, with `rediss://`.
    package var tls: ClientTLSSettings?
    /// The Sentinels that know where the master is.
    package var sentinel: RedisSentinelSettings?
    /// That it is a cluster, and where more of its servers are.
    package var cluster: RedisClusterSettings?

    package init(
        url: RedisURL, user: String? = nil, password: Secret? = nil, timeout: Duration = .milliseconds(20),
        keyPrefix: String = "gw:", secret: Secret? = nil, tls: ClientTLSSettings? = nil,
        sentinel: RedisSentinelSettings? = nil, cluster: RedisClusterSettings? = nil
    ) {
        self.url = url
        self.user = user
        self.password = password
        self.timeout = timeout
        self.keyPrefix = keyPrefix
        self.secret = secret
        self.tls = tls
        self.sentinel = sentinel
        self.cluster = cluster
    }
}

extension RedisSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { placeholder },
        [
            ConfigurationKey(
                "url", \.url, .redisURL, "Where it is: `redis://`, `rediss://` for TLS, or `unix:` and a path.",
                isRequired: true),
            ConfigurationKey(
                "user", \.user, .optional(.word, from: ""), "As whom it is used. Absent: the default user."),
            ConfigurationKey(
                "password", \.password, .optional(.secret(1...4_096), from: .placeholder),
                "The user's password. Absent: none is given."),
            ConfigurationKey(
                "timeout", \.timeout, .duration(.milliseconds(1) ... .seconds(5)),
                "A decision that takes longer is made locally."),
            ConfigurationKey("key_prefix", \.keyPrefix, .word, "What every key begins with; no braces."),
            ConfigurationKey(
                "secret", \.secret, .optional(.secret(32...4_096), from: .placeholder),
                """
                Names and seals what is kept in Redis; the same on all gateways, at least 32 bytes. Absent: \
                `sessions.key` is used, without which there is nothing that gateways could share.
                """),
            ConfigurationKey(
                "tls", \.tls, .optional(.section(ClientTLSSettings.section), from: ClientTLSSettings()),
                "How connections of `rediss://` are sealed. Absent: by certificates that the system trusts."),
            ConfigurationKey(
                "sentinel", \.sentinel, .optional(.section(RedisSentinelSettings.section), from: .placeholder),
                "The URL is that of a Sentinel, which knows where the master is."),
            ConfigurationKey(
                "cluster", \.cluster,
                .optional(.section(RedisClusterSettings.section), from: RedisClusterSettings()),
                "The URL is that of a server of a cluster; `{}` says just that."),
        ],
        finish: { redis, places, reader in
            redis.checkUser(places, &reader)
            redis.checkTopology(places, &reader)
            if redis.tls == nil, redis.url.usesTLS { reader.checkSystemTrust(at: places["url"]) }
            if redis.tls != nil, !redis.url.usesTLS {
                reader.descend(to: "tls") { $0.problem("needs a URL that begins with rediss://", at: places["tls"]) }
            }
            if redis.keyPrefix.utf8.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }) {
                reader.descend(to: "key_prefix") { $0.problem("must not have braces", at: places["key_prefix"]) }
            }
            redis.secret?.checkVariety("secret", at: places["secret"], &reader)
        })

    private func checkUser(_ places: ConfigurationSection<Self>.Places, _ reader: inout ConfigurationReader) {
        if user != nil, password == nil {
            reader.descend(to: "user") { $0.problem("needs a password", at: places["user"]) }
        }
        password?.checkText("password", at: places["password"], &reader)
    }

    private func checkTopology(_ places: ConfigurationSection<Self>.Places, _ reader: inout ConfigurationReader) {
        guard let key = sentinel != nil ? "sentinel" : cluster != nil ? "cluster" : nil else { return }
        reader.descend(to: key) { reader in
            if sentinel != nil, cluster != nil {
                reader.problem("must not be there together with cluster", at: places[key])
            }
            if case .unix = url.address {
                reader.problem("needs the URL of a host, not of a socket", at: places["url"])
            }
            if cluster != nil, url.database != 0 {
                reader.problem("has no other database than 0", at: places["url"])
            }
        }
    }

    /// What reading begins with; never part of a configuration.
    static let placeholder = RedisSettings(url: RedisURL(.tcp(host: "", port: RedisAddress.defaultPort)))
}

extension Secret {
    /// Complains about a secret that is sent as text and is none.
    func checkText(_ key: String, at position: ConfigurationPosition, _ reader: inout ConfigurationReader) {
        guard String(validating: value, as: UTF8.self) == nil else { return }
        reader.descend(to: key) { $0.problem("must be text in UTF-8", at: position) }
    }

    /// Complains about a secret that is long enough and still none: a repeated word.
    func checkVariety(_ key: String, at position: ConfigurationPosition, _ reader: inout ConfigurationReader) {
        guard Set(value).count < 8 else { return }
        reader.descend(to: key) {
            $0.problem("must not be so simple: it has fewer than 8 different bytes", at: position)
        }
    }
}
