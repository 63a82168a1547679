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
        let number = callNumber
        lane.send(command) { [self] reply in
            // The client may have left meanwhile: then nobody waits for this.
            guard state == .asking, callNumber == number else { return }
            limitsAnswered(try? reply.get())
        }
    }

    private func limitsAnswered(_ reply: RESPValue?) {
        carryOut(loop.executor.enter(shard, Shard.limitsAnswered, Shard.LimitsAnswer(call: call, reply: reply)))
    }
}
