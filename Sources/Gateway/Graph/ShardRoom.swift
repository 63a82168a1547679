import NIOCore
package import Redis
package import Telemetry
package import Transport
import Wire

/// One event loop with everything on it that serves calls: the shard, what its connections share, the housekeeper.
///
/// Belongs to its loop; others reach it through `NIOLoopBound`.
package final class ShardRoom {
    package let shard: Shard
    package let loop: LoopContext
    package let housekeeper: Housekeeper
    /// Where those wait who have asked the same as others.
    package let desk: FlightDesk
    /// What this loop has of the Redis that gateways share; `nil` if there is none.
    package let redis: RedisLane?
    /// Compresses what this loop puts there.
    var compressor = LZ4Compressor()
    private let network: any Network
    /// One object for all connections of a listener, by which notes on heads are told apart.
    private var rules: [AccessRules: HeadRules] = [:]

    /// The room around `shard`; made on the shard's loop.
    package init(shard: Shard, network: any Network, accessLog: LogSink?, redis: RedisLane? = nil) {
        self.redis = redis
        self.shard = shard
        self.network = network
        loop = LoopContext(shard.executor)
        housekeeper = Housekeeper(shard: shard, loop: loop, accessLog: accessLog)
        desk = FlightDesk(shard.plan.cache)
        shard.plan.cache.register(desk, shard: shard.number, on: loop.eventLoop)
    }

    /// The handler of a connection that a client has just made to a listener with `access`.
    package func welcome(_ access: AccessRules) -> HTTPServerConnection {
        let rules = self.rules[access] ?? HeadRules(shard.plan, access: access)
        self.rules[access] = rules
        let handler = RequestHandler(self, network: network, rules: rules)
        let connection = HTTPServerConnection(loop: loop, delegate: handler)
        housekeeper.add(connection, handler)
        return connection
    }
}

@available(*, unavailable)
extension ShardRoom: Sendable {}
