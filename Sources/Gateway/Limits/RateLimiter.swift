package import Resilience
import Synchronization

/// All rate limits of the process: a leaf value that the shards share, so that a limit is one limit however many loops serve.
///
/// What is kept of a caller is one point in time. Callers beyond 100,000 push out the one that has been silent for longest.
/// The mutex is held for well under a microsecond and nothing is done under it but the decision.
package final class RateLimiter: Sendable {
    /// Callers that are remembered, over all rules.
    package static let standardCapacity = 100_000

    /// What is counted apart: one caller, or one caller's calls of one tool or method, under one rule.
    private struct Key: Hashable {
        var caller: CallerKey
        var part: UInt64
        var rule: Int

        /// Hashed with a secret already.
        func hash(into hasher: inout Hasher) {
            hasher.combine(caller.low ^ part ^ UInt64(truncatingIfNeeded: rule) &<< 56)
        }
    }

    /// Where the time of a caller is kept.
    private enum Place {
        /// Among the callers.
        case table(Key)
        /// Among the rules that count a pool, or everything, together.
        case common(Int)
    }

    private struct State {
        var table = RecencyTable<Key, MonotonicTime>()
        var common: [MonotonicTime]
        var counts: [RateLimitCounts]
    }

    /// The rules, in the order of the file.
    package let rules: [RateLimitPlan]
    /// Makes the keys of callers.
    package let hash: CallerHash
    private let poolCount: Int
    private let capacity: Int
    private let state: Mutex<State>

    /// The limits of `rules` for `poolCount` pools; `hash` makes the keys of callers.
    package init(
        _ rules: [RateLimitRule], poolCount: Int, hash: CallerHash, capacity: Int = RateLimiter.standardCapacity
    ) {
        self.rules = rules.map { RateLimitPlan($0) }
        self.hash = hash
        self.poolCount = max(poolCount, 1)
        self.capacity = max(capacity, 1)
        state = Mutex(
            State(
                common: [MonotonicTime](
                    repeating: RateLimiter.longAgo, count: rules.count * max(poolCount, 1)),
                counts: [RateLimitCounts](repeating: RateLimitCounts(), count: rules.count)))
    }

    /// When the bucket of a caller that is new became empty.
    private static let longAgo = MonotonicTime(nanoseconds: .min)

    /// Decides about a call at `now`. All rules that are for it must let it through; if one does not, it costs nothing in
    /// any of them.
    package func decide(_ call: LimitedCall, at now: MonotonicTime) -> RateLimitVerdict {
        state.withLock { state in
            let refusal = ask(call, at: now, &state)
            return refusal ?? charge(call, at: now, &state)
        }
    }

    /// How the rules have decided up to now, in their order.
    package var counts: [RateLimitCounts] {
        state.withLock { $0.counts }
    }

    /// Callers that are remembered.
    package var callerCount: Int {
        state.withLock { $0.table.count }
    }

    // MARK: Under the lock

    /// Asks every rule; the verdict if one refuses.
    private func ask(_ call: LimitedCall, at now: MonotonicTime, _ state: inout State) -> RateLimitVerdict? {
        var longest: Duration?
        var verdict: RateLimitVerdict?
        for (index, rule) in rules.enumerated() where rule.isEnforced {
            guard let place = place(of: call, under: rule, index) else { continue }
            let emptyAt = time(at: place, &state)
            guard case .refused(let wait) = rule.limit.check(emptyAt, weight: weight(call, rule), at: now) else {
                continue
            }
            state.counts[index].refused &+= 1
            if let longest, longest >= wait { continue }
            longest = wait
            verdict = RateLimitVerdict(
                isRefused: true, retryAfterSeconds: max(wait.secondsRoundedUp, 1),
                quota: quota(rule, index, emptyAt, at: now))
        }
        return verdict
    }

    /// Charges every rule, and counts what those would have done that are not enforced.
    private func charge(_ call: LimitedCall, at now: MonotonicTime, _ state: inout State) -> RateLimitVerdict {
        var verdict = RateLimitVerdict(isRefused: false, retryAfterSeconds: 0, quota: nil)
        for (index, rule) in rules.enumerated() {
            guard let place = place(of: call, under: rule, index) else { continue }
            let weight = weight(call, rule)
            var emptyAt = time(at: place, &state)
            if !rule.isEnforced, rule.limit.check(emptyAt, weight: weight, at: now) != .admitted {
                state.counts[index].wouldRefuse &+= 1
                continue
            }
            rule.limit.charge(&emptyAt, weight: weight, at: now)
            set(emptyAt, at: place, &state)
            state.counts[index].allowed &+= 1
            guard rule.isEnforced else { continue }
            let quota = quota(rule, index, emptyAt, at: now)
            if let nearest = verdict.quota, nearest.remaining <= quota.remaining { continue }
            verdict.quota = quota
        }
        return verdict
    }

    private func weight(_ call: LimitedCall, _ rule: RateLimitPlan) -> Int64 {
        let (product, overflow) = rule.cost.multipliedReportingOverflow(by: call.count)
        return overflow ? .max : product
    }

    private func quota(
        _ rule: RateLimitPlan, _ index: Int, _ emptyAt: MonotonicTime, at now: MonotonicTime
    ) -> RateLimitVerdict.Quota {
        RateLimitVerdict.Quota(
            rule: index, remaining: rule.limit.remaining(emptyAt, at: now) / rule.cost,
            restoredAfterSeconds: rule.limit.restoration(emptyAt, at: now).secondsRoundedUp)
    }

    /// Where the time is that `rule` goes by; `nil` if it is not for this call.
    private func place(of call: LimitedCall, under rule: RateLimitPlan, _ index: Int) -> Place? {
        switch rule.key {
        case .identity:
            .table(Key(caller: call.identity, part: 0, rule: index))
        case .identityAndTool:
            call.tool.map { .table(Key(caller: call.identity, part: $0, rule: index)) }
        case .identityAndMethod:
            .table(Key(caller: call.identity, part: UInt64(call.method.rawValue), rule: index))
        case .address:
            .table(Key(caller: call.address, part: 0, rule: index))
        case .pool:
            .common(index * poolCount + min(max(call.pool, 0), poolCount - 1))
        case .global:
            .common(index * poolCount)
        }
    }

    private func time(at place: Place, _ state: inout State) -> MonotonicTime {
        switch place {
        case .table(let key): state.table.use(key) ?? RateLimiter.longAgo
        case .common(let index): state.common[index]
        }
    }

    private func set(_ time: MonotonicTime, at place: Place, _ state: inout State) {
        switch place {
        case .table(let key):
            state.table.set(key, to: time)
            if state.table.count > capacity { _ = state.table.removeOldest() }
        case .common(let index):
            state.common[index] = time
        }
    }
}

extension Duration {
    /// Whole seconds, rounded up; 0 if it is negative.
    fileprivate var secondsRoundedUp: Int {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return Int(clamping: seconds &+ (attoseconds > 0 ? 1 : 0))
    }
}
