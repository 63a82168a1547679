import Logging
import NIOCore
import Resilience
import Transport
import Wire

/// Reads which tools one backend has and what it says of them, for the whole process and for the board of its pool.
///
/// It asks as soon as the backend is not down, about every minute, and when a list of the pool has changed. It shows no
/// credentials, and nothing of it counts as a call. Like the connections that it uses, it belongs to its loop, one that
/// serves no calls.
final class ToolReader {
    /// How often it looks whether there is something to do.
    static let tickInterval = TimeAmount.milliseconds(250)
    /// How long there is between the beginnings of two readings at least, whatever has changed.
    static let shortestInterval = Duration.milliseconds(750)
    /// How old a list becomes before it is asked for again, and how much that varies.
    static let interval = (shortest: Duration.seconds(54), spread: Duration.seconds(12))
    /// How long a list counts when no newer one can be had.
    static let memory = Duration.seconds(600)
    /// How long the reading of all pages may take.
    static let readingLimit = Duration.seconds(30)

    private let pool: PoolPlan
    private let index: Int
    private let plan: BackendPlan
    private let board: ToolTraitsBoard
    private let network: any Network
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let requests: ListeningRequests
    private let backoff = Backoff(base: .seconds(1), maximum: .seconds(60))
    private var random: SeededRandom

    private var isRunning = false
    private var nextTick: Scheduled<Void>?
    private var reading: ToolReading?
    private var beganAt: MonotonicTime?
    private var nextReading = MonotonicTime.zero
    private var lastReadAt: MonotonicTime?
    /// How many changes were known when the list was last asked for.
    private var changeCount: UInt64 = 0
    /// The era in which the list was last read.
    private var era: MCPEra?
    private var failures = 0
    /// What has last been said of why there is no list.
    private var complaint: String?

    /// A reader of the backend at `index` of `pool` for `board`. Nothing is done before `start`.
    init(
        of index: Int, in pool: PoolPlan, for board: ToolTraitsBoard, network: any Network, on eventLoop: any EventLoop,
        logger: Logger
    ) {
        self.pool = pool
        self.index = index
        plan = pool.backends[index]
        self.board = board
        self.network = network
        self.eventLoop = eventLoop
        self.logger = logger
        requests = ListeningRequests(plan)
        random = SeededRandom(seed: network.randomSeed())
    }

    /// Begins to read. On the loop.
    func start() {
        isRunning = true
        tick()
    }

    /// Ends it; `done` is called when the backend has been told. On the loop.
    func stop(_ done: @escaping () -> Void) {
        isRunning = false
        nextTick?.cancel()
        board.forget(index)
        guard let reading else { return done() }
        self.reading = nil
        reading.close(done)
    }

    private var now: MonotonicTime { MonotonicTime(eventLoop.now) }

    private func tick() {
        guard isRunning else { return }
        nextTick = eventLoop.assumeIsolated().scheduleTask(in: ToolReader.tickInterval) { [weak self] in
            self?.tick()
        }
        let now = now
        guard plan.status.health != .down else { return forgetIfDown(at: now) }
        if let lastReadAt, now - lastReadAt >= ToolReader.memory { forget() }
        if reading != nil, let beganAt, now - beganAt >= ToolReader.readingLimit {
            reading?.close()
            end(.refused(.failed))
        }
        let isDue = now >= nextReading || board.changeCount != changeCount
        guard reading == nil, isDue, beganAt.map({ now - $0 >= ToolReader.shortestInterval }) ?? true else { return }
        begin(at: now)
    }

    /// Whoever is down may be another one when it comes back.
    private func forgetIfDown(at now: MonotonicTime) {
        reading?.close()
        reading = nil
        era = nil
        failures = 0
        nextReading = now
        forget()
    }

    private func forget() {
        guard lastReadAt != nil else { return }
        lastReadAt = nil
        board.forget(index)
    }

    private func begin(at now: MonotonicTime) {
        beganAt = now
        changeCount = board.changeCount
        let eras = pool.eras.filter { $0 == era ?? $0 }
        reading = ToolReading(requests, eras: eras, on: eventLoop) { [network, plan, pool, eventLoop] exchange in
            exchange.start(to: plan.address, timeout: pool.timeouts.connect, network: network, on: eventLoop)
        } handler: { [weak self] outcome in
            self?.end(outcome)
        }
    }

    private func end(_ outcome: ToolReading.Outcome) {
        reading = nil
        guard isRunning else { return }
        let now = now
        switch outcome {
        case .read(let traits, let era):
            board.note(traits, of: index, changeCount: changeCount)
            lastReadAt = now
            self.era = era
            failures = 0
            nextReading =
                now + ToolReader.interval.shortest + random.nextDuration(below: ToolReader.interval.spread)
            if complaint != nil { logger.info("backend lists its tools again", metadata: metadata) }
            complaint = nil
        case .malformed(let flaw):
            complain("list of tools is malformed, its annotations are not used", flaw.rawValue)
            retry(at: now)
        case .refused(.failed):
            complain("list of tools cannot be read at the moment", "no answer")
            retry(at: now)
        case .refused:
            complain("backend does not list its tools for the gateway, its annotations are not used", "refused")
            retry(at: now)
        }
    }

    private func retry(at now: MonotonicTime) {
        // Another era may be tried the next time.
        era = nil
        nextReading =
            now + ToolReader.shortestInterval + backoff.delay(afterFailures: failures, random: &random)
        failures += 1
    }

    private var metadata: Logger.Metadata { ["pool": "\(pool.name)", "backend": "\(plan.url)"] }

    /// Says why there is no list, once for each reason.
    private func complain(_ message: Logger.Message, _ reason: String) {
        guard complaint != reason else { return }
        complaint = reason
        var metadata = metadata
        metadata["reason"] = "\(reason)"
        logger.warning(message, metadata: metadata)
    }
}

@available(*, unavailable)
extension ToolReader: Sendable {}
