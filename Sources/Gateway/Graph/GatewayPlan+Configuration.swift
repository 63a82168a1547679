import Crypto
import NIOCore
package import Resilience
import Transport
import Wire

extension GatewayPlan {
    /// The plan of `configuration` for `shardCount` shards, with every backend unchecked and every breaker closed.
    package init(_ configuration: GatewayConfiguration, shardCount: Int, seed: UInt64, now: MonotonicTime) {
        var random = SeededRandom(seed: seed)
        let pools = configuration.pools.map { pool in
            PoolPlan(pool) {
                BackendStatus(
                    CircuitBreaker.Configuration(pool.circuitBreaker), shardCount: shardCount, seed: random.next(),
                    at: now)
            }
        }
        let positions = Dictionary(
            configuration.pools.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
        routes = configuration.routes.compactMap { route in
            positions[route.pool].map { RoutePlan(path: Array(route.path.utf8), pool: $0) }
        }
        self.pools = pools
        maximumBody = configuration.limits.maximumBody
        maximumAnswer = configuration.limits.maximumAnswer
        logsAccess = configuration.log.logsAccess
        sessionAge = configuration.sessions.maximumAge
    }
}

extension PoolPlan {
    fileprivate init(_ pool: PoolConfiguration, makeStatus: () -> BackendStatus) {
        name = pool.name
        nameJSON = jsonString(pool.name)
        backends = pool.backends.map { BackendPlan($0, pool: pool.name, status: makeStatus()) }
        timeouts = PoolTimeouts(
            connect: TimeAmount(pool.timeout.connect), firstByte: TimeAmount(pool.timeout.firstByte),
            request: TimeAmount(pool.timeout.request), streamIdle: TimeAmount(pool.timeout.streamIdle),
            maximumStream: TimeAmount(pool.timeout.maximumStream))
        slowCall = TimeAmount(pool.circuitBreaker.slowCall)
    }
}

extension BackendPlan {
    fileprivate init(_ backend: BackendConfiguration, pool: String, status: BackendStatus) {
        address = BackendAddress(host: backend.url.host, port: backend.url.port)
        authority = backend.url.authority
        path = backend.url.path
        url = backend.url.text
        urlJSON = jsonString(url)
        // The same on every replica with the same file, and another one in another pool.
        key = SHA256.hash(data: Array("\(pool)\n\(url)".utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        weight = backend.weight
        isBackup = backend.isBackup
        requestStarts = RequestStarts(authority: backend.url.authority, path: backend.url.path)
        self.status = status
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

private func jsonString(_ text: String) -> [UInt8] {
    var buffer = ByteBuffer()
    buffer.writeJSONString(text)
    return Array(buffer.readableBytesView)
}
