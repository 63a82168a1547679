import NIOCore
import Redis
import Wire

extension RequestHandler {
    /// Asks the Redis that gateways share whether the limits let the call through. The answer comes within the time that
    /// a decision may take; at once, and from this process alone, while Redis is not there.
    func askLimits() {
        state = .asking
        guard let lane = home.redis, lane.isServing, let question = call.limited,
            let command = shard.plan.limiter?.shared?.command(for: question)
        else { return limitsAnswered(nil) }
        let inbox = limitsInbox ?? LimitsInbox(self)
        limitsInbox = inbox
        inbox.replyCount += 1
        lane.send(command, then: inbox.reply)
    }

    /// Redis has answered the last of the calls of this connection, or has not.
    fileprivate func limitsReplied(_ reply: Result<RESPValue, RedisError>) {
        // The client may have left meanwhile: then nobody waits for this.
        guard state == .asking else { return }
        limitsAnswered(try? reply.get())
    }

    private func limitsAnswered(_ reply: RESPValue?) {
        carryOut(loop.executor.enter(shard, Shard.limitsAnswered, Shard.LimitsAnswer(call: call, reply: reply)))
    }
}

/// Where Redis' replies about limits come for one connection; made once, when its first call asks.
///
/// It waits in the client of Redis and lets go of the connection's handler when the connection has closed. Not by a weak
/// reference: an object to which there is one pays for it whenever it is retained.
final class LimitsInbox {
    private var handler: RequestHandler?
    /// How many replies are still to come, those to calls that are over included.
    fileprivate var replyCount = 0
    /// What is told of each reply.
    fileprivate private(set) var reply: RedisReplyHandler = { _ in }

    init(_ handler: RequestHandler) {
        self.handler = handler
        // The circle ends with the connection.
        reply = { self.take($0) }
    }

    /// The connection has closed.
    func close() {
        handler = nil
        reply = { _ in }
    }

    private func take(_ reply: Result<RESPValue, RedisError>) {
        replyCount -= 1
        if replyCount == 0 { handler?.limitsReplied(reply) }
    }
}
