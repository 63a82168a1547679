package import Resilience
import Synchronization
package import Wire

/// All rate limits of the process: a leaf value that the shards share, so that a limit is one limit however many loops serve.
///
/// Where gateways share their limits through Redis, this decides only while Redis does not: each rule as it says, and by the
/// gateway's share of what is allowed, which is the same for all gateways that were there when Redis was last heard of.
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
        var redisCounts: [RateLimitCounts]
        /// What this process may let through by itself.
        var limits: [RateLimit]
        var gatewayCount = 1
    }

    /// The rules, in the order of the file.
    package let rules: [RateLimitPlan]
    /// Whether a rule counts tools apart; else nobody need tell them apart.
    package let countsTools: Bool
    /// Makes the keys of callers.
    package let hash: CallerHash
    /// The same limits in Redis; `nil` if this process has them for itself.
    package let shared: SharedRateLimits?
    private let poolCount: Int
    private let capacity: Int
    private let state: Mutex<State>

    /// The limits of `rules` for `poolCount` pools; `hash` makes the keys of callers, and `shared` are the same limits in
    /// Redis. For rules of the same name it goes on counting decisions where `previous` is now.
    package init(
        _ rules: [RateLimitRule], poolCount: Int, hash: CallerHash, shared: SharedRateLimits? = nil,
        capacity: Int = RateLimiter.standardCapacity, after previous: RateLimiter? = nil
    ) {
        let plans = rules.map { RateLimitPlan($0) }
        self.rules = plans
        self.hash = hash
        countsTools = rules.contains { $0.key == .identityAndTool }
        self.shared = shared
        self.poolCount = max(poolCount, 1)
        self.capacity = max(capacity, 1)
        func known(_ counts: [RateLimitCounts]?) -> [RateLimitCounts] {
            plans.map { plan in
                previous?.rules.firstIndex { $0.name == plan.name }.flatMap { counts?[$0] } ?? RateLimitCounts()
            }
        }
        state = Mutex(
            State(
                common: [MonotonicTime](
                    repeating: RateLimiter.longAgo, count: rules.count * max(poolCount, 1)),
                counts: known(previous?.counts), redisCounts: known(previous?.redisCounts),
                limits: plans.map(\.terms.limit)))
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

    /// Decides as `reply`, which Redis has given to the command of `shared`, says; `nil` if it says nothing.
    package func decide(_ call: LimitedCall, by reply: RESPValue) -> RateLimitVerdict? {
        guard let (verdict, tally) = shared?.verdict(reply, on: call) else { return nil }
        state.withLock { tally.add(to: &$0.redisCounts) }
        return verdict
    }

    /// How many gateways share the limits, this one included, as far as is known; 1….
    package var gatewayCount: Int {
        get { state.withLock { $0.gatewayCount } }
        set {
            let count = max(newValue, 1)
            state.withLock { state in
                guard state.gatewayCount != count else { return }
                state.gatewayCount = count
                state.limits = rules.map { $0.terms.limit.share(of: count) }
            }
        }
    }

    /// How the rules have decided in this process by itself up to now, in their order.
    package var counts: [RateLimitCounts] {
        state.withLock { $0.counts }
    }

    /// How they have decided in Redis.
    package var redisCounts: [RateLimitCounts] {
        state.withLock { $0.redisCounts }
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
        for index in rules.indices {
            let rule = rules[index].terms
            guard rule.isEnforced, let place = place(of: call, under: rule, index) else { continue }
            let wait: Duration
            var quota: RateLimitVerdict.Quota?
            switch way(of: rule) {
            case .open: continue
            case .closed: wait = .seconds(1)
            case .local:
                let emptyAt = time(at: place, &state)
                guard case .refused(let time) = check(emptyAt, call, rule, index, at: now, state) else { continue }
                wait = time
                quota = self.quota(rule, index, emptyAt, at: now, state)
            }
            state.counts[index].refused &+= 1
            if let longest, longest >= wait { continue }
            longest = wait
            verdict = RateLimitVerdict(
                isRefused: true, retryAfterSeconds: max(wait.secondsRoundedUp, 1), isUndecided: quota == nil,
                quota: quota)
        }
        return verdict
    }

    /// Charges every rule, and counts what those would have done that are not enforced.
    private func charge(_ call: LimitedCall, at now: MonotonicTime, _ state: inout State) -> RateLimitVerdict {
        var verdict = RateLimitVerdict(isRefused: false, retryAfterSeconds: 0, quota: nil)
        for index in rules.indices {
            let rule = rules[index].terms
            guard let place = place(of: call, under: rule, index) else { continue }
            switch way(of: rule) {
            case .open:
                state.counts[index].allowed &+= 1
                continue
            case .closed:
                state.counts[index].wouldRefuse &+= 1
                continue
            case .local: break
            }
            var emptyAt = time(at: place, &state)
            if !rule.isEnforced, check(emptyAt, call, rule, index, at: now, state) != .admitted {
                state.counts[index].wouldRefuse &+= 1
                continue
            }
            state.limits[index].charge(&emptyAt, weight: weight(call, rule), at: now)
            set(emptyAt, at: place, &state)
            state.counts[index].allowed &+= 1
            guard rule.isEnforced else { continue }
            let quota = quota(rule, index, emptyAt, at: now, state)
            if let nearest = verdict.quota, nearest.remaining <= quota.remaining { continue }
            verdict.quota = quota
        }
        return verdict
    }

    /// How `rule` decides in this process: as it says, if that is only while Redis does not.
    private func way(of rule: RateLimitTerms) -> RateLimitRule.RedisFailurePolicy {
        shared == nil ? .local : rule.onRedisFailure
    }

    /// Asks one rule. A call for which the whole limit has room, but no share of it, may pass whenever all of the share is
    /// there.
    private func check(
        _ emptyAt: MonotonicTime, _ call: LimitedCall, _ rule: RateLimitTerms, _ index: Int, at now: MonotonicTime,
        _ state: borrowing State
    ) -> RateLimit.Decision {
        let weight = weight(call, rule)
        let asked = weight <= rule.limit.burst ? min(weight, state.limits[index].burst) : weight
        return state.limits[index].check(emptyAt, weight: asked, at: now)
    }

    private func weight(_ call: LimitedCall, _ rule: RateLimitTerms) -> Int64 {
        let (product, overflow) = rule.cost.multipliedReportingOverflow(by: call.count)
        return overflow ? .max : product
    }

    private func quota(
        _ rule: RateLimitTerms, _ index: Int, _ emptyAt: MonotonicTime, at now: MonotonicTime, _ state: borrowing State
    ) -> RateLimitVerdict.Quota {
        RateLimitVerdict.Quota(
            rule: index, remaining: state.limits[index].remaining(emptyAt, at: now) / rule.cost,
            restoredAfterSeconds: state.limits[index].secondsToRestoration(emptyAt, at: now))
    }

    /// Where the time is that `rule` goes by; `nil` if it is not for this call.
    private func place(of call: LimitedCall, under rule: RateLimitTerms, _ index: Int) -> Place? {
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
