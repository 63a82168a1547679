import Gateway
import Testing

@Suite struct ConfigurationDefaultsTests {
    private let configuration: GatewayConfiguration
    private let pool: PoolConfiguration

    init() throws {
        let bytes = try ConfigurationSupport.file("Tests/GatewayTests/Fixtures/configurations/good/short.conf")
        let loaded = try ConfigurationSupport.load(String(decoding: bytes, as: UTF8.self))
        #expect(loaded.warnings.isEmpty)
        configuration = loaded.configuration
        pool = configuration.pools[0]
    }

    @Test func `the short form says where to listen and where to go`() {
        #expect(
            configuration.listeners
                == [ListenerConfiguration(address: SocketAddressSetting(host: "127.0.0.1", port: 8_080))])
        #expect(configuration.admin == SocketAddressSetting(host: "127.0.0.1", port: 9_090))
        #expect(pool.name == "tools")
        #expect(
            pool.backends
                == [9_001, 9_002, 9_003].map {
                    BackendConfiguration(
                        url: EndpointURL(scheme: .http, host: "127.0.0.1", port: $0, path: "/mcp"), weight: 1,
                        zone: nil,
                        isBackup: false)
                })
        #expect(configuration.routes == [RouteConfiguration(path: "/mcp", pool: "tools")])
    }

    @Test func `everything outside of pools has its default`() {
        #expect(configuration.workers == .automatic)
        #expect(configuration.sessions == SessionSettings(key: nil, maximumAge: .seconds(86_400)))
        #expect(configuration.allowedOrigins.isEmpty && configuration.allowedHosts.isEmpty)
        #expect(configuration.trustedProxies.isEmpty)
        #expect(
            configuration.limits
                == ConnectionLimitSettings(
                    maximumBody: 4 << 20, maximumAnswer: 32 << 20, maximumConnections: .automatic))
        #expect(configuration.redis == nil && configuration.tracing == nil && configuration.rateLimits.isEmpty)
        #expect(
            configuration.cache
                == CacheSettings(
                    memory: 64 << 20, maximumEntry: 1 << 20, staleWhileRevalidate: .seconds(30),
                    staleIfError: .seconds(300)))
        #expect(configuration.log == LogSettings(level: .info, format: .json, logsAccess: true, file: nil))
        #expect(configuration.drain == DrainSettings(delay: .zero, timeout: .seconds(30)))
    }

    @Test func `a pool has the defaults of the reliability table`() {
        #expect(pool.protocol == .auto && pool.balance == .roundRobin)
        #expect(
            pool.healthCheck
                == HealthCheckSettings(
                    interval: .seconds(1), timeout: .milliseconds(500), healthyThreshold: 2, unhealthyThreshold: 2,
                    kind: .mcp))
        #expect(
            pool.circuitBreaker
                == CircuitBreakerSettings(
                    failureRate: 0.5, minimumRequests: 20, consecutiveFailures: 5, slowCall: .seconds(5),
                    window: .seconds(10), openDuration: .seconds(2), halfOpenRequests: 3))
        #expect(pool.outlierDetection == OutlierDetectionSettings(maximumEjectionShare: 0.5))
        #expect(
            pool.timeout
                == TimeoutSettings(
                    connect: .seconds(1), firstByte: .seconds(30), request: .seconds(60), streamIdle: .seconds(60),
                    maximumStream: .seconds(600)))
        #expect(
            pool.retry
                == RetrySettings(
                    attempts: 3, budget: 0.2, backoff: .milliseconds(25), maximumBackoff: .seconds(1)))
        #expect(pool.hedge == nil)
        #expect(
            pool.limits
                == PoolLimitSettings(
                    maximumConcurrency: .automatic, perBackend: 256, queue: 256, queueTimeout: .milliseconds(500)))
        #expect(pool.credentials == CredentialSettings(bearer: nil))
        #expect(!pool.trustsAnnotations)
        #expect(pool.tools.isEmpty)
    }

    @Test func `a file needs nothing but a pool`() throws {
        let loaded = try ConfigurationSupport.load("pools: { tools: { backends: ['http://127.0.0.1:9001/mcp'] } }")
        #expect(loaded.configuration.listeners == configuration.listeners)
        #expect(loaded.configuration.admin == configuration.admin)
        #expect(loaded.warnings.isEmpty)
    }
}
