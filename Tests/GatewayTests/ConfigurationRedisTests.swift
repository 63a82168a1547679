import Gateway
import NIOCore
import Redis
import Testing

/// The keys of `redis`.
@Suite struct `Configuration of Redis` {
    private let secret = Array(ConfigurationSupport.secret.utf8)

    private func settings(_ text: String) throws -> RedisSettings {
        try #require(try ConfigurationSupport.load(file(text)).configuration.redis)
    }

    private func complaints(_ text: String) -> [String] { ConfigurationSupport.complaints(file(text)) }

    private func file(_ text: String) -> String {
        "redis: { secret: env:GATEWAY_KEY, \(text) }\npools: { tools: { backends: [http://a] } }"
    }

    @Test(
        arguments: [
            ("redis://redis", .tcp(host: "redis", port: 6_379), false, 0),
            ("REDISS://Redis:7000/12", .tcp(host: "redis", port: 7_000), true, 12),
            ("redis://[::1]?db=3", .tcp(host: "::1", port: 6_379), false, 3),
            ("unix:/run/redis/redis.sock?db=2", .unix(path: "/run/redis/redis.sock"), false, 2),
        ] as [(String, RedisAddress, Bool, Int)])
    func `reads every kind of URL`(text: String, address: RedisAddress, usesTLS: Bool, database: Int) throws {
        let url = try settings("url: '\(text)'").url
        #expect(url == RedisURL(address, usesTLS: usesTLS, database: database))
    }

    @Test(
        arguments: [
            ("redis:6379", #"must begin with redis://, rediss:// or unix:; did you mean "redis://redis:6379"?"#),
            ("http://redis", "must begin with redis://, rediss:// or unix:"),
            ("redis://user:hidden@redis", "must not contain a user or a password: they are keys of their own"),
            ("redis://hidden@redis", "must not contain a user or a password: they are keys of their own"),
            ("unix://:hidden@/run/a", "must not contain a user or a password: they are keys of their own"),
            ("redis://redis/hidden@x", "must not contain a user or a password: they are keys of their own"),
            ("redis://redis:0", "the port of a Redis URL must be a number 1…65535"),
            ("redis://redis/x", "the database of a Redis URL must be a number 0…99999"),
            ("unix:run/a", "the path of a Redis URL must begin with /, as in unix:/run/redis.sock"),
        ])
    func `says what is wrong with a URL, and shows no password`(text: String, complaint: String) {
        #expect(complaints("url: '\(text)'") == ["gateway.conf:1:40: redis.url: \(complaint)"])
    }

    @Test func `the user and the password reach the client`() throws {
        let settings = try settings(
            "url: redis://redis/2, user: gateway, password: file:/run/secrets/key, timeout: 5ms")
        #expect(settings.user == "gateway" && settings.password?.value == secret && settings.secret?.value == secret)
        let options = try RedisOptions(settings)
        #expect(
            options.url
                == RedisURL(
                    .tcp(host: "redis", port: 6_379),
                    credentials: RedisCredentials(username: "gateway", password: ConfigurationSupport.secret),
                    database: 2))
        #expect(options.timeout == .milliseconds(5) && options.topology == .single)
        #expect(!"\(settings)".contains(ConfigurationSupport.secret))
        #expect(!"\(options)".contains(ConfigurationSupport.secret))
        #expect(try RedisOptions(self.settings("url: redis://redis")).url.credentials == nil)
    }

    @Test func `Sentinels and clusters reach the client`() throws {
        let sentinels = try settings(
            "url: redis://s-1:26379, sentinel: { master: main, others: [s-2:26379, '[::1]'], user: u, password: env:GATEWAY_KEY }"
        )
        #expect(
            try RedisOptions(sentinels).topology
                == .sentinel(
                    masterName: "main", others: [.tcp(host: "s-2", port: 26_379), .tcp(host: "::1", port: 6_379)],
                    credentials: RedisCredentials(username: "u", password: ConfigurationSupport.secret)))
        #expect(try RedisOptions(settings("url: redis://c-1, cluster: {}")).topology == .cluster())
        #expect(
            try RedisOptions(settings("url: redis://c-1, cluster: { others: [c-2:7000] }")).topology
                == .cluster(others: [.tcp(host: "c-2", port: 7_000)]))
    }

    @Test func `TLS reaches the client`() throws {
        let tls = try RedisOptions(settings("url: rediss://redis, tls: { server_name: redis.example }")).tls
        #expect(tls != nil)
        #expect(try RedisOptions(settings("url: rediss://redis")).tls == nil)
    }

    @Test(
        arguments: [
            ("url: redis://redis, user: u", "redis.user: needs a password"),
            (
                "url: redis://redis, password: hidden",
                "redis.password: must be env:NAME or file:PATH; a secret itself must not stand in the file"
            ),
            ("url: redis://redis, key_prefix: 'a{b}'", "redis.key_prefix: must not have braces"),
            ("url: redis://redis, tls: {}", "redis.tls: needs a URL that begins with rediss://"),
            (
                "url: rediss://redis, tls: { certificate: /etc/gw/tls.pem }",
                "redis.tls: needs certificate and private_key, or neither"
            ),
            ("url: rediss://redis, tls: { server_name: 10.0.0.1 }", "redis.tls.server_name: must be a host name"),
            ("url: redis://redis, sentinel: {}", "redis.sentinel.master: is missing"),
            ("url: redis://redis, sentinel: { master: m, user: u }", "redis.sentinel.user: needs a password"),
            (
                "url: redis://redis, sentinel: { master: m, others: ['a b'] }",
                #"redis.sentinel.others[0]: must be a host with its port, such as redis-2:6379, is "a b""#
            ),
            (
                "url: redis://redis, cluster: { others: [a:1, a:1] }",
                "redis.cluster.others[1]: is the same as redis.cluster.others[0]"
            ),
            (
                "url: redis://redis, sentinel: { master: m }, cluster: {}",
                "redis.sentinel: must not be there together with cluster"
            ),
            ("url: unix:/run/redis.sock, cluster: {}", "redis.cluster: needs the URL of a host, not of a socket"),
            ("url: redis://redis/1, cluster: {}", "redis.cluster: has no other database than 0"),
            ("url: redis://redis, timeout: 10s", #"redis.timeout: must be 1ms…5s, is "10s""#),
        ])
    func `says what does not fit together`(text: String, complaint: String) throws {
        let lines = complaints(text)
        #expect(lines.count == 1)
        #expect(lines.first?.hasSuffix(": \(complaint)") == true, "\(lines)")
        #expect(!"\(lines)".contains("hidden"))
    }

    @Test func `a certificate authority that is not there is named`() {
        let lines = complaints("url: rediss://redis, tls: { certificate_authority: /nonexistent/ca.pem }")
        #expect(lines.count == 1)
        #expect(
            lines.first?.hasSuffix(#": redis.tls.certificate_authority: file "/nonexistent/ca.pem" does not exist"#)
                == true,
            "\(lines)")
    }

    @Test func `nothing can be shared without a secret that all gateways have`() throws {
        let pool = "pools: { tools: { backends: [http://a] } }\n"
        #expect(
            ConfigurationSupport.complaints("redis: { url: redis://redis }\n" + pool) == [
                "gateway.conf:1:8: redis: needs a secret that is the same on all gateways: set redis.secret or sessions.key "
                    + "to env:NAME or file:PATH of at least 32 bytes"
            ])
        let loaded = try ConfigurationSupport.load(
            "redis: { url: redis://redis }\nsessions: { key: env:GATEWAY_KEY }\n" + pool)
        #expect(loaded.warnings.isEmpty)
        #expect(ConfigurationSupport.complaints("redis: { url: redis://r, secret: env:SHORT_KEY }\n" + pool).count == 1)
        let simple = ConfigurationEnvironment(variables: ["KEY": String(repeating: "secret", count: 10)])
        #expect(throws: ConfigurationRejection.self) {
            try ConfigurationLoader(environment: simple)
                .load(contents: Array(("redis: { url: redis://r, secret: env:KEY }\n" + pool).utf8))
        }
    }

    @Test func `callers have the names that the secret of Redis gives them`() throws {
        func caller(_ text: String) throws -> CallerKey {
            let loaded = try ConfigurationSupport.load(text + "\npools: { tools: { backends: [http://a] } }")
            let plan = GatewayPlan(
                loaded.configuration, shardCount: 1, seed: .random(in: .min ... .max),
                now: .init(NIODeadline.uptimeNanoseconds(0)))
            return plan.callers.address([192, 0, 2, 1])
        }
        let sessions = "sessions: { key: env:GATEWAY_KEY }\n"
        let shared = try caller(sessions + "redis: { url: redis://r }")
        #expect(try caller(sessions + "redis: { url: redis://other }") == shared)
        #expect(try caller("redis: { url: redis://r, secret: env:GATEWAY_KEY }") == shared)
        #expect(try caller("") != shared)
    }
}
