import NIOCore
import Redis
import Telemetry
import Wire

/// Results in Redis, where all servers find them.
///
/// A help and never a condition: what Redis does not say in time, or at all, is nothing. It warns once when Redis goes away,
/// not with every call, and comes back by itself.
struct RedisCache: Sendable {
    private static let keyPrefix = "mcp-tool-server:process_data:1:"

    private let client: RedisClient

    /// A cache in the Redis of `client`.
    init(_ client: RedisClient) {
        self.client = client
    }

    /// Whether Redis serves, as far as is known.
    var isUp: Bool { client.status.isUp }

    /// The result that is kept for `key`, and how long it will be.
    func value(for key: CacheKey) async -> (outcome: ByteBuffer, timeLeft: Duration)? {
        let name = RedisCache.keyPrefix + key.text
        guard let outcome = try? await client.send(.get(name)).string else { return nil }
        var command = RedisCommand("PTTL", isWrite: false)
        command.appendKey(name)
        // Negative for a key that is gone by now.
        let milliseconds = (try? await client.send(command).integer) ?? 0
        return (outcome, .milliseconds(max(milliseconds, 0)))
    }

    /// Keeps a result for so long, if Redis takes it.
    func store(_ value: ByteBuffer, for key: CacheKey, timeToLive: Duration) async {
        // Whether it was kept is found out by whoever looks for it.
        _ = try? await client.send(.set(RedisCache.keyPrefix + key.text, to: value, for: timeToLive))
    }

    /// Ends the connections.
    func shutdown() async {
        await client.shutdown()
    }

    /// Adds how Redis is doing as metrics.
    func write(into text: inout PrometheusText) {
        text.gauge("mcp_redis_up", help: "Whether Redis serves.", isUp ? 1 : 0)
        for (kind, count) in client.status.errorCounts {
            text.counter(
                "mcp_redis_errors_total", help: "Commands to Redis without a result, by what was wrong.",
                labels: [("kind", kind.rawValue)], count)
        }
    }
}
