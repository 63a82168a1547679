import Testing

/// Gateways that share a Redis, in front of one tool server, and calls through one of them while something happens to the
/// Redis.
struct SharingGateways: Sendable {
    let gateways: [RunningGateway]
    private let server: ToolServer
    private let folder: TemporaryFolder

    /// Limits of every kind that no call comes near to.
    static let generousLimits = """
        rate_limits:
          - { name: each, key: identity, rate: 100000/s }
          - { name: tool, key: identity+tool, rate: 100000/s }
          - { name: source, key: address, rate: 100000/s }
          - { name: all, key: global, rate: 100000/s }
        """

    /// Starts `count` gateways, which share limits and what they keep of answers, and waits until each is served by Redis.
    ///
    /// - Parameter redis: the keys of `redis` without the secret.
    static func start(
        _ count: Int = 1, redis: String, limits: String = generousLimits, isUp: Bool = true
    ) async throws -> SharingGateways {
        let folder = try TemporaryFolder()
        let secret = try folder.write("secret", "a secret of more than 32 bytes for tests".utf8)
        let server = try await ToolServer.start("tools-1", hasSessions: false)
        var gateways: [RunningGateway] = []
        for _ in 0..<count {
            gateways.append(
                try await RunningGateway.start(
                    backends: [server], pool: "tools: { process_data: { cache: { ttl: 1m, scope: public } } }",
                    more: "workers: 2\nredis: { secret: 'file:\(secret.path)', \(redis) }\n\(limits)"))
        }
        let all = SharingGateways(gateways: gateways, server: server, folder: folder)
        if isUp {
            for gateway in gateways {
                try await eventually("Redis serves the gateway; it said: \(gateway.process.lastWords)") {
                    try await gateway.metrics()("mcp_gateway_redis_up") == 1
                }
            }
        }
        return all
    }

    /// Decisions of rate limits of the first gateway that come from `source`.
    func decisions(_ source: String) async throws -> Double {
        try await gateways[0].metrics()("mcp_gateway_rate_limit_decisions_total", ["source": source])
    }

    /// What an outage must look like from outside.
    struct Outage: Sendable {
        /// The kinds of errors of which one must be counted; empty if nothing need fail.
        var errors: [String]
        /// Whether Redis must be said to be down.
        var isDown = true
        /// How long it lasts.
        var length = Duration.seconds(3)
    }

    /// Calls without end, lets something happen to Redis, and puts it right again: no call fails, calls take as long as
    /// before, the metrics tell, and Redis decides again soon (reliability: "Redis").
    ///
    /// - Parameters:
    ///   - begin: does what is bad.
    ///   - end: makes Redis well; has returned when it is.
    func expectNoHarm(
        _ outage: Outage, sourceLocation: SourceLocation = #_sourceLocation, begin: () async throws -> Void,
        end: () async throws -> Void
    ) async throws {
        let callers = Callers(6, port: gateways[0].port, era: .modern)
        defer { callers.cancel() }
        let start = ContinuousClock.now
        try await eventually("Redis decides") { try await decisions("redis") > 200 }
        try await Task.sleep(for: .seconds(2))
        let local = try await decisions("local")

        let fault = ContinuousClock.now
        try await begin()
        try await Task.sleep(for: outage.length)
        let metrics = try await gateways[0].metrics()
        let locally = try await decisions("local") - local
        if outage.isDown { #expect(metrics("mcp_gateway_redis_up") == 0, sourceLocation: sourceLocation) }
        if !outage.errors.isEmpty {
            let count = outage.errors.reduce(0) { $0 + metrics("mcp_gateway_redis_errors_total", ["kind": $1]) }
            #expect(count > 0, "\(outage.errors): \(metrics.text)", sourceLocation: sourceLocation)
            #expect(locally > 100, sourceLocation: sourceLocation)
        }
        try await end()

        let mended = ContinuousClock.now
        let before = try await decisions("redis")
        try await eventually("Redis decides again", within: .seconds(12)) { try await decisions("redis") > before }
        let recovery = ContinuousClock.now - mended
        #expect(try await gateways[0].metrics()("mcp_gateway_bugs_total") == 0, sourceLocation: sourceLocation)
        try await callers.stop()

        let outcomes = callers.outcomes
        #expect(callers.failures.isEmpty, "\(callers.failures.prefix(3))", sourceLocation: sourceLocation)
        let usual = Self.slowest(outcomes.filter { $0.start > start + .milliseconds(500) && $0.end < fault })
        let during = Self.slowest(outcomes.filter { $0.start > fault + .milliseconds(200) && $0.end < mended })
        let first = Self.slowest(
            outcomes.filter { $0.start > fault - .milliseconds(50) && $0.start < fault + .milliseconds(200) })
        print(
            "outage \(outage.errors): \(outcomes.count) calls, p99 before \(usual), first 200 ms \(first), then \(during), "
                + "decided locally \(Int(locally)), back after \(recovery)")
        #expect(during <= usual + .milliseconds(50), sourceLocation: sourceLocation)
        #expect(recovery < .seconds(6), sourceLocation: sourceLocation)
    }

    /// The time that 99 of 100 calls stay below.
    private static func slowest(_ outcomes: [Callers.Outcome]) -> Duration {
        let times = outcomes.map(\.duration).sorted()
        return times.isEmpty ? .zero : times[min(times.count * 99 / 100, times.count - 1)]
    }
}
