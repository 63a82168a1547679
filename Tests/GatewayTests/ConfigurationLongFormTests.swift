import Gateway
import Redis
import Testing

/// The long form: every key that there is.
@Suite struct ConfigurationLongFormTests {
    private let loaded: LoadedConfiguration
    private var configuration: GatewayConfiguration { loaded.configuration }
    private var pool: PoolConfiguration { configuration.pools[0] }

    init() throws {
        let bytes = try ConfigurationSupport.file("Tests/GatewayTests/Fixtures/configurations/good/long.conf")
        loaded = try ConfigurationSupport.load(String(decoding: bytes, as: UTF8.self))
    }

    @Test func `what concerns clients is read`() throws {
        #expect(
            configuration.listeners
                == [
                    ListenerConfiguration(
                        address: SocketAddressSetting(host: "0.0.0.0", port: 8_443),
                        tls: try ConfigurationSupport.tls())
                ])
        #expect(configuration.admin.text == "127.0.0.1:9090")
        #expect(configuration.workers == .automatic)
        let key = try #require(configuration.sessions.key)
        #expect(key.reference == .environment(name: "GATEWAY_KEY"))
        #expect(key.value == Array(ConfigurationSupport.secret.utf8))
        #expect(configuration.sessions.maximumAge == .seconds(86_400))
        #expect(configuration.allowedOrigins == [] && configuration.allowedHosts == [])
        #expect(configuration.trustedProxies == [])
        #expect(configuration.limits == ConnectionLimitSettings())
        #expect(configuration.routes == [RouteConfiguration(path: "/mcp", pool: "tools")])
        #expect(configuration.drain == DrainSettings())
    }

    @Test func `what concerns other services is read`() {
        #expect(
            configuration.redis
                == RedisSettings(
                    url: RedisURL(.tcp(host: "redis", port: 6_379)),
                    timeout: .milliseconds(20), keyPrefix: "gw:"))
        #expect(configuration.cache == CacheSettings())
        #expect(
            configuration.rateLimits
                == [
                    RateLimitRule(
                        name: "per-client", key: .identity, rate: Rate(count: 100, period: .seconds(60)), burst: 20,
                        onRedisFailure: .local)
                ])
        #expect(
            configuration.log
                == LogSettings(level: .info, format: .json, logsAccess: true, file: "/var/log/mcp/gateway.log"))
        #expect(
            configuration.tracing
                == TracingSettings(
                    collector: EndpointURL(scheme: .http, host: "collector", port: 4_318, path: "/"), sample: 0.1))
    }

    @Test func `what concerns a pool is read`() {
        func url(_ host: String) -> EndpointURL { EndpointURL(scheme: .http, host: host, port: 9_000, path: "/mcp") }
        #expect(
            pool.backends
                == [
                    BackendConfiguration(url: url("10.0.0.11"), weight: 2),
                    BackendConfiguration(url: url("10.0.0.12"), zone: "eu-west-1b"),
                    BackendConfiguration(url: url("10.0.0.13"), isBackup: true),
                ])
        #expect(configuration.zone == "eu-west-1a")
        #expect(pool.protocol == .auto && pool.balance == .roundRobin)
        #expect(pool.healthCheck == HealthCheckSettings())
        #expect(pool.circuitBreaker == CircuitBreakerSettings())
        #expect(pool.outlierDetection == OutlierDetectionSettings())
        #expect(pool.timeout == TimeoutSettings())
        #expect(pool.retry == RetrySettings())
        #expect(pool.hedge == HedgeSettings(delay: .percentile(95), minimumDelay: .milliseconds(50)))
        #expect(pool.limits == PoolLimitSettings())
        #expect(
            pool.credentials
                == CredentialSettings(bearer: Secret(reference: .environment(name: "TOOLS_TOKEN"), value: [])))
        #expect(pool.trustsAnnotations)
        #expect(
            pool.tools
                == [
                    ToolSettings(
                        name: "process_data", cache: ToolCacheSettings(lifetime: .seconds(300)),
                        timeout: ToolTimeoutSettings(firstByte: nil, request: .seconds(10)))
                ])
    }

    @Test func `each feature that is not there is named once, on its line`() {
        #expect(
            loaded.warnings.map { $0.text(file: "long.conf") }
                == [
                    ("31:5", "pools.tools.credentials", ": no credentials are sent"),
                    ("43:1", "tracing", ""),
                ].map { "long.conf:\($0.0): \($0.1): is accepted but has no effect in this version\($0.2)" })
    }

    @Test func `values that are not the defaults arrive`() throws {
        let configuration = try ConfigurationSupport.load(
            """
            listen: ['[::1]:0', 127.0.0.1:0, 127.0.0.1:0, localhost:65535]
            admin: '[::]:9091'
            workers: 3
            sessions: { key: 'file:/run/secrets/key', max_age: 90m }
            allowed_origins: [HTTPS://App.Example.com:443, 'http://[::1]:3000', vscode-webview://abc]
            allowed_hosts: [MCP.example.com, 'mcp.example.com:8443', '[::1]:8080']
            trusted_proxies: [10.0.0.0/8, 'fd00::/8', 192.0.2.1]
            limits: { max_body: 1KiB, max_answer: 1GiB, max_connections: 10 }
            redis: { url: 'rediss://[::1]/3', timeout: 5s, key_prefix: 'x' }
            pools:
              a:
                backends: [{ url: 'http://[2001:DB8::1]', weight: 1000 }, 'http://web_1.internal:1/a%20b']
                protocol: legacy
                balance: peak_ewma
                health_check: { interval: 100ms, timeout: 1m, healthy_threshold: 1, unhealthy_threshold: 100, path: /health }
                circuit_breaker:
                  { failure_rate: 12.5%, minimum_requests: 1, consecutive_failures: 7, slow_call: 1m, window: 1s, open_duration: 100ms, half_open_requests: 1, count_internal_errors: true }
                outlier_detection: { max_ejection_percent: 0% }
                timeout: { connect: 10ms, first_byte: 1h, request: 2m, stream_idle: 3s, max_stream: 24h }
                retry: { attempts: 1, budget: 0.05%, backoff: 2s, max_backoff: 2s }
                hedge: { delay: 20ms }
                limits: { max_concurrency: 8, per_backend: 1, queue: 0, queue_timeout: 1ms }
                tools: { "true": { timeout: { first_byte: 1s }, circuit_breaker: { window: 2s } } }
              b: { backends: [http://b], protocol: modern }
            routes: [{ path: /mcp, pool: a }, { path: '/b/mcp', pool: b }]
            cache: { memory: 1MiB, max_entry: 512KiB, stale_while_revalidate: 0s, stale_if_error: 0s }
            rate_limits: [{ name: r, key: identity+tool, rate: 5/h, cost: 2 }, { name: s, key: global, rate: 9/s, enforce: false, on_redis_failure: closed }]
            log: { level: debug, format: text, access: false, file: ./a.log }
            tracing: { otlp: https://collector/v1, sample: 100% }
            drain: { delay: 10s, timeout: 0s }
            """
        ).configuration
        #expect(
            configuration.listeners.map(\.address.text) == ["[::1]:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:65535"])
        #expect(configuration.admin == SocketAddressSetting(host: "::", port: 9_091))
        #expect(configuration.workers == .fixed(3))
        #expect(configuration.sessions.key?.value == Array(ConfigurationSupport.secret.utf8))
        #expect(configuration.sessions.maximumAge == .seconds(5_400))
        #expect(
            configuration.allowedOrigins == ["https://app.example.com", "http://[::1]:3000", "vscode-webview://abc"])
        #expect(configuration.allowedHosts == ["mcp.example.com", "mcp.example.com:8443", "[::1]:8080"])
        #expect(configuration.trustedProxies.map(\.text) == ["10.0.0.0/8", "fd00::/8", "192.0.2.1"])
        #expect(
            configuration.limits
                == ConnectionLimitSettings(maximumBody: 1_024, maximumAnswer: 1 << 30, maximumConnections: .fixed(10)))
        #expect(
            configuration.redis
                == RedisSettings(
                    url: RedisURL(.tcp(host: "::1", port: 6_379), usesTLS: true, database: 3), timeout: .seconds(5),
                    keyPrefix: "x"))

        let pool = try #require(configuration.pool(named: "a"))
        #expect(
            pool.backends.map(\.url)
                == [
                    EndpointURL(scheme: .http, host: "2001:db8::1", port: 80, path: "/"),
                    EndpointURL(scheme: .http, host: "web_1.internal", port: 1, path: "/a%20b"),
                ])
        #expect(pool.backends.map(\.url.authority) == ["[2001:db8::1]", "web_1.internal:1"])
        #expect(pool.backends.map(\.weight) == [1_000, 1])
        #expect(pool.protocol == .legacy && pool.balance == .peakEWMA)
        #expect(
            pool.healthCheck
                == HealthCheckSettings(
                    interval: .milliseconds(100), timeout: .seconds(60), healthyThreshold: 1, unhealthyThreshold: 100,
                    kind: .get(path: "/health")))
        #expect(
            pool.circuitBreaker
                == CircuitBreakerSettings(
                    failureRate: 0.125, minimumRequests: 1, consecutiveFailures: 7, slowCall: .seconds(60),
                    window: .seconds(1), openDuration: .milliseconds(100), halfOpenRequests: 1,
                    countsInternalErrors: true))
        #expect(pool.outlierDetection.maximumEjectionShare == 0)
        #expect(
            pool.timeout
                == TimeoutSettings(
                    connect: .milliseconds(10), firstByte: .seconds(3_600), request: .seconds(120),
                    streamIdle: .seconds(3), maximumStream: .seconds(86_400)))
        #expect(
            pool.retry
                == RetrySettings(attempts: 1, budget: 0.0005, backoff: .seconds(2), maximumBackoff: .seconds(2)))
        #expect(pool.hedge == HedgeSettings(delay: .fixed(.milliseconds(20)), minimumDelay: .milliseconds(50)))
        #expect(
            pool.limits
                == PoolLimitSettings(
                    maximumConcurrency: .fixed(8), perBackend: 1, queue: 0, queueTimeout: .milliseconds(1)))
        #expect(
            pool.tools
                == [
                    ToolSettings(
                        name: "true", cache: nil, timeout: ToolTimeoutSettings(firstByte: .seconds(1)),
                        circuitBreaker: CircuitBreakerSettings(window: .seconds(2)))
                ])
        #expect(configuration.pools.map(\.name) == ["a", "b"] && configuration.pools[1].protocol == .modern)
        #expect(
            configuration.routes
                == [RouteConfiguration(path: "/mcp", pool: "a"), RouteConfiguration(path: "/b/mcp", pool: "b")])
        #expect(
            configuration.cache
                == CacheSettings(
                    memory: 1 << 20, maximumEntry: 512 << 10, staleWhileRevalidate: .zero, staleIfError: .zero))
        #expect(
            configuration.rateLimits
                == [
                    RateLimitRule(
                        name: "r", key: .identityAndTool, rate: Rate(count: 5, period: .seconds(3_600)), cost: 2),
                    RateLimitRule(
                        name: "s", key: .global, rate: Rate(count: 9, period: .seconds(1)), isEnforced: false,
                        onRedisFailure: .closed),
                ])
        #expect(configuration.log == LogSettings(level: .debug, format: .text, logsAccess: false, file: "./a.log"))
        #expect(
            configuration.tracing
                == TracingSettings(
                    collector: EndpointURL(scheme: .https, host: "collector", port: 443, path: "/v1"), sample: 1))
        #expect(configuration.drain == DrainSettings(delay: .seconds(10), timeout: .zero))
    }
}
