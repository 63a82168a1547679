/// Takes a backend out of a pool for a while that does clearly worse than its siblings, though not badly enough for its
/// breaker.
///
/// Told of every interval (1 s) what each backend did in it, off the path of calls. The rules are those of Envoy's outlier
/// detection (failures in a row, share of successes by standard deviations, ejection times that grow, a largest share that
/// may be ejected), with two differences. A backend is compared with its siblings and not with all: of n backends, one can
/// never be more than √(n-1) standard deviations from a mean that it is part of, so that among three none would ever stand
/// out. And it is compared by how long it takes as well.
///
/// Linear cost per backend and interval, quadratic for a pool; allocates its answer and little else.
public struct OutlierDetector: Sendable {
    /// What a backend did in an interval.
    public struct Sample: Hashable, Sendable {
        /// Tries that say something about the backend: successes and failures.
        public var calls: Int
        /// Those that failed.
        public var failures: Int
        /// Failures in a row, as of the end.
        public var failureStreak: Int
        /// How long the successes took together.
        public var nanoseconds: Int64
        /// Whether it is down, as the health checks say.
        public var isDown: Bool

        /// A sample.
        public init(
            calls: Int = 0, failures: Int = 0, failureStreak: Int = 0, nanoseconds: Int64 = 0, isDown: Bool = false
        ) {
            self.calls = max(calls, 0)
            self.failures = min(max(failures, 0), self.calls)
            self.failureStreak = failureStreak
            self.nanoseconds = max(nanoseconds, 0)
            self.isDown = isDown
        }
    }

    /// Why a backend was ejected.
    @frozen
    public enum Reason: UInt8, CaseIterable, Sendable {
        /// Too many failures in a row.
        case consecutiveFailures
        /// It fails more often than its siblings.
        case failureShare
        /// It takes longer than its siblings.
        case latency

        /// The value of the metric label and log key `reason`.
        public var label: StaticString {
            switch self {
            case .consecutiveFailures: "consecutive_failures"
            case .failureShare: "failure_share"
            case .latency: "latency"
            }
        }
    }

    /// What has changed.
    public enum Change: Hashable, Sendable {
        /// The backend at `index` is to get no calls until it is said to be back, at `until` if somebody tells then.
        case ejected(index: Int, reason: Reason, until: MonotonicTime)
        /// The backend at `index` is to get calls again.
        case returned(index: Int)
        /// The backend at `index` would have been ejected if not too many were already.
        case spared(index: Int, reason: Reason)
    }

    private struct Backend: Sendable {
        var window: SlidingWindow
        var slowStreak = 0
        /// The end of its ejection.
        var until: MonotonicTime?
        /// Ejections that weigh on the length of the next one.
        var ejections = 0
        /// When it came back last, or was made.
        var since: MonotonicTime
    }

    /// What it was made with, in range.
    public let configuration: Configuration
    private var backends: [Backend]

    /// Judges `count` backends, which are named by their positions; none is ejected.
    public init(_ configuration: Configuration = Configuration(), count: Int, at now: MonotonicTime) {
        self.configuration = configuration
        backends = [Backend](repeating: Backend(window: SlidingWindow(at: now), since: now), count: max(count, 0))
    }

    /// The same for a pool that has changed: at each position what was known of the one at the old position, `nil` for a
    /// new one.
    public init(
        _ configuration: Configuration, keeping old: OutlierDetector, positions: [Int?], at now: MonotonicTime
    ) {
        self.init(configuration, count: positions.count, at: now)
        for (index, position) in positions.enumerated() {
            guard let position, old.backends.indices.contains(position) else { continue }
            backends[index] = old.backends[position]
        }
    }

    /// Whether the backend at `index` is ejected.
    public func isEjected(_ index: Int) -> Bool {
        backends.indices.contains(index) && backends[index].until != nil
    }

    /// Takes note of what each backend did since it was told last, in their order, and says what changes at `now`.
    public mutating func judge(_ samples: [Sample], at now: MonotonicTime) -> [Change] {
        var changes: [Change] = []
        // Fewer or more than there are: those that are not told of did nothing.
        let samples = backends.indices.map { $0 < samples.count ? samples[$0] : Sample() }
        for index in backends.indices {
            if let until = backends[index].until, now >= until {
                backends[index].until = nil
                backends[index].since = now
                forget(index, at: now)
                changes.append(.returned(index: index))
            }
            let sample = samples[index]
            backends[index].window.add(
                SlidingWindow.Counts(total: sample.calls, failures: sample.failures, slow: 0), at: now)
        }
        var outliers = findOutliers(samples, at: now)
        // The worst first: there may not be room for all.
        outliers.sort { $0.excess > $1.excess || ($0.excess == $1.excess && $0.index < $1.index) }
        for outlier in outliers {
            guard hasRoom(samples) else {
                changes.append(.spared(index: outlier.index, reason: outlier.reason))
                continue
            }
            let until = now + eject(outlier.index, at: now)
            changes.append(.ejected(index: outlier.index, reason: outlier.reason, until: until))
        }
        return changes
    }

    // MARK: Judgement

    private struct Outlier {
        let index: Int
        let reason: Reason
        /// How bad it is, in units of its rule.
        let excess: Double
    }

    private mutating func findOutliers(_ samples: [Sample], at now: MonotonicTime) -> [Outlier] {
        // Those that get calls. Whoever is down or ejected is neither judged nor an example.
        let serving = backends.indices.filter { backends[$0].until == nil && !samples[$0].isDown }
        var outliers: [Outlier] = []
        var found: Set<Int> = []
        if let limit = configuration.consecutiveFailures {
            for index in serving where samples[index].failureStreak >= limit {
                found.insert(index)
                outliers.append(Outlier(index: index, reason: .consecutiveFailures, excess: .infinity))
            }
        }
        for outlier in unreliable(serving, at: now) where found.insert(outlier.index).inserted {
            outliers.append(outlier)
        }
        for outlier in slow(serving, samples) where found.insert(outlier.index).inserted { outliers.append(outlier) }
        return outliers
    }

    private mutating func unreliable(_ serving: [Int], at now: MonotonicTime) -> [Outlier] {
        var judged: [(index: Int, calls: Double, share: Double)] = []
        for index in serving {
            let counts = backends[index].window.counts(at: now)
            guard counts.total >= configuration.minimumCalls else { continue }
            let calls = Double(counts.total)
            judged.append((index, calls, Double(counts.failures) / calls))
        }
        guard judged.count >= configuration.minimumBackends else { return [] }
        return judged.compactMap { backend in
            let siblings = judged.filter { $0.index != backend.index }
            let count = Double(siblings.count)
            let mean = siblings.reduce(0) { $0 + $1.share } / count
            let variance = siblings.reduce(0) { $0 + ($1.share - mean) * ($1.share - mean) } / count
            // What chance alone does to so many calls, if all fail equally often.
            let calls = siblings.reduce(0) { $0 + $1.calls }
            let pooled = (siblings.reduce(0) { $0 + $1.calls * $1.share } + backend.calls * backend.share)
            let all = pooled / (calls + backend.calls)
            let chance = all * (1 - all) * (1 / backend.calls + 1 / calls)
            let margin = max(
                configuration.failureDifference,
                configuration.deviations * max(variance.squareRoot(), max(chance, 0).squareRoot()))
            let excess = backend.share - mean
            return excess >= margin && excess > 0
                ? Outlier(index: backend.index, reason: .failureShare, excess: 1 + excess) : nil
        }
    }

    private mutating func slow(_ serving: [Int], _ samples: [Sample]) -> [Outlier] {
        let timed: [(index: Int, time: Double)] = serving.compactMap { index in
            let answers = samples[index].calls - samples[index].failures
            guard answers >= configuration.minimumAnswers else { return nil }
            return (index, Double(samples[index].nanoseconds) / Double(answers))
        }
        guard timed.count >= configuration.minimumBackends else { return [] }
        let difference = Double(configuration.slownessDifference.saturatedNanoseconds)
        return timed.compactMap { backend in
            let siblings = timed.filter { $0.index != backend.index }.map(\.time).sorted()
            // Of an even number the lower one: half of the siblings are at least as fast.
            let median = siblings[(siblings.count - 1) / 2]
            let isSlow =
                backend.time >= median * configuration.slownessFactor && backend.time >= median + difference
                && backend.time > median
            backends[backend.index].slowStreak = isSlow ? backends[backend.index].slowStreak &+ 1 : 0
            guard isSlow, backends[backend.index].slowStreak >= configuration.slowIntervals else { return nil }
            // Below those that fail.
            return Outlier(index: backend.index, reason: .latency, excess: 1 - median / backend.time)
        }
    }

    // MARK: Ejection

    /// Whether one more may be ejected. Those that are down are not ejected by judgement, and somebody must be left.
    private func hasRoom(_ samples: [Sample]) -> Bool {
        let ejected = backends.indices.count { backends[$0].until != nil && !samples[$0].isDown }
        let serving = backends.indices.count { backends[$0].until == nil && !samples[$0].isDown }
        let share = Int(Double(backends.count) * configuration.maximumEjectionShare)
        let limit = max(share, configuration.maximumEjectionShare > 0 && backends.count >= 2 ? 1 : 0)
        return ejected < limit && serving >= 2
    }

    /// Ejects a backend, and says for how long.
    private mutating func eject(_ index: Int, at now: MonotonicTime) -> Duration {
        let base = configuration.baseEjectionTime.saturatedNanoseconds
        let limit = configuration.maximumEjectionTime.saturatedNanoseconds
        // One is forgotten for each such time that it has served well since.
        let served = Int(clamping: max((now - backends[index].since).saturatedNanoseconds, 0) / base)
        let ejections = max(backends[index].ejections - served, 0) + 1
        let (time, overflow) = base.multipliedReportingOverflow(by: Int64(ejections))
        // Ejections that cannot lengthen the time are not counted: they would only take longer to forget.
        backends[index].ejections = min(ejections, Int(clamping: limit / base &+ 1))
        let length = overflow ? limit : min(time, limit)
        backends[index].until = now.advanced(byNanoseconds: length)
        forget(index, at: now)
        return .nanoseconds(length)
    }

    private mutating func forget(_ index: Int, at now: MonotonicTime) {
        backends[index].window.removeAll(at: now)
        backends[index].slowStreak = 0
    }
}
