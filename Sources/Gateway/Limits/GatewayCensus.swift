import NIOCore
package import Redis
package import Transport
import Wire

/// Tells the other gateways that this one is there, and counts how many there are: while Redis is away, each of them lets
/// through its share of what is allowed.
///
/// A sorted set in Redis has every gateway with the time, on Redis' clock, at which it last said that it is there. Each
/// says so once a second, and counts those who have done so in the last five.
package struct GatewayCensus: Sendable {
    private static let interval = Duration.seconds(1)
    /// While Redis is not there.
    private static let retryInterval = Duration.milliseconds(250)

    private let redis: RedisClient
    private let limiter: RateLimiter
    private let loop: LoopExecutor
    private let key: String
    private let name: String
    private let script = GatewayCensus.makeScript()

    /// A census that tells `limiter` how many there are. `name` is that of this gateway, and nobody else's.
    package init(_ redis: RedisClient, _ limiter: RateLimiter, on loop: LoopExecutor, keyPrefix: String, name: String) {
        self.redis = redis
        self.limiter = limiter
        self.loop = loop
        self.name = name
        key = keyPrefix + "gateways"
    }

    /// Counts until cancelled; then this gateway is one of them no longer.
    package func run() async {
        while !Task.isCancelled {
            await loop.sleep(for: await count() ? GatewayCensus.interval : GatewayCensus.retryInterval)
        }
        var command = RedisCommand("ZREM", isWrite: true, reply: .integer)
        command.appendKey(key)
        command.append(name)
        _ = try? await redis.send(command)
    }

    /// Counts once; whether Redis has answered.
    package func count() async -> Bool {
        let command = RedisCommand.call(script, keys: [key], arguments: [name])
        guard let count = try? await redis.send(command).integer else { return false }
        limiter.gatewayCount = Int(clamping: count)
        return true
    }

    /// Notes one gateway, forgets those that are silent, and replies how many are left.
    private static func makeScript() -> RedisScript {
        RedisScript(
            """
            local time = redis.call('TIME')
            local now = time[1] * 1000 + math.floor(time[2] / 1000)
            redis.call('ZADD', KEYS[1], now, ARGV[1])
            redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 5000)
            redis.call('ZREMRANGEBYSCORE', KEYS[1], now + 5000, '+inf')
            redis.call('PEXPIRE', KEYS[1], 10000)
            return redis.call('ZCARD', KEYS[1])
            """, isWrite: true, reply: .integer)
    }
}
