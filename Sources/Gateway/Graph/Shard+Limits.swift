import NIOCore
import Resilience
import Transport
import Wire

extension Shard {
    /// Asks the rate limits once for a call; what is to be done if it does not go on at once: it is refused, or Redis has
    /// to be asked.
    ///
    /// A request or a notification counts as one call, or as the cost of its tool; a batch as many as it has messages, and the
    /// opening of a stream as one, since each of them is work for a backend. What a client answers to its server is no call
    /// of its own, and a session may always be ended.
    func checkLimits(of call: Call, by limiter: RateLimiter, at now: NIODeadline) -> Dispatch? {
        guard let question = question(about: call, limiter) else { return nil }
        if limiter.shared != nil {
            call.limited = question
            return .ask
        }
        return settle(limiter.decide(question, at: MonotonicTime(now)), call)
    }

    /// Redis has answered, or has not: decides as it says, or without it, and goes on.
    static func limitsAnswered(_ answer: LimitsAnswer, _ shard: isolated Shard) -> Dispatch {
        let call = answer.call
        let now = shard.executor.eventLoop.now
        if let limiter = shard.plan.limiter, let question = call.limited {
            call.limited = nil
            let verdict =
                answer.reply.flatMap { limiter.decide(question, by: $0) }
                ?? limiter.decide(question, at: MonotonicTime(now))
            if let dispatch = shard.settle(verdict, call) { return dispatch }
        }
        return shard.answer(call, at: now)
    }

    /// A call, and what Redis says of its limits; `nil` if that is nothing.
    package struct LimitsAnswer {
        var call: Call
        var reply: RESPValue?
    }

    private func settle(_ verdict: RateLimitVerdict, _ call: Call) -> Dispatch? {
        call.quota = verdict.quota
        guard verdict.isRefused else { return nil }
        return .refuse(
            Refusal(
                failure: verdict.isUndecided ? .overloaded : .rateLimited,
                retryAfterSeconds: verdict.retryAfterSeconds))
    }

    private func question(about call: Call, _ limiter: RateLimiter) -> LimitedCall? {
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
            if limiter.countsTools {
                question.tool = request.body.withByteView { limiter.hash.tool(name, in: $0) }
            }
            question.count = call.tool?.cost ?? 1
        }
        return question
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
