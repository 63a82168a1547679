package import Resilience
package import Wire

/// Decides how one backend is listened to: when a line to it is opened, replaced and given up, and what has become void
/// because something may have been missed.
///
/// A *line* is whatever brings the news: the stream of one `subscriptions/listen` (modern), or a session with its GET
/// stream (legacy). Lines have numbers; at most two are there at a time.
///
/// ```
///              ┌────────── failed, lost: after a while ───────────┐
///              ▼                                                  │
/// resting ──▶ opening ──acknowledged──▶ listening ──────lost──────┤
///    ▲         │  no such method: the other era                   │
///    └─────────┴── not offered: after five minutes                │
///                        listening + opening ──acknowledged──▶ listening (the old line is closed after the new one is there)
/// ```
///
/// Nothing that was said between two lines is ever told again (MCP 2026-07-28, Subscriptions). So when a line is there and
/// none was before, everything becomes void; when one takes over from another that was alive, nothing does.
///
/// Time is an argument; chance follows from the seed.
package struct ListeningMachine: Sendable {
    /// How long a line may take to be there.
    static let openingLimit = Duration.seconds(10)
    /// After this time a backend is asked again that offers nothing.
    static let notOfferedSpan = Duration.seconds(300)
    /// A line that has lived as long has been a success.
    static let goodAge = Duration.seconds(10)
    /// The shortest and the longest time between two lines that differ in the resources that they name.
    static let renamingSpans = (shortest: Duration.seconds(1), longest: Duration.seconds(30))

    /// What is wanted of a backend.
    package struct Policy: Hashable, Sendable {
        /// Whether a stateless backend is listened to.
        package var wantsModern: Bool
        /// Whether a backend with sessions is.
        package var wantsLegacy: Bool
        /// After so long a silence a line is doubted.
        package var silence: Duration

        package init(wantsModern: Bool, wantsLegacy: Bool, silence: Duration) {
            self.wantsModern = wantsModern
            self.wantsLegacy = wantsLegacy
            self.silence = silence
        }
    }

    /// Why a line did not come about.
    package enum Refusal: Hashable, Sendable {
        /// The backend has no such thing.
        case notOffered
        /// The backend does not like what it was asked for, perhaps because of the resources.
        case badRequest
        /// It may work another time.
        case failed
    }

    /// What is to be done, in order.
    package enum Action: Hashable, Sendable {
        /// Open a line with this number; without naming resources if not `namesResources`.
        case open(number: Int, era: MCPEra, namesResources: Bool)
        /// Close the line with this number.
        case close(number: Int)
        /// Name the resources that have come since on the legacy line with this number.
        case subscribe(number: Int)
        /// Ask the legacy line with this number whether its session lives.
        case ping(number: Int)
        /// Something may have been missed: everything becomes void.
        case voidEverything
        /// What has been read from resources that line `number` names, and line `than` did not, becomes void.
        case voidNews(of: Int, than: Int)
    }

    private struct Line {
        var number: Int
        var era: MCPEra
        /// Which list of resources it names.
        var resourceVersion: UInt64
        var namesResources: Bool
        /// When it was asked for, and then since when it is there.
        var since: MonotonicTime
        /// When something was last heard.
        var heardAt: MonotonicTime
        /// Whether the backend sends signs of life, so that their absence means something.
        var hasKeepAlives = false
        /// Whether the backend takes note of resources.
        var takesResources = true
        /// Whether the line that it replaces may have been dead.
        var isDoubtful = false
        var isPinged = false
    }

    private let policy: Policy
    private let backoff = Backoff(base: .seconds(1), maximum: .seconds(30))
    private var random: SeededRandom
    private var current: Line?
    private var opening: Line?
    private var lastNumber = 0
    /// The era of the last line that was there; `nil` if none was.
    private var era: MCPEra?
    private var nextTry = MonotonicTime.zero
    private var nextRenaming = MonotonicTime.zero
    private var renamingSpan = ListeningMachine.renamingSpans.shortest
    private var failures = 0
    /// The age at which a line is replaced, the last one having been cut when it was older.
    private var renewalAge: Duration?
    private var mayNameResources = true
    private var resourceVersion: UInt64 = 0
    /// How the backend is listened to.
    package private(set) var state: ListeningState

    /// A backend that nobody listens to yet.
    package init(_ policy: Policy, seed: UInt64) {
        self.policy = policy
        random = SeededRandom(seed: seed)
        state = policy.wantsModern || policy.wantsLegacy ? .connecting : .off
    }

    // MARK: Time

    /// Time has passed; to be called about once a second, and when something is due. `isDown`: the checks of the backend fail.
    package mutating func tick(at now: MonotonicTime, isDown: Bool, resourceVersion: UInt64) -> [Action] {
        self.resourceVersion = resourceVersion
        guard state != .off else { return [] }
        if let line = opening {
            guard now - line.since >= ListeningMachine.openingLimit else { return [] }
            return [.close(number: line.number)] + refused(line.number, .failed, at: now)
        }
        // Whatever comes back after it was down may be another program.
        if isDown, state == .notOffered { nextTry = now }
        guard !isDown, now >= nextTry else { return [] }
        guard let line = current else { return [open(era ?? firstEra, at: now)] }
        if line.resourceVersion != resourceVersion, line.takesResources, now >= nextRenaming {
            return rename(line, at: now)
        }
        let isSilent = now - line.heardAt >= policy.silence
        if isSilent, line.era == .legacy, !line.hasKeepAlives {
            // Sessions are dear: one that answers is as good as a new one.
            guard !line.isPinged else { return lost(line.number, at: now) + [.close(number: line.number)] }
            current?.isPinged = true
            current?.heardAt = now
            return [.ping(number: line.number)]
        }
        let isOld = renewalAge.map { now - line.since >= $0 } ?? false
        guard isSilent || isOld else { return [] }
        return [open(line.era, isDoubtful: isSilent && line.hasKeepAlives, at: now)]
    }

    private var firstEra: MCPEra { policy.wantsModern ? .modern : .legacy }

    private mutating func rename(_ line: Line, at now: MonotonicTime) -> [Action] {
        let spans = ListeningMachine.renamingSpans
        renamingSpan =
            now - nextRenaming < spans.longest ? min(renamingSpan + renamingSpan, spans.longest) : spans.shortest
        nextRenaming = now + (line.era == .legacy ? spans.shortest : renamingSpan)
        guard line.era == .legacy else { return [open(.modern, at: now)] }
        current?.resourceVersion = resourceVersion
        return [.subscribe(number: line.number)]
    }

    private mutating func open(_ era: MCPEra, isDoubtful: Bool = false, at now: MonotonicTime) -> Action {
        lastNumber += 1
        opening = Line(
            number: lastNumber, era: era, resourceVersion: resourceVersion, namesResources: mayNameResources,
            since: now, heardAt: now, isDoubtful: isDoubtful)
        return .open(number: lastNumber, era: era, namesResources: mayNameResources)
    }

    // MARK: What comes of lines

    /// The line is there. `takesResources`: the backend will tell of resources as well.
    package mutating func acknowledged(_ number: Int, takesResources: Bool, at now: MonotonicTime) -> [Action] {
        guard var line = opening, line.number == number else { return [] }
        opening = nil
        line.since = now
        line.heardAt = now
        line.takesResources = takesResources && line.namesResources
        era = line.era
        state = .listening
        let old = current
        current = line
        guard let old else { return [.voidEverything] }
        return (line.isDoubtful ? [.voidEverything] : [.voidNews(of: number, than: old.number)])
            + [.close(number: old.number)]
    }

    /// Something has been heard on the line, if only a comment (`isKeepAlive`).
    package mutating func heard(_ number: Int, isKeepAlive: Bool, at now: MonotonicTime) {
        guard current?.number == number else { return }
        current?.heardAt = now
        current?.isPinged = false
        if isKeepAlive { current?.hasKeepAlives = true }
    }

    /// The line did not come about, and is closed.
    package mutating func refused(_ number: Int, _ refusal: Refusal, at now: MonotonicTime) -> [Action] {
        guard let line = opening, line.number == number else { return [] }
        opening = nil
        if let old = current { return replacementRefused(line, old, refusal, at: now) }
        switch refusal {
        case .badRequest where line.namesResources && resourceVersion > 0:
            mayNameResources = false
            return [open(line.era, at: now)]
        case .badRequest, .notOffered:
            if line.era == .modern, policy.wantsLegacy { return [open(.legacy, at: now)] }
            rest(.notOffered, until: now + ListeningMachine.notOfferedSpan)
            era = nil
            mayNameResources = true
            failures = 0
        case .failed:
            retry(at: now)
        }
        return []
    }

    /// There is a line still; it is kept unless it may be dead.
    private mutating func replacementRefused(
        _ line: Line, _ old: Line, _ refusal: Refusal, at now: MonotonicTime
    ) -> [Action] {
        let isSilent = now - old.heardAt >= policy.silence
        guard isSilent else {
            if refusal != .failed { current?.takesResources = false }
            nextTry = now + backoff.delay(afterFailures: failures, random: &random)
            failures += 1
            return []
        }
        return lost(old.number, at: now) + [.close(number: old.number)]
    }

    /// The line has ended, and is closed.
    package mutating func lost(_ number: Int, at now: MonotonicTime) -> [Action] {
        guard let line = current, line.number == number else { return refused(number, .failed, at: now) }
        current = nil
        let age = now - line.since
        if age >= ListeningMachine.goodAge {
            failures = 0
            // Whoever cuts lines by the clock will do so again: the next one is replaced before.
            renewalAge = age * 3 / 4
        }
        if opening == nil { retry(at: now) } else { state = .waiting }
        return []
    }

    private mutating func retry(at now: MonotonicTime) {
        rest(.waiting, until: now + backoff.delay(afterFailures: failures, random: &random))
        failures += 1
        // A backend that keeps failing may have become another one.
        if failures > 3 { era = nil }
    }

    private mutating func rest(_ state: ListeningState, until time: MonotonicTime) {
        self.state = state
        nextTry = time
    }
}
