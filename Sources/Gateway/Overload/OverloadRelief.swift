import NIOCore
import Resilience
import Wire

/// What is given up when the process comes near its limits (reliability: "Load shedding").
enum OverloadRelief {
    /// From `critical` on, connections end that have not been used for so long.
    static let idleTime = TimeAmount.seconds(1)
}

extension Shard {
    /// Takes note of how near the process is to its limits.
    static func setOverload(_ level: OverloadLevel, _ shard: isolated Shard) {
        shard.overload = level
    }

    /// Whether `call` is one of those that are refused first: new work of somebody who has a share of the pool already.
    ///
    /// Never what belongs to calls, tasks or sessions that there are, and never what clients need to find their way:
    /// discovery, handshakes, lists. These cost little, and a client without them begins anew, which costs more.
    func isDispensable(_ call: Call, in pool: Pool) -> Bool {
        guard call.attemptCount == 0, call.method.isWork, let envelope = call.envelope, envelope.method != nil,
            envelope.id != nil
        else { return false }
        return pool.plan.admission.hasShare(identity: identity(of: call, in: pool))
    }
}

extension MCPMethod {
    /// What servers are there for; that which is not known may be that, too.
    fileprivate var isWork: Bool {
        switch self {
        case .toolsCall, .resourcesRead, .promptsGet, .completionComplete, .subscriptionsListen, .unknown: true
        default: false
        }
    }
}
