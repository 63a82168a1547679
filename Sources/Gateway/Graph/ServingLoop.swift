import NIOCore
package import Redis
package import Resilience
package import Telemetry
package import Transport
import Wire

/// One event loop that serves calls, with everything on it that stays while configurations come and go: the client
/// connections, what waits for the access log, and the room that new calls are served in.
///
/// Belongs to its loop; others reach it through `NIOLoopBound`.
package final class ServingLoop {
    package let loop: LoopContext
    package let housekeeper: Housekeeper
    /// What this loop has of the Redis that gateways share; `nil` if there is none.
    let redis: RedisLane?
    /// Compresses what this loop puts there.
    var compressor = LZ4Compressor()
    /// Where those of this loop are reached who wait for room.
    let admissionDesk = AdmissionDesk()
    /// How near the process is to its limits.
    package private(set) var overload = OverloadLevel.none
    /// Where new calls go: one pointer is compared for each of them.
    package private(set) var room: ShardRoom
    private let network: any Network

    /// The loop of `shard`, which is the first; made on that loop.
    package init(shard: Shard, network: any Network, accessLog: LogSink?, redis: RedisLane? = nil) {
        self.redis = redis
        self.network = network
        loop = LoopContext(shard.executor)
        housekeeper = Housekeeper(shard: shard, loop: loop, accessLog: accessLog)
        room = ShardRoom(shard: shard, desk: ServingLoop.makeDesk(of: shard, loop))
    }

    private static func makeDesk(of shard: Shard, _ loop: LoopContext) -> FlightDesk {
        let desk = FlightDesk(shard.plan.cache)
        shard.plan.cache.register(desk, shard: shard.number, on: loop.eventLoop)
        return desk
    }

    /// The handler of a connection that a client has just made to the listener on `address`.
    package func welcome(_ address: SocketAddressSetting) -> HTTPServerConnection {
        let handler = RequestHandler(self, network: network, listener: address)
        let connection = HTTPServerConnection(loop: loop, delegate: handler)
        housekeeper.add(connection, handler)
        return connection
    }

    /// New calls are served by `next` from now on. Those that are under way end with the shard that they began with.
    package func install(_ next: Shard) {
        let last = room
        let handover = loop.executor.enter(last.shard, Shard.retire, next.plan)
        loop.executor.enter(next, Shard.succeed, handover)
        loop.executor.enter(next, Shard.setOverload, overload)
        // Who waits for the answer of somebody else is told where they wait.
        let desk = next.plan.cache === last.shard.plan.cache ? last.desk : ServingLoop.makeDesk(of: next, loop)
        room = ShardRoom(shard: next, desk: desk)
        housekeeper.succeed(last, by: next)
        for connection in handover.closing { connection.http.close() }
    }

    /// The process has come nearer to its limits, or is further away from them: does what there is to do about it here.
    package func setOverload(_ level: OverloadLevel) {
        guard level != overload else { return }
        overload = level
        for shard in [room.shard] + housekeeper.retiredShards {
            loop.executor.enter(shard, Shard.setOverload, level)
        }
        loop.holdsBodies = level == .exhausted
        housekeeper.relieve(level)
    }

    /// What the calls of this loop have come to, whichever shard they were served by.
    package func snapshot() -> ShardSnapshot {
        var snapshot = loop.executor.enter(room.shard, Shard.copyOut, ())
        for shard in housekeeper.retiredShards { snapshot.add(loop.executor.enter(shard, Shard.copyOut, ())) }
        return snapshot
    }
}

@available(*, unavailable)
extension ServingLoop: Sendable {}

extension NIOLoopBound<ServingLoop> {
    /// What the calls of the loop have come to. Costs it a few microseconds. From anywhere.
    func snapshot() async throws -> ShardSnapshot {
        try await submit { $0.snapshot() }
    }
}

extension NIOLoopBound {
    /// What `body` makes of the value, on the value's loop.
    func submit<Result: Sendable>(_ body: @escaping @Sendable (Value) -> Result) async throws -> Result {
        let bound = self
        return try await eventLoop.submit { body(bound.value) }.get()
    }
}
