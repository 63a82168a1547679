package import NIOCore
package import Resilience

/// One pool as one shard sees it: its backends, and whose turn it is.
///
/// In the shard's region: touched only from the shard's entries.
package final class Pool {
    /// What is the same in every shard.
    package let plan: PoolPlan
    /// The backends, in the order of the file.
    package let backends: [Backend]
    private var balancer: SmoothWeightedRoundRobin

    /// The pool of `plan` in the shard with this number. Shards begin with different backends, so that a few calls over
    /// many connections do not all meet at the first one.
    package init(_ plan: PoolPlan, shard number: Int) {
        self.plan = plan
        backends = plan.backends.enumerated().map { Backend($0.element, index: $0.offset) }
        balancer = SmoothWeightedRoundRobin(
            plan.backends.map { SmoothWeightedRoundRobin.Entry(weight: $0.weight, isBackup: $0.isBackup) })
        for _ in 0..<(number % max(backends.count, 1)) { _ = balancer.pick(where: { _ in true }) }
    }

    /// What `pick` found.
    package enum Pick {
        /// Send it there, with this permit.
        case backend(Backend, BackendStatus.Permit)
        /// Nobody may be asked before this time.
        case none(retryAt: MonotonicTime)
    }

    /// The next backend for `call` that has not been tried and takes calls now.
    package func pick(for call: Call, at now: NIODeadline) -> Pick {
        let time = MonotonicTime(now)
        var retryAt = time + .seconds(60)
        // A half-open backend may say no when it is asked for a permit; then it is passed over like one that was tried.
        var refusedMask: UInt64 = 0
        for _ in 0..<max(backends.count, 1) {
            guard
                let index = balancer.pick(where: { index in
                    let backend = backends[index]
                    return !call.hasTried(index) && (index >= 64 || refusedMask & (1 << UInt64(index)) == 0)
                        && backend.plan.status.isEligible && !backend.isPassedOver(at: now)
                })
            else { break }
            let backend = backends[index]
            switch backend.plan.status.admit(isRepeatable: call.isRepeatable, at: time) {
            case .success(let permit):
                return .backend(backend, permit)
            case .failure(let retry):
                retryAt = min(retryAt, retry.time)
                if index < 64 { refusedMask |= 1 << UInt64(index) }
            }
        }
        if backends.contains(where: { $0.plan.status.health == .down }) { retryAt = min(retryAt, time + .seconds(1)) }
        return .none(retryAt: retryAt)
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
}
