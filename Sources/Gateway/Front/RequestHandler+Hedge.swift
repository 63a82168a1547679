import NIOCore
import Transport
import Wire

/// A second attempt beside the first one, for calls whose answer keeps them waiting.
extension RequestHandler {
    /// The first attempt has had its time: asks somebody else as well, if there is somebody.
    func beginHedge() {
        call.hedgesAt = nil
        defer { armForHead() }
        guard let hedge = loop.executor.enter(shard, Shard.beginHedge, call) else { return }
        hedge.handler = self
        hedge.connection.lessee = hedge
        self.hedge = hedge
        if hedge.isConnected {
            send(on: hedge.connection)
        } else {
            network.connect(
                to: hedge.backend.plan.address, timeout: pool.timeouts.connect, on: loop.eventLoop,
                connection: hedge.connection.http)
        }
    }

    /// The second attempt has been answered before the first.
    func hedgeAnswered(_ hedge: HedgeAttempt, _ head: HTTPReceivedHead) {
        let verdict = AnswerRules.judge(head.response, head.bytes, call: call)
        guard verdict.isGood, state == .awaiting || state == .connecting else {
            return endHedge(verdict.outcome, retryAfterSeconds: verdict.retryAfterSeconds)
        }
        closeBackend()
        takeOver(hedge, after: .superseded)
        answerHead(head)
    }

    /// The second attempt has come to nothing; the first one goes on.
    func hedgeFailed(_ hedge: HedgeAttempt, _ outcome: AttemptOutcome) {
        endHedge(outcome)
    }

    /// The first attempt has failed: the second one, which is under way, is its retry. Whether there is one.
    func goOnWithHedge(after outcome: AttemptOutcome) -> Bool {
        call.hedgesAt = nil
        guard let hedge else { return false }
        guard !hasAnswered, outcome.mayBeRepeated, loop.eventLoop.now < call.deadline(in: pool) else {
            endHedge()
            return false
        }
        takeOver(hedge, after: outcome)
        state = hedge.connection.http.isOpen ? .awaiting : .connecting
        armForHead()
        return true
    }

    private func takeOver(_ hedge: HedgeAttempt, after outcome: AttemptOutcome) {
        self.hedge = nil
        hedge.handler = nil
        loop.executor.enter(shard, Shard.takeOver, Shard.HedgeEnd(call: call, hedge: hedge, outcome: outcome))
        hedge.connection.lessee = self
    }

    /// Ends the second attempt, if there is one.
    func endHedge(_ outcome: AttemptOutcome = .superseded, retryAfterSeconds: Int = 0) {
        guard let hedge else { return }
        self.hedge = nil
        hedge.handler = nil
        hedge.connection.lessee = nil
        hedge.connection.http.close()
        loop.executor.enter(
            shard, Shard.hedgeEnded,
            Shard.HedgeEnd(call: call, hedge: hedge, outcome: outcome, retryAfterSeconds: retryAfterSeconds))
    }
}
