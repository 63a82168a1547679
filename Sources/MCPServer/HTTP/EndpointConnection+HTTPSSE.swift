import NIOCore
import Transport
import Wire

/// HTTP+SSE of 2024-11-05, where it is switched on: a GET opens the event stream on which everything comes, and says to
/// where everything is to be posted.
extension EndpointConnection {
    /// What a GET of the stream's path has opened.
    struct EventStream {
        var id: SessionID
        var writer: EventWriter
        var peer: DuplexPeer
        /// Held here: the peer does not.
        var way: EventPeerStream
    }

    func openEventStream(_ request: HTTPServerRequest, on connection: HTTPServerConnection) {
        let writer = EventWriter(request, on: connection, loop: loop.context)
        let way = EventPeerStream(writer)
        let principal = request.received.requestField(.authorization).map { StateSealer.principal($0) }
        let peer = DuplexPeer(
            loop.server, eras: [.legacy], principal: principal, executor: loop.context.executor, way: way,
            metrics: loop.metrics)
        let bound = NIOLoopBound(peer, eventLoop: loop.context.eventLoop)
        guard let id = loop.eventPeers.open(bound, principal: principal) else {
            loop.metrics.record(refusal: .overloaded)
            refuse(.overloaded, on: connection)
            return
        }
        eventStream = EventStream(id: id, writer: writer, peer: peer, way: way)
        var event = ByteBuffer()
        event.writeStaticString("event: endpoint\ndata: ")
        event.writeString(loop.settings.messagesPath)
        event.writeStaticString("?sessionId=")
        id.write(into: &event)
        event.writeStaticString("\n\n")
        _ = writer.send(event)
    }

    func receivePosted(_ request: HTTPServerRequest, on connection: HTTPServerConnection) {
        let principal = request.received.requestField(.authorization).map { StateSealer.principal($0) }
        guard let id = sessionID(in: request) else {
            loop.metrics.record(refusal: .session)
            return refuse(.badRequest, "sessionId is required: open the event stream first", on: connection)
        }
        guard let peer = loop.eventPeers.find(id, by: principal) else {
            loop.metrics.record(refusal: .session)
            return refuse(.sessionNotFound, on: connection)
        }
        let body = request.body
        if peer.eventLoop.inEventLoop {
            peer.value.receive(body)
        } else {
            peer.eventLoop.execute { peer.value.receive(body) }
        }
        connection.respond(
            HTTPAnswer(
                status: 202, fields: "Content-Type: text/plain; charset=utf-8\r\n", body: ByteBuffer(string: "Accepted")
            ))
    }

    /// The value of `sessionId` in the query.
    private func sessionID(in request: HTTPServerRequest) -> SessionID? {
        let query = request.headBytes[request.head.query]
        let name = "sessionId=" as StaticString
        var start = 0
        while start < query.count {
            var end = start
            while end < query.count, query[end] != UInt8(ascii: "&") { end &+= 1 }
            let pair = query.slice(from: start, to: end)
            if pair.slice(from: 0, to: name.utf8CodeUnitCount).equals(name) {
                return SessionID(pair.slice(from: name.utf8CodeUnitCount, to: pair.count))
            }
            start = end &+ 1
        }
        return nil
    }

    /// The client of the event stream has gone, and with it what it has asked for.
    func closeEventStream() {
        guard let stream = eventStream else { return }
        eventStream = nil
        loop.eventPeers.close(stream.id)
        stream.peer.end()
        stream.writer.finish(ByteBuffer())
    }
}
