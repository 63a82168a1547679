import NIOCore
import Resilience
import Transport
import Wire

extension Shard {
    /// Asks the rate limits once for a call; the refusal if one of them is reached.
    ///
    /// A request or a notification counts as one call, or as the cost of its tool; a batch as many as it has messages, and the
    /// opening of a stream as one, since each of them is work for a backend. What a client answers to its server is no call
    /// of its own, and a session may always be ended.
    func checkLimits(of call: Call, by limiter: RateLimiter, at now: NIODeadline) -> Refusal? {
        guard let request = call.request, call.countsAgainstLimits else { return nil }
        let address = call.address ?? .nobody
        var question = LimitedCall(
            identity: call.caller(limiter.hash).credential ?? address, address: address,
            pool: call.poolIndex, method: call.method)
        if let envelope = call.envelope, envelope.kind == .batch {
            // What tools a batch calls is not looked at: together they are one of their own.
            question.tool = 0
            question.count = Int64(max(envelope.batchCount, 1))
        } else if call.method == .toolsCall, let name = call.envelope?.name {
            request.body.withByteView { body in
                question.tool = limiter.hash.tool(name, in: body)
                question.count = plan.pools[call.poolIndex].cost(ofTool: name, in: body)
            }
        }
        let verdict = limiter.decide(question, at: MonotonicTime(now))
        call.quota = verdict.quota
        guard verdict.isRefused else { return nil }
        return Refusal(failure: .rateLimited, retryAfterSeconds: verdict.retryAfterSeconds)
    }
}

extension Call {
    fileprivate var countsAgainstLimits: Bool {
        switch envelope?.kind {
        case .request, .notification, .batch: true
        case .result, .error: false
        case nil: httpMethod == .get
        }
    }
}
