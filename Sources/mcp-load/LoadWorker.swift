import NIOCore
import Transport

/// The clients of one event loop: who makes the next call and when, and what came of it.
///
/// ```
/// setup ─▶ warmup ─▶ measuring ─▶ stopping ─▶ ended
/// ```
///
/// Belongs to its loop. Its clients refer to it without owning it: it must be kept until `end` is complete.
final class LoadWorker {
    private enum Phase {
        case setup, warmup, measuring, stopping, ended
    }

    /// Connections that are being made at a time: fewer than any listener's queue holds.
    private static let maximumConnecting = 64

    let settings: LoadSettings
    let eventLoop: any EventLoop
    let network: any Network
    let wheel: DeadlineWheel
    /// How long one answer may take.
    let timeout: TimeAmount
    /// The endpoint's era as far as it is known: `auto` until the first client has found out.
    var era: Era

    private let index: Int
    private let rate: Double?
    private var clients: [LoadClient] = []
    private var idle: [LoadClient] = []
    private var phase = Phase.setup
    private var counts = LoadCounts()
    private var readyCount = 0
    private var startedCount = 0
    private var endedCount = 0
    private var callsUnderWay = 0
    private var idsGiven = 0
    /// Calls that may still be begun; absent: any number.
    private var quota: Int?
    private var schedule: OpenLoopSchedule?
    private var isTickScheduled = false
    /// Completed when all clients are ready, when the last call is over, when the last connection is closed.
    private var setUp, done, over: EventLoopPromise<Void>?

    /// The worker number `index` with `clientCount` clients. Made on its loop.
    init(
        _ settings: LoadSettings, index: Int, clientCount: Int, rate: Double?, eventLoop: any EventLoop,
        network: any Network
    ) {
        self.settings = settings
        self.index = index
        self.rate = rate
        self.eventLoop = eventLoop
        self.network = network
        era = settings.era
        timeout = .nanoseconds(Int64(clamping: settings.timeout.nanoseconds))
        wheel = DeadlineWheel(eventLoop)
        let seed = network.randomSeed()
        for _ in 0..<clientCount { clients.append(LoadClient(self, seed: seed)) }
    }

    /// Whether calls are being made.
    var isRunning: Bool { phase == .warmup || phase == .measuring }

    /// An id that no other call of this run has.
    func nextID() -> Int {
        defer { idsGiven += 1 }
        return RequestTemplate.firstID + index + settings.threads * idsGiven
    }

    // MARK: Phases

    /// Connects all clients; the future fails with `LoadSetUpError` when one of them cannot.
    func connect() -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        setUp = promise
        while startedCount < min(clients.count, LoadWorker.maximumConnecting) { connectNext() }
        return promise.futureResult
    }

    private func connectNext() {
        guard phase == .setup, startedCount < clients.count else { return }
        let client = clients[startedCount]
        startedCount += 1
        client.connect()
    }

    /// Begins to make calls that are not counted.
    func warmUp() {
        phase = .warmup
        startCalls()
    }

    /// Begins to count; at most `quota` calls are begun from here on. The future tells when the last of them is over, if
    /// there is a quota, or when the last call after `stop` is.
    func measure(quota: Int?) -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        done = promise
        let isFirst = phase == .setup
        phase = .measuring
        counts = LoadCounts()
        self.quota = quota
        if isFirst {
            startCalls()
        } else if let rate {
            schedule = OpenLoopSchedule(start: NIODeadline.now().uptimeNanoseconds, rate: rate)
            dispatch()
        }
        finishIfIdle()
        return promise.futureResult
    }

    private func startCalls() {
        if let rate { schedule = OpenLoopSchedule(start: NIODeadline.now().uptimeNanoseconds, rate: rate) }
        if schedule != nil {
            dispatch()
        } else {
            let waiting = idle
            idle.removeAll()
            for client in waiting { isReady(client) }
        }
    }

    /// Begins no more calls; those under way are waited for.
    func stop() {
        guard isRunning else { return }
        if phase == .measuring, let schedule {
            let behind = schedule.behind(at: NIODeadline.now().uptimeNanoseconds)
            counts.unsent += min(behind, quota ?? behind)
        }
        phase = .stopping
        finishIfIdle()
    }

    private func finishIfIdle() {
        guard callsUnderWay == 0, phase == .stopping || phase == .measuring && quota == 0 else { return }
        phase = .stopping
        done?.succeed()
    }

    /// Ends the sessions and the connections; the future tells when that is done.
    func end() -> EventLoopFuture<Void> {
        phase = .ended
        let promise = eventLoop.makePromise(of: Void.self)
        over = promise
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let deadline = eventLoop.scheduleTask(in: .nanoseconds(Int64(clamping: settings.patience.nanoseconds))) {
            for client in bound.value.clients { client.finish() }
        }
        promise.futureResult.whenComplete { _ in deadline.cancel() }
        for client in clients { client.end() }
        return promise.futureResult
    }

    /// What was counted since `measure`.
    var result: LoadCounts { counts }

    /// What the progress line shows.
    var progress: LoadProgress {
        LoadProgress(
            answered: counts.answered, failed: counts.failed, underWay: callsUnderWay,
            latency: counts.answered > 0
                ? (counts.latency.valueAtPercentile(50), counts.latency.valueAtPercentile(99)) : nil)
    }

    // MARK: Events of the clients

    /// A client can make a call.
    func isReady(_ client: LoadClient, now: NIODeadline = .now()) {
        switch phase {
        case .setup:
            idle.append(client)
            readyCount += 1
            connectNext()
            if readyCount == clients.count { setUp?.succeed() }
        case .warmup, .measuring:
            if schedule != nil {
                idle.append(client)
                dispatch(now)
            } else if takeQuota() {
                begin(client, intendedAt: now, now: now)
            } else {
                idle.append(client)
            }
        case .stopping, .ended:
            break
        }
    }

    /// A client that could make a call has lost its connection.
    func isUnready(_ client: LoadClient) {
        idle.removeAll { $0 === client }
        if phase == .setup { readyCount -= 1 }
    }

    /// A client connects anew.
    func willReconnect() {
        counts.reconnects += 1
    }

    /// A client could not be connected or could not shake hands.
    func setUpFailed(_ client: LoadClient, _ failure: CallFailure) {
        switch phase {
        case .setup:
            setUp?.fail(LoadSetUpError(endpoint: settings.endpoint, failure: failure))
        case .measuring:
            // In place of the call that it would have made: a run of so many calls ends even if the server is gone.
            if takeQuota() { counts.recordFailure(failure) }
            finishIfIdle()
        case .warmup, .stopping, .ended:
            break
        }
    }

    /// A call was answered rightly.
    func callAnswered(nanoseconds: Int64, bodyBytes: Int, isEventStream: Bool) {
        counts.recordAnswer(nanoseconds: nanoseconds, bodyBytes: bodyBytes, isEventStream: isEventStream)
    }

    /// A call has failed.
    func callFailed(_ failure: CallFailure, isMeasured: Bool) {
        if isMeasured { counts.recordFailure(failure) }
    }

    /// A call is over, one way or the other.
    func callEnded() {
        callsUnderWay -= 1
        finishIfIdle()
    }

    /// A client has closed its connection for good.
    func hasEnded(_ client: LoadClient) {
        endedCount += 1
        if endedCount == clients.count { over?.succeed() }
    }

    // MARK: Calls

    private func takeQuota() -> Bool {
        guard let quota else { return true }
        guard quota > 0 else { return false }
        self.quota = quota - 1
        return true
    }

    private func begin(_ client: LoadClient, intendedAt: NIODeadline, now: NIODeadline) {
        callsUnderWay += 1
        client.call(intendedAt: intendedAt, now: now, isMeasured: phase == .measuring)
    }

    /// Sends what is due while somebody is free to send it, and sees to it that the next one is sent in time.
    private func dispatch(_ now: NIODeadline = .now()) {
        guard isRunning else { return }
        while quota != 0, let client = idle.last, let due = schedule?.take(at: now.uptimeNanoseconds) {
            _ = takeQuota()
            idle.removeLast()
            begin(client, intendedAt: .uptimeNanoseconds(due), now: now)
        }
        guard let schedule, quota != 0, !idle.isEmpty, !isTickScheduled else { return }
        let tick = Tick(worker: NIOLoopBound(self, eventLoop: eventLoop))
        isTickScheduled =
            (try? eventLoop.scheduleCallback(at: .uptimeNanoseconds(schedule.nextDue), handler: tick)) != nil
    }

    /// The time of the next call has come.
    private struct Tick: NIOScheduledCallbackHandler {
        let worker: NIOLoopBound<LoadWorker>

        func handleScheduledCallback(eventLoop: some EventLoop) {
            worker.value.isTickScheduled = false
            worker.value.dispatch()
        }
    }
}

@available(*, unavailable)
extension LoadWorker: Sendable {}

/// What the progress line shows of one worker.
struct LoadProgress: Sendable {
    /// Calls answered rightly so far.
    var answered: Int
    /// Calls that failed so far.
    var failed: Int
    /// Calls that wait for their answer.
    var underWay: Int
    /// p50 and p99 in nanoseconds; absent before the first answer.
    var latency: (median: UInt64, p99: UInt64)?
}

/// The run could not begin.
struct LoadSetUpError: Error, CustomStringConvertible {
    /// Where the calls were to go.
    let endpoint: Endpoint
    /// What went wrong.
    let failure: CallFailure

    var description: String {
        let place = endpoint.place
        return switch failure {
        case .connect: "cannot connect to \(endpoint.host) port \(endpoint.port)"
        case .timeout: "\(place) did not answer the handshake in time"
        default: "the handshake with \(place) failed: \(failure.label)"
        }
    }
}

extension Duration {
    /// The length in nanoseconds, clamped.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : product &+ attoseconds / 1_000_000_000
    }

    /// The length in seconds.
    var inSeconds: Double { Double(nanoseconds) / 1e9 }
}
