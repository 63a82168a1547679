import NIOCore
import Resilience

extension Shard {
    /// Tells the breaker of `backend`, and that of the tool if it has one, how an attempt of `call` there ended, and gives its
    /// permits back.
    ///
    /// Called from one place, on the path of every call.
    @inline(__always)
    func tellBreakers(
        of backend: Backend, about call: Call, _ outcome: AttemptOutcome, latency: TimeAmount,
        permit: BackendStatus.Permit, in plan: PoolPlan, at now: MonotonicTime
    ) {
        var told = outcome.breakerOutcome(isSlow: latency >= plan.slowCall)
        if let toolPermit = permit.tool, let tool = call.tool, let breaker = tool.breaker(at: backend.index) {
            let isConfirmed = outcome == .internalError && breaker.corroborates(identity(of: call), at: now)
            breaker.record(
                outcome.breakerOutcome(isSlow: latency >= tool.slowCall, isConfirmed: isConfirmed),
                nanoseconds: latency.nanoseconds, permit: toolPermit, shard: number, at: now)
            if !outcome.consequence.isOfConnection { told = told.asLeftToTool }
        } else if outcome == .internalError, backend.plan.status.corroborates(identity(of: call), at: now) {
            told = outcome.breakerOutcome(isSlow: false, isConfirmed: true)
        }
        backend.plan.status.record(
            told, nanoseconds: latency.nanoseconds, permit: permit, shard: number, at: now)
    }

    /// Who has made `call`, for telling whether several have met the same: the credential, or else the address.
    private func identity(of call: Call) -> UInt64 {
        (call.credential(plan.callers) ?? call.address ?? .nobody).low
    }
}
