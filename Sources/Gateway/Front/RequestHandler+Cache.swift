import NIOCore
import Transport
import Wire

/// A call and the cache: served by it, waiting for somebody else's call, or going on for those who wait.
extension RequestHandler {
    /// Answers with what the cache has; then fetches it anew if there is a ticket.
    func serve(_ served: ServedAnswer, refresh ticket: FlightTicket?) {
        timer.disarm()
        guard let client, let request = call.request, let id = call.envelope?.id else { return }
        // While the call still holds what is to be asked for.
        if let ticket { refresh(ticket) }
        let answer = served.answer
        let count = answer.servedCount(idCount: id.range.count, era: call.era, remaining: served.remaining)
        var writer = HTTPHeadWriter(loop.takeBuffer(), reserving: 512 + count)
        writer.statusLine(200)
        // It is an answer to a POST, and nothing that anybody on the way may keep.
        writer.lines("Content-Type: application/json\r\nCache-Control: no-store\r\n")
        served.outcome.writeFields(age: served.age, into: &writer)
        writeTrailingFields(&writer, client: client, sealed: nil)
        writer.field("Content-Length: ", count)
        var buffer = writer.finish()
        request.body.withByteView { view in
            answer.write(id: view[id.range], era: call.era, remaining: served.remaining, into: &buffer)
        }
        // A tool that failed is never kept.
        finishCall(.ok, httpStatus: 200, answerByteCount: count)
        client.finish(buffer)
        loop.recycle(buffer)
    }

    /// Waits no more for somebody else's answer.
    func stopWaiting() {
        guard let waiter = call.caching?.waiter else { return }
        call.caching?.waiter = nil
        room.desk.remove(waiter)
        _ = shard.plan.cache.leave(waiter)
    }

    /// What has become of somebody else's call for which this one has waited.
    func flightNews(_ news: FlightNews) {
        timer.disarm()
        call.caching?.waiter = nil
        if case .lead(let ticket) = news {
            guard let question = call.caching?.question else { return }
            // The same call, but perhaps not the same caller.
            call.caching?.ticket = ticket.asking(question)
        }
        carryOut(loop.executor.enter(shard, Shard.goOn, call))
    }

    /// The client has left, but others wait for the answer: the call is over for it, and goes on.
    func goOnForCache(_ connection: HTTPServerConnection) {
        forwardedFields = forwarded()
        client = nil
        housekeeper.carryOut(
            loop.executor.enter(
                shard, Shard.finished,
                Shard.CallEnd(call: call, status: .clientGone, httpStatus: 499, answerByteCount: 0)))
        isForCacheOnly = true
        connection.close()
    }

    /// Begins a call that fetches for the cache what this call has asked for.
    func refresh(_ ticket: FlightTicket) {
        let handler = RequestHandler(refreshing: self, ticket)
        handler.carryOut(loop.executor.enter(shard, Shard.beginRefresh, handler.call))
    }
}

extension GatewayFailure {
    /// Whether what is stale is better than this (reliability: "Cache", stale on error).
    var allowsStaleAnswer: Bool {
        switch self {
        case .unavailable, .timeout, .badAnswer, .backendLost, .overloaded: true
        default: false
        }
    }
}
