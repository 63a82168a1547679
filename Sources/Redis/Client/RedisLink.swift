import NIOCore
import Resilience
import Transport
import Wire

/// What one event loop has of one Redis server: a connection, made again whenever it is lost, and the judgement whether it
/// is worth asking.
///
/// ```
/// locating ─▶ connecting ─▶ up ─▶ waiting ─▶ locating …     up: commands are sent, unless the breaker is open
///     └────────────┴──────────────────┘                     else: they fail at once; nothing is ever queued
/// ```
///
/// Attempts to connect come one at a time, after waits of `U(0, min(5 s, 50 ms · 2^k))`, where k counts the attempts and
/// connections that have failed since the last good reply. Belongs to its loop; not `Sendable`.
final class RedisLink: RedisConnectionDelegate {
    private enum State {
        case idle
        case locating
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

    /// Where the server is, as far as is known.
    private(set) var address: RedisAddress
    /// Told when commands are sent from now on, and when they no longer are.
    var onChange: ((_ isServing: Bool) -> Void)?
    /// Told of messages that nobody has asked for.
    var onPush: (([RESPValue]) -> Void)?
    /// Told of errors that somebody may know a way around; whether it has taken over the command.
    var onRefusal: ((RedisPendingCommand, RedisError) -> Bool)?

    private let eventLoop: any EventLoop
    private let dialer: RedisDialer
    private let locator: any RedisLocator
    private let status: RedisStatus
    private let isForSubscriptions: Bool
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

    /// A link to the server that `locator` finds; it connects when it is told to `start`.
    ///
    /// - Parameters:
    ///   - place: where the server is to be, for the log.
    ///   - isForSubscriptions: whether the connection gets messages and takes no other commands than they need.
    init(
        _ place: RedisAddress, found locator: any RedisLocator, by dialer: RedisDialer, on eventLoop: any EventLoop,
        status: RedisStatus, isForSubscriptions: Bool = false, seed: UInt64
    ) {
        address = place
        self.locator = locator
        self.dialer = dialer
        self.eventLoop = eventLoop
        self.status = status
        self.isForSubscriptions = isForSubscriptions
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
        reconnectTimer.onTime { [weak self] in self?.locate() }
        probeTimer.onTime { [weak self] in self?.probe() }
        locate()
    }

    /// Ends the connection for good; what waits fails.
    func close() {
        if case .closed = state { return }
        if case .idle = state {} else { status.linkRemoved(wasUp: serving != nil, address) }
        let last = state
        state = .closed
        serving = nil
        reconnectTimer.end()
        probeTimer.end()
        locator.close()
        onChange = nil
        onPush = nil
        onRefusal = nil
        switch last {
        case .connecting(let connection), .up(let connection): connection.close()
        case .idle, .locating, .waiting, .closed: break
        }
    }

    /// Ends the connection, because of what the server has said, and makes a new one.
    func drop(_ reason: RedisError) {
        if case .up(let connection) = state { connection.end(reason) }
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
        if asking { serving.send(RedisCommand("ASKING", isWrite: false), timeout: dialer.options.timeout) { _ in } }
        serving.resend(pending)
    }

    /// Sends a command to which there is no reply of its own.
    func post(_ command: RedisCommand) {
        serving?.post(command)
    }

    private func refuse(_ error: RedisError, _ then: RedisReplyHandler) {
        status.count(error)
        then(.failure(error))
    }

    // MARK: Connecting

    private func locate() {
        switch state {
        case .idle, .waiting: break
        case .locating, .connecting, .up, .closed: return
        }
        state = .locating
        locator.locate { [weak self] place in
            guard let self, case .locating = state else { return }
            switch place {
            case .success(let address):
                self.address = address
                connect()
            case .failure(let error):
                status.count(error)
                waitForNextAttempt(error)
            }
        }
    }

    private func connect() {
        let options = dialer.options
        let handshake = RedisHandshake(
            credentials: options.url.credentials, database: options.url.database, clientName: options.clientName)
        let connection = RedisConnection(
            on: eventLoop, handshake: handshake, handshakeTimeout: options.connectTimeout,
            isForSubscriptions: isForSubscriptions)
        connection.delegate = self
        state = .connecting(connection)
        dialer.connect(connection, to: address, on: eventLoop)
    }

    func ready(_ connection: RedisConnection) {
        guard case .connecting = state else { return }
        // Who was the master a moment ago may be the replica of another one now.
        if locator.wantsMaster, connection.facts.isReplica { return connection.end(.readOnly) }
        state = .up(connection)
        // Another server, or the same one started again.
        pausedWrites = nil
        resumeIfWell()
    }

    func closed(_ connection: RedisConnection, _ reason: RedisError, waitingCount: Int) {
        let wasUp: Bool
        switch state {
        case .up: wasUp = true
        case .connecting: wasUp = false
        case .idle, .locating, .waiting, .closed: return
        }
        status.count(reason, wasUp ? waitingCount : 1)
        // Having lost a connection says nothing about the server; having waited in vain does.
        if wasUp, reason == .timeout || reason == .protocolViolation { fail(max(waitingCount, 1), reason) }
        waitForNextAttempt(reason)
    }

    private func waitForNextAttempt(_ reason: RedisError) {
        state = .waiting
        if reason == .readOnly { noteReadOnly() }
        let now = eventLoop.now
        var wait = RedisLink.backoff.delay(afterFailures: max(failureCount, readOnlyCount), random: &random)
        let isMasterWanted = now - lastReadOnly < .seconds(10)
        wait = min(wait, isMasterWanted ? RedisLink.longestWaitForMaster : locator.longestWait)
        failureCount += 1
        reconnectTimer.set(now + .nanoseconds(wait.saturatedNanoseconds))
        stopServing(reason)
    }

    // MARK: Judgement

    func answered(_ count: Int, on connection: RedisConnection) {
        failureCount = 0
        breaker.recordSuccesses(count, at: eventLoop.now.monotonic)
    }

    func refused(_ pending: RedisPendingCommand, _ error: RedisError, on connection: RedisConnection) -> Bool {
        switch error {
        case .noScript:
            guard let command = pending.command.withSource, hasTime(pending) else { break }
            var retried = pending
            retried.command = command
            connection.resend(retried)
            return true
        case .notServing:
            fail(1, error)
        case .clusterDown:
            _ = onRefusal?(pending, error)
            fail(1, error)
        case .readOnly:
            // First, so that nobody who hears of it sends more on this connection.
            connection.end(error)
        case .outOfMemory, .misconfigured:
            pausedWrites = (eventLoop.now + RedisLink.writePause, error)
        case .moved, .ask, .tryAgain:
            if hasTime(pending), onRefusal?(pending, error) == true { return true }
        case .unavailable, .overloaded, .connectionLost, .timeout, .authentication, .wrongType, .protocolViolation,
            .refused:
            break
        }
        status.count(error)
        return false
    }

    /// Whether a command can be sent once more. With too little time left, it would cost a good connection.
    private func hasTime(_ pending: RedisPendingCommand) -> Bool {
        pending.deadline > eventLoop.now + .nanoseconds(dialer.options.timeout.nanoseconds / 4)
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

    private func fail(_ count: Int, _ reason: RedisError) {
        guard breaker.recordFailures(count, at: eventLoop.now.monotonic, random: &random) else { return }
        stopServing(reason)
        scheduleProbe()
    }

    private func stopServing(_ reason: RedisError) {
        let wasUp = serving != nil
        serving = nil
        status.linkFailed(wasUp: wasUp, address, reason, now: eventLoop.now)
        if wasUp { onChange?(false) }
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
        connection.send(.ping, timeout: dialer.options.timeout) { [weak self] reply in
            guard let self else { return }
            switch reply {
            case .success, .failure(.authentication):
                // A user who may not ask is answered, too.
                breaker.probeSucceeded(at: eventLoop.now.monotonic)
                resumeIfWell()
            case .failure(let error):
                breaker.probeFailed(at: eventLoop.now.monotonic, random: &random)
                scheduleProbe()
                status.linkFailed(wasUp: false, address, error, now: eventLoop.now)
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
        onChange?(true)
    }
}

@available(*, unavailable)
extension RedisLink: Sendable {}

extension NIODeadline {
    /// The same point on the clock of floor 2, whose origin is that of the loop's clock.
    var monotonic: MonotonicTime { MonotonicTime(nanoseconds: Int64(clamping: uptimeNanoseconds)) }
}
