package import Logging
package import NIOCore
import NIOPosix
import Synchronization
package import Transport
package import Wire

/// A Redis, used from several event loops, each with connections of its own.
///
/// A help and never a condition: every command has an outcome within its timeout, and at once while Redis is known to be
/// out of service.
///
/// ```
/// let redis = RedisClient(RedisOptions(try RedisURL("redis://localhost")), loops: loops, logger: logger)
/// let value = try await redis.send(.get("key")).string           // from anywhere
/// redis.lane(on: loop).send(.get("key")) { reply in … }          // on one of the loops, without a task
/// ```
package final class RedisClient: Sendable {
    /// How Redis is doing.
    package let status: RedisStatus
    private let dialer: RedisDialer
    private let loops: [any EventLoop]
    private let lanes: [NIOLoopBound<RedisLane>]
    private let next = Atomic(0)
    private let isShutDown = Atomic(false)

    /// Begins to connect on each of `loops`, of which there must be one or more.
    ///
    /// - Throws: `TLSError` when there is nothing that the system trusts.
    package init(_ options: RedisOptions, loops: [any EventLoop], logger: Logger) async throws {
        precondition(!loops.isEmpty, "a client needs an event loop")
        let dialer = try RedisDialer(options)
        let status = RedisStatus(logger: logger)
        var lanes: [NIOLoopBound<RedisLane>] = []
        for loop in loops {
            let seed = UInt64.random(in: .min ... .max)
            lanes.append(
                try await loop.submit {
                    NIOLoopBound(RedisLane(loop, dialer: dialer, status: status, seed: seed), eventLoop: loop)
                }.get())
        }
        self.status = status
        self.dialer = dialer
        self.loops = loops
        self.lanes = lanes
    }

    deinit {
        guard !isShutDown.load(ordering: .acquiring) else { return }
        for (loop, lane) in zip(loops, lanes) { loop.execute { lane.value.close() } }
    }

    /// What `loop`, one of the client's, has of Redis. Only on that loop.
    package func lane(on loop: any EventLoop) -> RedisLane {
        guard let index = loops.firstIndex(where: { $0 === loop }) else {
            preconditionFailure("a Redis client was used on a loop that it was not made for")
        }
        return lanes[index].value
    }

    /// Sends `command` and waits for the reply. Cancelling does not shorten the wait, which has an end of its own.
    package func send(_ command: RedisCommand, timeout: TimeAmount? = nil) async throws(RedisError) -> RESPValue {
        guard !isShutDown.load(ordering: .acquiring) else { throw .unavailable }
        let index = indexOfNearestLoop()
        let lane = lanes[index]
        let reply = await withCheckedContinuation { continuation in
            loops[index].execute {
                lane.value.send(command, timeout: timeout) { continuation.resume(returning: $0) }
            }
        }
        return try reply.get()
    }

    /// The caller's own loop, or each in turn.
    private func indexOfNearestLoop() -> Int {
        if let current = MultiThreadedEventLoopGroup.currentEventLoop,
            let index = loops.firstIndex(where: { $0 === current })
        {
            return index
        }
        let turn = next.wrappingAdd(1, ordering: .relaxed).newValue
        return Int(UInt(bitPattern: turn) % UInt(loops.count))
    }

    /// Subscribes to `channels`, over a connection of its own on `loop`, any one. `handler` is called on that loop.
    package func subscribe(
        to channels: [String], on loop: any EventLoop, handler: @escaping @Sendable (RedisSubscription.Event) -> Void
    ) async throws -> RedisSubscription {
        let seed = UInt64.random(in: .min ... .max)
        let dialer = dialer
        let status = status
        let subscriber = try await loop.submit {
            let subscriber = RedisSubscriber(
                channels, on: loop, dialer: dialer, status: status, seed: seed, handler: handler)
            return NIOLoopBound(subscriber, eventLoop: loop)
        }.get()
        return RedisSubscription(subscriber, loop)
    }

    /// Seals connections that are made from now on with `tls`, if the URL says that they are sealed. Those that exist go on.
    package func replaceTLS(with tls: ClientTLS) { dialer.replaceTLS(with: tls) }

    /// Ends all connections; what waits fails, and so does everything that is sent later.
    package func shutdown() async {
        isShutDown.store(true, ordering: .releasing)
        for (loop, lane) in zip(loops, lanes) { try? await loop.submit { lane.value.close() }.get() }
    }
}
