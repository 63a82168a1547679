package import NIOCore
import Resilience
package import Telemetry
import Transport
import Wire

/// One backend as one shard sees it: its connections of this loop, and what this shard counts of it.
///
/// In the shard's region: touched only from the shard's entries.
package final class Backend {
    /// What is the same in every shard.
    package let plan: BackendPlan
    /// The position in its pool.
    package let index: Int
    /// The heads of answers that came lately.
    let heads = HTTPHeadMemory()
    /// Calls that are with this backend now.
    package private(set) var inFlight = 0
    /// How many of them only listen, and give the backend nothing to do. Kept up to date where calls in flight decide who
    /// is picked.
    package var listenerCount = 0
    /// The last pick in which it refused a call, for pools of more backends than a word has bits.
    var refusedPick: UInt64 = 0
    /// How tries ended, counted in the order of `AttemptOutcome.allCases`.
    package private(set) var attempts = [Int](repeating: 0, count: AttemptOutcome.allCases.count)
    /// How long calls take compared with others of their kind, where a limit depends on that.
    var times = UsualTimes()
    /// Seconds from the choice of this backend to the end of its answer.
    package private(set) var durations = LatencyHistogram()
    /// Idle connections, the most recently used last.
    private var idle: [BackendConnection] = []
    /// Refuses for a while because it said so (`Retry-After`).
    private var passedOverUntil = NIODeadline.uptimeNanoseconds(0)

    /// Idle longer than this, a connection is closed: less than what servers allow.
    package static let idleTime = TimeAmount.seconds(25)
    /// Older than this, a connection is not used again, so that a change of routes behind a name is followed.
    package static let maximumAge = TimeAmount.minutes(10)

    package init(_ plan: BackendPlan, index: Int) {
        self.plan = plan
        self.index = index
    }

    /// The number of connections that wait for a call.
    package var idleCount: Int { idle.count }

    /// Whether it has asked to be left alone for the moment.
    package func isPassedOver(at now: NIODeadline) -> Bool { now < passedOverUntil }

    /// Until when it has asked to be left alone; `nil` if it has not, or if that is over.
    package func passedOver(at now: NIODeadline) -> NIODeadline? { now < passedOverUntil ? passedOverUntil : nil }

    /// Takes note that the backend refused and named a time; it is heeded from 1 s to 30 s (reliability 1.2).
    package func passOver(forSeconds seconds: Int, at now: NIODeadline) {
        passedOverUntil = max(passedOverUntil, now + .seconds(Int64(min(max(seconds, 1), 30))))
    }

    /// A connection for one call: an idle one, or `nil` when a new one is to be made. Those too old go to `discarded`.
    package func lease(at now: NIODeadline, discarded: inout [BackendConnection]) -> BackendConnection? {
        inFlight += 1
        while let connection = idle.popLast() {
            if connection.isUsable(at: now) { return connection }
            discarded.append(connection)
        }
        return nil
    }

    /// The call is over after `duration`; the connection may serve another one if it `isReusable`.
    package func giveBack(
        _ connection: BackendConnection?, outcome: AttemptOutcome, duration: TimeAmount, at now: NIODeadline
    ) {
        inFlight -= 1
        durations.record(nanoseconds: duration.nanoseconds)
        attempts[Int(outcome.rawValue)] += 1
        guard let connection, connection.http.isReusable else { return }
        connection.idleSince = now
        idle.append(connection)
    }

    /// What is counted of it here.
    var figures: ShardSnapshot.BackendFigures {
        ShardSnapshot.BackendFigures(
            attempts: attempts, durations: durations, inFlight: inFlight, idleConnections: idle.count)
    }

    /// Takes out what was counted; what goes on here is counted from nothing.
    func takeFigures() -> ShardSnapshot.BackendFigures {
        defer {
            attempts = [Int](repeating: 0, count: attempts.count)
            durations = LatencyHistogram()
        }
        return ShardSnapshot.BackendFigures(attempts: attempts, durations: durations)
    }

    /// Adds what was counted elsewhere.
    func add(_ figures: ShardSnapshot.BackendFigures) {
        for index in attempts.indices { attempts[index] += figures.attempts[index] }
        durations.merge(figures.durations)
    }

    /// Forgets a connection that closed by itself.
    package func forget(_ connection: BackendConnection) {
        // Idle connections close in no particular order, and there are few of them.
        if let position = idle.firstIndex(where: { $0 === connection }) { idle.remove(at: position) }
    }

    /// Takes out the connections that have been idle too long, oldest first.
    package func takeStale(at now: NIODeadline, idleFor time: TimeAmount = idleTime) -> [BackendConnection] {
        guard let fresh = idle.firstIndex(where: { $0.isUsable(at: now) && now - $0.idleSince < time }) else {
            defer { idle.removeAll() }
            return idle
        }
        defer { idle.removeFirst(fresh) }
        return Array(idle[..<fresh])
    }

    /// Takes out all idle connections, for draining.
    package func takeIdle() -> [BackendConnection] {
        defer { idle.removeAll() }
        return idle
    }
}

@available(*, unavailable)
extension Backend: Sendable {}
