import NIOCore
import Transport
import Wire

extension RequestHandler {
    /// Answers with what the cache has; then fetches it anew if there is a ticket.
    func serve(_ served: ServedAnswer, refresh ticket: FlightTicket?) {
        timer.disarm()
        guard let client, let request = call.request, let id = call.envelope?.id else { return }
        // While the call still holds what is to be asked for.
        if let ticket { refresh(ticket) }
        let answer = served.answer
        let count = answer.servedCount(idCount: id.range.count, remaining: served.remaining)
        var writer = HTTPHeadWriter(loop.takeBuffer(), reserving: 512 + count)
        writer.statusLine(200)
        // It is an answer to a POST, and nothing that anybody on the way may keep.
        writer.lines("Content-Type: application/json\r\nCache-Control: no-store\r\n")
        served.outcome.writeFields(age: served.age, into: &writer)
        writeTrailingFields(&writer, client: client, sealed: nil)
        writer.field("Content-Length: ", count)
        var buffer = writer.finish()
        request.body.withByteView { view in
            answer.write(id: view[id.range], remaining: served.remaining, into: &buffer)
        }
        // A tool that failed is never kept.
        finishCall(.ok, httpStatus: 200, answerByteCount: count)
        client.finish(buffer)
        loop.recycle(buffer)
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
