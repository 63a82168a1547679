import Resilience

/// Leaves a server alone for a moment that answers, but badly, or too late.
///
/// ```
/// closed ──5 failures in a row, or half of at least 20 commands in 5 s──▶ open for U(1, 5) s
///    ▲                                                                       │    ▲
///    └──────────────────── the probe succeeds ───────── probing ◀────────────┘    │
///                                                          └── the probe fails ───┘
/// ```
///
/// A value: time and chance are arguments. The owner sends the probe, when `probeTime` has come.
struct RedisBreaker {
    private enum State {
        case closed
        case open(until: MonotonicTime)
        case probing
    }

    /// Failures in a row that open.
    static let streakLimit = 5
    /// With fewer commands in the window the share is not judged.
    static let minimumCommands = 20
    /// The span over which the share of failures is taken.
    static let window = Duration.seconds(5)
    /// How long it is open, at least and at most.
    static let openTime = (shortest: Duration.seconds(1), longest: Duration.seconds(5))

    private var state = State.closed
    private var streak = 0
    private var window: SlidingWindow

    /// A closed breaker.
    init(at now: MonotonicTime) {
        window = SlidingWindow(span: RedisBreaker.window, at: now)
    }

    /// Whether commands may be sent.
    var isClosed: Bool {
        guard case .closed = state else { return false }
        return true
    }

    /// When the server is to be tried again; `nil` unless open.
    var probeTime: MonotonicTime? {
        guard case .open(let until) = state else { return nil }
        return until
    }

    /// `count` commands were answered well.
    mutating func recordSuccesses(_ count: Int, at now: MonotonicTime) {
        guard isClosed, count > 0 else { return }
        streak = 0
        window.add(SlidingWindow.Counts(total: count, failures: 0, slow: 0), at: now)
    }

    /// `count` commands have failed. Whether that opens the breaker.
    mutating func recordFailures(_ count: Int, at now: MonotonicTime, random: inout SeededRandom) -> Bool {
        guard isClosed, count > 0 else { return false }
        streak &+= count
        let counts = window.add(SlidingWindow.Counts(total: count, failures: count, slow: 0), at: now)
        let isHalf = counts.total >= RedisBreaker.minimumCommands && counts.failures &* 2 >= counts.total
        guard streak >= RedisBreaker.streakLimit || isHalf else { return false }
        open(at: now, &random)
        return true
    }

    /// The probe is being sent.
    mutating func beginProbe() {
        if !isClosed { state = .probing }
    }

    /// The probe was answered well.
    mutating func probeSucceeded(at now: MonotonicTime) {
        state = .closed
        streak = 0
        window.removeAll(at: now)
    }

    /// The probe was not answered, or badly.
    mutating func probeFailed(at now: MonotonicTime, random: inout SeededRandom) {
        if !isClosed { open(at: now, &random) }
    }

    private mutating func open(at now: MonotonicTime, _ random: inout SeededRandom) {
        let (shortest, longest) = RedisBreaker.openTime
        state = .open(until: now + shortest + random.nextDuration(below: longest - shortest))
    }
}
