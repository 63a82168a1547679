package import NIOCore
package import Resilience

/// One pool as one shard sees it: its backends, and who of them is next.
///
/// In the shard's region: touched only from the shard's entries. What decides who is next, calls in flight and how long they
/// took, is what this shard has seen: the calls of a process are spread over its shards by chance, and to choose among two
/// with a part of the picture is nearly as good as with all of it. A bound on loads holds in each shard.
package final class Pool {
    /// What is the same in every shard.
    package let plan: PoolPlan
    /// The backends, in the order of the file.
    package let backends: [Backend]
    private var balancer: LoadBalancer
    private var random: SeededRandom
    private let callers: CallerHash
    /// Whether calls in flight or their times decide who is picked.
    private let isTracking: Bool
    /// The generations of the breakers in which times were taken.
    private var generations: [UInt32]
    /// Counts the picks, so that backends beyond 64 can be marked in one.
    private var pickNumber: UInt64 = 0
    /// How long answers take, where second attempts depend on it.
    private var latency: LatencyQuantile?
    /// The recoveries that this shard knows of: how many in all, and when the last one of each backend was.
    private var recoveryCount: Int
    private var recoveries: [MonotonicTime]
    /// Which backends were down when one was picked, and have not come back since.
    private var wasDown: [Bool]
    /// The most calls of the pool that were in flight in this window of times, and its end.
    private var mostInFlight = 0
    private var windowEnd = MonotonicTime.zero

    /// The pool of `plan` in the shard with this number. Shards begin with different backends, so that a few calls over
    /// many connections do not all meet at the first one. Chance comes from `seed`.
    package init(_ plan: PoolPlan, shard number: Int, callers: CallerHash, seed: UInt64) {
        self.plan = plan
        self.callers = callers
        backends = plan.backends.enumerated().map { Backend($0.element, index: $0.offset) }
        balancer = LoadBalancer(
            plan.balancing,
            plan.backends.map { BalancedEntry(weight: $0.weight, isBackup: $0.isBackup, isRemote: $0.isRemote) },
            names: plan.backends.map(\.key))
        random = SeededRandom(seed: seed)
        isTracking = plan.balancing != .roundRobin && plan.balancing != .random
        recoveryCount = plan.recoveryCount
        recoveries = plan.backends.map { $0.status.recoveredAt }
        if case .percentile(let percent) = plan.hedge?.delay {
            latency = LatencyQuantile(percent: percent, at: .zero)
        }
        generations = plan.backends.map { $0.status.breakerWord.generation }
        wasDown = [Bool](repeating: false, count: plan.backends.count)
        for _ in 0..<(number % max(backends.count, 1)) {
            _ = balancer.pick(key: 0, at: .zero, random: &random, where: { _ in true }, inFlight: { _ in 0 })
        }
    }

    /// What `pick` found.
    package enum Pick {
        /// Send it there, with this permit.
        case backend(Backend, BackendStatus.Permit)
        /// There are backends, but all of them have as many calls as they may have.
        case full
        /// The session belongs to a backend that is not configured here any more.
        case gone
        /// Nobody may be asked before this time.
        case none(retryAt: MonotonicTime)
    }

    /// The next backend for `call` that has not been tried and takes calls now. One of its places is taken.
    package func pick(for call: Call, at now: NIODeadline) -> Pick {
        let time = MonotonicTime(now)
        var retryAt = time + .seconds(60)
        // A half-open backend may say no when it is asked for a permit; then it is passed over like one that was tried.
        var refusedMask: UInt64 = 0
        if recoveryCount != plan.recoveryCount { noteRecoveries() }
        let isPanic = plan.choice == .allNotDown
        // Whoever asked to be left alone is, as long as there are others (reliability: "What counts for the breaker").
        var heedsPauses = true
        pickNumber &+= 1
        let key = isTracking ? prepare(for: call) : 0
        let mostCalls = plan.admission.perBackend
        for _ in 0...backends.count {
            let index = balancer.pick(
                key: key, at: time, random: &random,
                where: { index in
                    let backend = backends[index]
                    return !call.hasTried(index)
                        && (index < 64 ? refusedMask & (1 << UInt64(index)) == 0 : backend.refusedPick != pickNumber)
                        && isCandidate(backend, for: call, isPanic: isPanic, at: time)
                        && backend.plan.status.callCount < mostCalls
                        && !(heedsPauses && backend.isPassedOver(at: now))
                },
                inFlight: { backends[$0].inFlight - backends[$0].listenerCount })
            guard let index else {
                guard heedsPauses, backends.contains(where: { $0.isPassedOver(at: now) }) else { break }
                heedsPauses = false
                continue
            }
            let backend = backends[index]
            if backend.plan.status.enter(atMost: mostCalls) {
                switch admit(call, to: backend, isPanic: isPanic, at: time) {
                case .success(let permit):
                    return .backend(backend, permit)
                case .failure(let retry):
                    backend.plan.status.leave()
                    retryAt = min(retryAt, retry.time)
                }
            }
            if index < 64 { refusedMask |= 1 << UInt64(index) } else { backend.refusedPick = pickNumber }
        }
        if isFull(for: call, isPanic: isPanic, at: time) { return .full }
        if let (backend, permit) = lastHope(for: call, at: time) { return .backend(backend, permit) }
        for backend in backends {
            let ofBackend = isPanic && backend.plan.status.isThere ? nil : backend.plan.status.refusal(at: time)
            let ofTool = call.tool?.breaker(at: backend.index)?.refusal(at: time)
            guard let refusal = ofBackend ?? ofTool else { continue }
            retryAt = min(retryAt, max(refusal, ofTool ?? refusal))
        }
        return .none(retryAt: retryAt)
    }

    /// Whether `backend` may be chosen for `call`, and no breaker is known to say no.
    private func isCandidate(_ backend: Backend, for call: Call, isPanic: Bool, at now: MonotonicTime) -> Bool {
        guard isPanic ? backend.plan.status.isThere : backend.plan.status.mayAdmit(at: now) else { return false }
        return call.tool?.mayBeSent(to: backend.index, at: now) ?? true
    }

    /// The right to send `call` to `backend` now, of its breaker and of that of the tool, or when to ask again. In a panic
    /// only the tool's is asked: it is not the backends that are spared then.
    func admit(
        _ call: Call, to backend: Backend, isPanic: Bool = false, at now: MonotonicTime
    ) -> Result<BackendStatus.Permit, BackendStatus.RetryTime> {
        var permit: BackendStatus.Permit
        switch backend.plan.status.admit(isRepeatable: call.isRepeatable(in: plan), at: now) {
        case .success(let given): permit = given
        case .failure(let retry):
            guard isPanic, let given = backend.plan.status.admitInPanic() else { return .failure(retry) }
            permit = given
        }
        guard let breaker = call.tool?.breaker(at: backend.index) else { return .success(permit) }
        switch breaker.admit(isRepeatable: call.isRepeatable(in: plan), at: now) {
        case .success(let given):
            permit.tool = given
            return .success(permit)
        case .failure(let retry):
            // Which shard gives it back makes no difference to what is neutral.
            if permit.isProbe { backend.plan.status.record(.neutral, permit: permit, shard: 0, at: now) }
            return .failure(retry)
        }
    }

    /// Whether some backend would be asked if it had room.
    private func isFull(for call: Call, isPanic: Bool, at now: MonotonicTime) -> Bool {
        backends.contains { backend in
            !call.hasTried(backend.index) && !hasRoom(at: backend)
                && isCandidate(backend, for: call, isPanic: isPanic, at: now)
        }
    }

    /// Whether `backend` has fewer calls than it may have.
    private func hasRoom(at backend: Backend) -> Bool { backend.plan.status.callCount < plan.admission.perBackend }

    /// Lets those who have become well begin with a small share.
    private func noteRecoveries() {
        recoveryCount = plan.recoveryCount
        for backend in backends where recoveries[backend.index] < backend.plan.status.recoveredAt {
            recoveries[backend.index] = backend.plan.status.recoveredAt
            balancer.begin(backend.index, at: recoveries[backend.index])
        }
    }

    /// Who may be asked when all are down: once a second somebody who does has to, and be it with a call that can be made
    /// again.
    private func lastHope(for call: Call, at now: MonotonicTime) -> (Backend, BackendStatus.Permit)? {
        guard plan.choice == .nobody, call.isRepeatable(in: plan) else { return nil }
        for backend in backends where !call.hasTried(backend.index) {
            if let permit = backend.plan.status.admitRationed(at: now) {
                _ = backend.plan.status.enter(atMost: .max)
                return (backend, permit)
            }
        }
        return nil
    }

    /// Does what the policy needs before it picks; returns what is hashed, if anything is: calls with the same credential go
    /// to the same backend, or without any those from the same address.
    private func prepare(for call: Call) -> UInt64 {
        switch plan.balancing {
        case .consistentHash:
            return (call.caller(callers).credential ?? call.address ?? .nobody).low
        case .peakEWMA:
            // What was before one came back, by its checks or its breaker, says nothing of the time after it, least of all
            // how slow a failure counts.
            for index in backends.indices {
                let status = backends[index].plan.status
                let word = status.breakerWord
                if status.health == .down {
                    wasDown[index] = true
                } else if word.admitsAll, wasDown[index] || word.generation != generations[index] {
                    wasDown[index] = false
                    generations[index] = word.generation
                    balancer.forget(index)
                }
            }
            return 0
        case .leastRequest, .roundRobin, .random:
            return 0
        }
    }

    /// How long the first attempt of a call is given before a second one is made; `nil`: for ever.
    var hedgeDelay: TimeAmount? {
        guard let hedge = plan.hedge else { return nil }
        let delay =
            switch hedge.delay {
            case .fixed(let delay): delay
            case .percentile: latency?.value
            }
        return delay.map { TimeAmount(max($0, hedge.minimumDelay)) }
    }

    /// Takes note that a try at `backend` begins.
    func began(_ call: Call, with backend: Backend) {
        if plan.admission.isAdaptive { mostInFlight = max(mostInFlight, plan.admission.inFlight) }
        if isTracking, call.isListening { backend.listenerCount += 1 }
    }

    /// How a try ended.
    struct TryEnd {
        var outcome: AttemptOutcome
        var permit: BackendStatus.Permit
        /// From its beginning to the answer, or to the head of a stream.
        var latency: TimeAmount
        var now: NIODeadline
    }

    /// Takes note of how a try at `backend` ended.
    func ended(_ call: Call, with backend: Backend, _ end: TryEnd) {
        if latency != nil, end.outcome == .success, call.expectedAnswerCount > 0 {
            latency?.record(nanoseconds: end.latency.nanoseconds, at: MonotonicTime(end.now))
        }
        if plan.admission.isAdaptive, end.outcome == .success, call.expectedAnswerCount > 0, !call.isListening {
            backend.times.record(kind: call.kindOfWork, nanoseconds: end.latency.nanoseconds)
            if MonotonicTime(end.now) >= windowEnd { closeWindow(at: MonotonicTime(end.now)) }
        }
        guard isTracking else { return }
        if call.isListening { backend.listenerCount -= 1 }
        // As for the breaker: what began before a change does not count after it.
        guard plan.balancing == .peakEWMA, end.permit.generation == backend.plan.status.breakerWord.generation else {
            return
        }
        let (time, latency) = (MonotonicTime(end.now), end.latency)
        switch end.outcome.consequence.time {
        case .measured:
            // How fast a notification is accepted says nothing of how fast calls are answered.
            guard call.expectedAnswerCount > 0 else { return }
            balancer.record(nanoseconds: latency.nanoseconds, of: backend.index, at: time)
        case .none:
            break
        case .atLeast:
            // Whoever only listens leaves when they like.
            guard call.expectedAnswerCount > 0, !call.isListening else { return }
            balancer.recordAtLeast(nanoseconds: latency.nanoseconds, of: backend.index, at: time)
        case .asTimeout:
            // However fast it failed: nobody is to be drawn to it.
            balancer.record(
                nanoseconds: call.timeouts(in: plan).request.nanoseconds, of: backend.index, at: time)
        }
    }

    /// Tells the limit of the pool how long calls have taken here lately. As long as one backend is as fast as ever, it is
    /// not the pool that has too much to do.
    private func closeWindow(at now: MonotonicTime) {
        windowEnd = now + ConcurrencyLimit.windowLength
        let total = backends.reduce(0) { $0 + $1.times.count }
        var best = Double.infinity
        for backend in backends {
            let count = backend.times.count
            // A few calls say little.
            guard let ratio = backend.times.close(), count * backends.count * 4 >= total else { continue }
            best = min(best, ratio)
        }
        plan.admission.note(total, ratio: best, mostInFlight: mostInFlight, at: now)
        mostInFlight = 0
    }

    /// Whether somebody who has not been tried would take `call` now; if not, when somebody will, of those who only ask to be
    /// left alone for a while.
    func prospect(for call: Call, at now: NIODeadline) -> Prospect {
        let time = MonotonicTime(now)
        var prospect = Prospect.nobody
        let isPanic = plan.choice == .allNotDown
        for backend in backends {
            guard isCandidate(backend, for: call, isPanic: isPanic, at: time) else { continue }
            if let end = backend.passedOver(at: now) {
                if case .later(let other) = prospect, other <= end { continue }
                if case .again = prospect { continue }
                prospect = .later(end)
            } else if !call.hasTried(backend.index) {
                return .another
            } else {
                prospect = .again
            }
        }
        return prospect
    }

    /// Who could be asked once more.
    enum Prospect: Hashable {
        /// Somebody who has not been asked.
        case another
        /// Only somebody who has been asked before.
        case again
        /// Somebody from then on.
        case later(NIODeadline)
        /// Nobody.
        case nobody
    }

    /// The backend that a sealed session id names, if it is still configured here.
    package func backend(withKey key: UInt64) -> Backend? {
        backends.first { $0.plan.key == key }
    }
}

@available(*, unavailable)
extension Pool: Sendable {}

extension MonotonicTime {
    /// The loop's time as the resilience primitives count it.
    package init(_ deadline: NIODeadline) {
        self.init(nanoseconds: Int64(clamping: deadline.uptimeNanoseconds))
    }

    /// The same time as loops count it.
    var deadline: NIODeadline { .uptimeNanoseconds(UInt64(max(nanoseconds, 0))) }
}
