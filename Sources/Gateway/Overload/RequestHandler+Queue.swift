import NIOCore
import Resilience
import Transport

/// A call for which there is no room: it waits, not for long, and either goes on or is refused.
extension RequestHandler {
    /// Where a call waits.
    struct Waiting {
        let number: UInt64
        let ticket: AdmissionQueue<AdmissionWaiter>.Ticket
        let since: MonotonicTime
    }

    /// Waits until there is room for the call; refuses it if it may not.
    func waitForRoom() {
        let now = loop.eventLoop.now
        // Whoever has waited in vain before has waited since then.
        let arrival = call.queuedAt ?? now
        call.queuedAt = arrival
        call.pausedAt = now
        let since = MonotonicTime(arrival)
        let admission = pool.admission
        let number = home.admissionDesk.add(self)
        let waiter = AdmissionWaiter(
            desk: NIOLoopBound(home.admissionDesk, eventLoop: loop.eventLoop), number: number)
        guard let ticket = admission.wait(waiter, identity: identityInQueue, since: since) else {
            home.admissionDesk.remove(number)
            return refuseForLackOfRoom()
        }
        waiting = Waiting(number: number, ticket: ticket, since: since)
        state = .queued
        armForRoom()
        // Somebody may have left meanwhile who saw nobody wait.
        if admission.departures != call.departures { admission.letIn(1, at: MonotonicTime(now)) }
    }

    /// Whose share of the queue the call takes: that of its credential, or of the address it comes from.
    private var identityInQueue: UInt64 {
        if let credential = call.credential(shard.plan.callers) { return credential.low }
        return (call.address ?? shard.plan.callers.address(client?.remoteAddress)).low
    }

    private func armForRoom() {
        guard let waiting else { return }
        let end = pool.admission.waitEnd(since: waiting.since).deadline
        // Late enough for it to be over when it is looked at.
        loop.wheel.arm(
            timer, at: min(max(end, loop.eventLoop.now + .milliseconds(1)), call.deadline(in: pool)), owner: self)
    }

    /// What has become of the wait.
    func admissionNews(_ news: AdmissionNews) {
        endWait()
        switch news {
        case .admitted:
            call.place.isInPool = true
            carryOut(loop.executor.enter(shard, Shard.goOnAfterPause, call))
        case .refused:
            refuseForLackOfRoom()
        }
    }

    /// The time is over for which a call waits, or that of the call itself.
    func queueDeadlineReached(_ now: NIODeadline) {
        guard let waiting else { return }
        let time = MonotonicTime(now)
        let isOver = now >= call.deadline(in: pool)
        guard isOver || time >= pool.admission.waitEnd(since: waiting.since) else { return armForRoom() }
        // If it has been called already, the news are on their way.
        guard pool.admission.stopWaiting(waiting.ticket, at: time) else { return }
        home.admissionDesk.remove(waiting.number)
        endWait()
        if isOver { refuse(Refusal(failure: .timeout)) } else { refuseForLackOfRoom() }
    }

    /// Waits no more, whatever for.
    func leaveQueue() {
        guard let waiting else { return }
        home.admissionDesk.remove(waiting.number)
        pool.admission.stopWaiting(waiting.ticket, at: MonotonicTime(loop.eventLoop.now))
        endWait()
    }

    private func endWait() {
        timer.disarm()
        waiting = nil
        pool.admission.noteWait(since: MonotonicTime(call.pausedAt), at: MonotonicTime(loop.eventLoop.now))
    }

    private func refuseForLackOfRoom() {
        // What has happened in an attempt says more.
        refuse(Refusal(failure: call.failure ?? .overloaded, retryAfterSeconds: max(call.retryAfterSeconds, 1)))
    }
}
