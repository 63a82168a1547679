import NIOCore
import Redis
import Wire

extension RequestHandler {
    /// Asks the Redis that gateways share whether the limits let the call through. The answer comes within the time that
    /// a decision may take; at once, and from this process alone, while Redis is not there.
    func askLimits() {
        state = .asking
        guard let lane = room.redis, lane.isServing, let question = call.limited,
            let command = shard.plan.limiter?.shared?.command(for: question)
        else { return limitsAnswered(nil) }
        limitsReplyCount += 1
        lane.send(command, then: replyHandler())
    }

    /// The same for all calls of the connection. Weak: it waits in the client, and nobody needs the connection for that.
    private func replyHandler() -> RedisReplyHandler {
        if let limitsReply { return limitsReply }
        let reply: RedisReplyHandler = { [weak self] reply in
            guard let self else { return }
            limitsReplyCount -= 1
            // The client may have left meanwhile: then nobody waits for this.
            guard state == .asking, limitsReplyCount == 0 else { return }
            limitsAnswered(try? reply.get())
        }
        limitsReply = reply
        return reply
    }

    private func limitsAnswered(_ reply: RESPValue?) {
        carryOut(loop.executor.enter(shard, Shard.limitsAnswered, Shard.LimitsAnswer(call: call, reply: reply)))
    }
}
