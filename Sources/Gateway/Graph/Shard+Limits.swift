import NIOCore
import Resilience
import Transport
import Wire

extension Shard {
    /// Asks the rate limits once for a call; the refusal if one of them is reached.
    ///
    /// A request and a notification count as one call, a batch as many as it has messages, and so does the opening of a
    /// stream, since each of them is work for a backend. What a client answers to its server is no call of its own, and a
    /// session may always be ended.
    func checkLimits(of call: Call, by limiter: RateLimiter, at now: NIODeadline) -> Refusal? {
        guard let request = call.request, call.countsAgainstLimits else { return nil }
        let address = call.address ?? .nobody
        let isBatch = call.envelope?.kind == .batch
        let verdict = limiter.decide(
            LimitedCall(
                identity: limiter.hash.credential(of: request.received) ?? address, address: address,
                pool: call.poolIndex, method: call.method, tool: call.tool(hashedBy: limiter.hash),
                count: isBatch ? Int64(max(call.envelope?.batchCount ?? 1, 1)) : 1),
            at: MonotonicTime(now))
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

    /// The tool that is called. What tools a batch calls is not looked at: together they count as one of their own.
    fileprivate func tool(hashedBy hash: CallerHash) -> UInt64? {
        guard let envelope, let request else { return nil }
        if envelope.kind == .batch { return 0 }
        guard method == .toolsCall, let name = envelope.name else { return nil }
        return request.body.withByteView { hash.tool(name, in: $0) }
    }
}
