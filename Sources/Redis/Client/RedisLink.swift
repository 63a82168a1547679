import NIOCore
import Resilience
import Transport
import Wire

/// What one event loop has of one Redis server: a connection, made again whenever it is lost, and the judgement whether it
/// is worth asking.
///
/// ```
/// connecting ─▶ up ─▶ waiting ─▶ connecting …          up: commands are sent, unless the breaker is open
///     └──────────────────┘                             else: they fail at once; nothing is ever queued
/// ```
///
/// Attempts to connect come one at a time, after waits of `U(0, min(5 s, 50 ms · 2^k))`, where k counts the attempts and
/// connections that have failed since the last good reply. Belongs to its loop; not `Sendable`.
final class RedisLink: RedisConnectionDelegate {
    private enum State {
        case idle
        case connecting(RedisConnection)
        case up(RedisConnection)
        case waiting
        case closed
    }

    private static let backoff = Backoff(base: .milliseconds(50), maximum: .seconds(5))
    /// For so long a server gets no writes that has said it can take none.
    private static let writePause = TimeAmount.seconds(5)
    /// A new master must be in use 2 s after its election at the latest.
    private static let longestWaitForMaster = Duration.seconds(1)

    /// Where the server is.
    let address: RedisAddress
    /// Told of messages that nobody has asked for.
    var onPush: (([RESPValue]) -> Void)?
    /// Told of errors that somebody may know a way around; whether it has taken over the command.
    var onRefusal: ((RedisPendingCommand, RedisError) -> Bool)?

    private let eventLoop: any EventLoop
    private let options: RedisOptions
    private let status: RedisStatus
    private var random: SeededRandom
    private var state = State.idle
    /// The connection, if commands may be sent on it.
    private var serving: RedisConnection?
    private var breaker: RedisBreaker
    private var failureCount = 0
    private var readOnlyCount = 0
    private var lastReadOnly = NIODeadline.uptimeNanoseconds(0)
    private var pausedWrites: (until: NIODeadline, reason: RedisError)?
    private let reconnectTimer: LoopTimer
    private let probeTimer: LoopTimer

    /// A link to the server at `address`; it connects when it is told to `start`.
    init(
        _ address: RedisAddress, on eventLoop: any EventLoop, options: RedisOptions, status: RedisStatus,
        seed: UInt64
    ) {
        self.address = address
        self.eventLoop = eventLoop
        self.options = options
        self.status = status
        random = SeededRandom(seed: seed)
        breaker = RedisBreaker(at: eventLoop.now.monotonic)
        reconnectTimer = LoopTimer(eventLoop)
        probeTimer = LoopTimer(eventLoop)
    }

    /// Whether commands are sent, as far as is known.
    var isServing: Bool { serving != nil }

    /// Connects, and connects again whenever the connection is lost, until `close`.
    func start() {
        guard case .idle = state else { return }
        status.linkAdded()
        reconnectTimer.onTime { [weak self] in self?.connect() }
        probeTimer.onTime { [weak self] in self?.probe() }
        connect()
    }

    /// Ends the connection for good; what waits fails.
    func close() {
        if case .closed = state { return }
        if case .idle = state {} else { status.linkRemoved(wasUp: serving != nil) }
        let last = state
        state = .closed
        serving = nil
        reconnectTimer.end()
        probeTimer.end()
        onPush = nil
        onRefusal = nil
        switch last {
        case .connecting(let connection), .up(let connection): connection.close()
        case .idle, .waiting, .closed: break
        }
    }

    // MARK: Commands

    /// Sends `command`; `then` is told the outcome exactly once, perhaps before this returns.
    func send(_ command: RedisCommand, timeout: TimeAmount, then: @escaping RedisReplyHandler) {
        guard let serving else { return refuse(.unavailable, then) }
        if command.isWrite, let pausedWrites {
            guard eventLoop.now >= pausedWrites.until else { return refuse(pausedWrites.reason, then) }
            self.pausedWrites = nil
        }
        serving.send(command, timeout: timeout, then: then)
    }

    /// Sends a command that another server has refused; behind `ASKING`, if this server does not have the slot yet.
    func resend(_ pending: RedisPendingCommand, asking: Bool) {
        guard let serving else { return refuse(.unavailable, pending.then) }
        if asking { serving.send(RedisCommand("ASKING", isWrite: false), timeout: options.timeout) { _ in } }
        serving.resend(pending)
    }

    private func refuse(_ error: RedisError, _ then: RedisReplyHandler) {
        status.count(error)
        then(.failure(error))
    }

    // MARK: Connecting

    private func connect() {
        switch state {
        case .idle, .waiting: break
        case .connecting, .up, .closed: return
        }
        let handshake = RedisHandshake(
            credentials: options.url.credentials, database: options.url.database, clientName: options.clientName)
        let connection = RedisConnection(
            on: eventLoop, handshake: handshake, handshakeTimeout: options.connectTimeout)
        connection.delegate = self
        state = .connecting(connection)
        RedisDialer.connect(connection, to: address, options: options, on: eventLoop)
    }

    func ready(_ connection: RedisConnection) {
        guard case .connecting = state else { return }
        state = .up(connection)
        resumeIfWell()
    }

    func closed(_ connection: RedisConnection, _ reason: RedisError, waitingCount: Int) {
        let wasUp: Bool
        switch state {
        case .up: wasUp = true
        case .connecting: wasUp = false
        case .idle, .waiting, .closed: return
        }
        status.count(reason, wasUp ? waitingCount : 1)
        // Having lost a connection says nothing about the server; having waited in vain does.
        if wasUp, reason == .timeout || reason == .protocolViolation { fail(max(waitingCount, 1)) }
        state = .waiting
        stopServing(reason)
        let now = eventLoop.now
        var wait = RedisLink.backoff.delay(afterFailures: max(failureCount, readOnlyCount), random: &random)
        if now - lastReadOnly < .seconds(10) { wait = min(wait, RedisLink.longestWaitForMaster) }
        failureCount += 1
        reconnectTimer.set(now + .nanoseconds(wait.saturatedNanoseconds))
    }

    // MARK: Judgement

    func answered(_ count: Int, on connection: RedisConnection) {
        failureCount = 0
        breaker.recordSuccesses(count, at: eventLoop.now.monotonic)
    }

    func refused(_ pending: RedisPendingCommand, _ error: RedisError, on connection: RedisConnection) -> Bool {
        switch error {
        case .noScript:
            guard let command = pending.command.withSource else { break }
            var retried = pending
            retried.command = command
            connection.resend(retried)
            return true
        case .notServing, .clusterDown:
            fail(1)
        case .readOnly:
            noteReadOnly()
            // First, so that nobody who hears of it sends more on this connection.
            connection.end(error)
        case .outOfMemory, .misconfigured:
            pausedWrites = (eventLoop.now + RedisLink.writePause, error)
        case .moved, .ask, .tryAgain:
            if onRefusal?(pending, error) == true { return true }
        case .unavailable, .overloaded, .connectionLost, .timeout, .authentication, .wrongType, .protocolViolation,
            .refused:
            break
        }
        status.count(error)
        return false
    }

    func pushed(_ elements: [RESPValue], on connection: RedisConnection) {
        onPush?(elements)
    }

    /// A server that was a master and is a replica now may be so for a moment, or for ever.
    private func noteReadOnly() {
        let now = eventLoop.now
        readOnlyCount = now - lastReadOnly < .seconds(10) ? readOnlyCount + 1 : 0
        lastReadOnly = now
    }

    private func fail(_ count: Int) {
        guard breaker.recordFailures(count, at: eventLoop.now.monotonic, random: &random) else { return }
        stopServing(.notServing)
        scheduleProbe()
    }

    private func stopServing(_ reason: RedisError) {
        let wasUp = serving != nil
        serving = nil
        status.linkFailed(wasUp: wasUp, address, reason, now: eventLoop.now)
    }

    private func scheduleProbe() {
        guard let time = breaker.probeTime else { return }
        probeTimer.set(.uptimeNanoseconds(UInt64(clamping: time.nanoseconds)))
    }

    /// The server has been left alone for long enough.
    private func probe() {
        // Without a connection, the handshake of the next one is the probe.
        guard case .up(let connection) = state, let time = breaker.probeTime, time <= eventLoop.now.monotonic else {
            return
        }
        breaker.beginProbe()
        connection.send(.ping, timeout: options.timeout) { [weak self] reply in
            guard let self else { return }
            switch reply {
            case .success:
                breaker.probeSucceeded(at: eventLoop.now.monotonic)
                resumeIfWell()
            case .failure:
                breaker.probeFailed(at: eventLoop.now.monotonic, random: &random)
                scheduleProbe()
            }
        }
    }

    /// Lets commands through, if there is a connection and nothing speaks against it.
    private func resumeIfWell() {
        guard case .up(let connection) = state, serving == nil else { return }
        if let time = breaker.probeTime, time <= eventLoop.now.monotonic {
            // A server that has just answered a handshake needs no other probe.
            breaker.probeSucceeded(at: eventLoop.now.monotonic)
        }
        guard breaker.isClosed else { return }
        serving = connection
        status.linkServes(address)
    }
}

@available(*, unavailable)
extension RedisLink: Sendable {}

extension NIODeadline {
    /// The same point on the clock of floor 2, whose origin is that of the loop's clock.
    var monotonic: MonotonicTime { MonotonicTime(nanoseconds: Int64(clamping: uptimeNanoseconds)) }
}
