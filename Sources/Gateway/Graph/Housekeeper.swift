package import NIOCore
import Resilience
package import Telemetry
package import Transport

/// What one loop does besides calls: hands the access log over, closes connections that nobody uses, keeps the client
/// connections so that draining reaches them.
///
/// Belongs to its loop.
package final class Housekeeper: DeadlineOwner {
    private static let logDelay = TimeAmount.milliseconds(100)
    private static let sweepInterval = TimeAmount.seconds(1)

    private struct Client {
        let connection: HTTPServerConnection
        let handler: RequestHandler
    }

    private var shard: Shard
    /// Those that calls may still be under way in, the oldest in front. Besides them only these calls keep the rooms.
    private var retired: [ShardRoom] = []
    private let loop: LoopContext
    private let accessLog: LogSink?
    private let logTimer = DeadlineTimer()
    private let sweepTimer = DeadlineTimer()
    private var clients: [ObjectIdentifier: Client] = [:]
    private var nextSweep: NIODeadline
    private var isDraining = false
    private var awaitsLastRequests = false
    private var overload = OverloadLevel.none

    package init(shard: Shard, loop: LoopContext, accessLog: LogSink?) {
        self.shard = shard
        self.loop = loop
        self.accessLog = accessLog
        nextSweep = loop.eventLoop.now + Housekeeper.sweepInterval
        loop.wheel.arm(sweepTimer, at: nextSweep, owner: self)
    }

    /// Does what the access log needs after a call.
    package func carryOut(_ effect: Shard.LogEffect) {
        switch effect {
        case .none: break
        case .schedule: loop.wheel.arm(logTimer, at: loop.eventLoop.now + Housekeeper.logDelay, owner: self)
        case .write(let block): accessLog?.offer(block)
        }
    }

    package func deadlineReached(_ timer: DeadlineTimer, now: NIODeadline) {
        if timer === logTimer {
            flushLog()
        } else {
            loop.executor.enter(shard, Shard.noteLag, now - nextSweep)
            for connection in loop.executor.enter(shard, Shard.takeStale, now) { connection.http.close() }
            if !retired.isEmpty { sweepRetired(now) }
            if overload >= .critical { closeIdleClients() }
            nextSweep = now + Housekeeper.sweepInterval
            loop.wheel.arm(sweepTimer, at: nextSweep, owner: self)
        }
    }

    /// Hands over whatever waits.
    package func flushLog() {
        for shard in [shard] + retiredShards {
            if let block = loop.executor.enter(shard, Shard.takeLog, ()) { accessLog?.offer(block) }
        }
    }

    // MARK: Generations

    /// Shards that take no new calls, but may have some that began before.
    var retiredShards: [Shard] { retired.map(\.shard) }

    /// `next` serves new calls in place of the shard of `last`.
    func succeed(_ last: ShardRoom, by next: Shard) {
        retired.append(last)
        shard = next
        for client in clients.values { client.handler.moveOnIfIdle() }
    }

    /// Closes what retired shards need no more, and lets go of those whose last call has ended.
    private func sweepRetired(_ now: NIODeadline) {
        for client in clients.values { client.handler.moveOnIfIdle() }
        for shard in retiredShards {
            for connection in loop.executor.enter(shard, Shard.takeStale, now) { connection.http.close() }
        }
        var index = 0
        while index < retired.count {
            guard isKnownUniquelyReferenced(&retired[index]) else {
                index += 1
                continue
            }
            let room = retired.remove(at: index)
            if let block = loop.executor.enter(room.shard, Shard.takeLog, ()) { accessLog?.offer(block) }
            loop.executor.enter(shard, Shard.absorb, loop.executor.enter(room.shard, Shard.copyOut, ()))
            var pools = loop.executor.enter(room.shard, Shard.leavePools, ())
            for earlier in retired[..<index].reversed() where !pools.isEmpty {
                pools = loop.executor.enter(earlier.shard, Shard.takeBack, pools)
            }
        }
    }

    // MARK: Client connections

    /// The number of client connections of this loop.
    package var clientCount: Int { clients.count }

    /// Keeps a connection that a client has made, until it is closed.
    package func add(_ connection: HTTPServerConnection, _ handler: RequestHandler) {
        clients[ObjectIdentifier(connection)] = Client(connection: connection, handler: handler)
        if awaitsLastRequests { connection.awaitsLastRequest = true }
        if isDraining { connection.isDraining = true }
    }

    /// Forgets a connection that is closed.
    package func remove(_ connection: HTTPServerConnection) {
        clients[ObjectIdentifier(connection)] = nil
    }

    /// Goes by how near the process is to its limits: from `critical` on, connections end that nobody uses; below `exhausted`
    /// those are read from again that were held.
    func relieve(_ level: OverloadLevel) {
        overload = level
        // Reading and closing change the table.
        if !loop.holdsBodies { for client in Array(clients.values) { client.connection.resumeReading() } }
        guard level >= .critical else { return }
        closeIdleClients()
        for connection in loop.executor.enter(shard, Shard.takeStale, loop.eventLoop.now) { connection.http.close() }
    }

    private func closeIdleClients() {
        for client in Array(clients.values) { client.connection.close(ifIdleFor: OverloadRelief.idleTime) }
    }

    /// Ends streams that only listen, and makes connections end after their next answer. Whoever is about to send on an idle
    /// one is still served: nobody would see that the request went to a connection that was being closed.
    package func drainGently() {
        isDraining = true
        awaitsLastRequests = true
        for client in Array(clients.values) {
            client.connection.awaitsLastRequest = true
            client.connection.isDraining = true
            client.handler.endListening()
        }
    }

    /// Ends idle connections and streams that only listen, and makes the others end after their answer.
    package func drain() {
        isDraining = true
        awaitsLastRequests = false
        for shard in [shard] + retiredShards {
            for connection in loop.executor.enter(shard, Shard.drain, ()) { connection.http.close() }
        }
        // Closing changes the table: what it holds now is what has to be told.
        for client in Array(clients.values) {
            client.connection.isDraining = true
            client.connection.awaitsLastRequest = false
            client.handler.endListening()
        }
    }

    /// Ends everything.
    package func closeAll() {
        for client in Array(clients.values) { client.connection.close() }
        loop.wheel.remove(logTimer)
        loop.wheel.remove(sweepTimer)
        flushLog()
    }
}

@available(*, unavailable)
extension Housekeeper: Sendable {}
