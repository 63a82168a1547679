import NIOCore
import Transport
import Wire

/// The answer to one request over HTTP: a JSON text, unless something has to be said before it. From then on it is an
/// event stream, whose last event is the answer.
///
/// Belongs to the loop of its connection.
final class RequestStream {
    /// The events, once there are any.
    let writer: EventWriter
    /// The way for handlers, which may run anywhere.
    let outlet: any MessageOutlet
    /// The outlet again, of a session that keeps events for a client that comes back.
    private let sessionOutlet: SessionOutlet?

    /// The answer to `request`; `canStream` tells whether it may be an event stream. Events of a `session` are kept in it.
    init(
        _ request: HTTPServerRequest, on connection: HTTPServerConnection, loop: LoopContext, canStream: Bool,
        session: ClientSession?
    ) {
        writer = EventWriter(request, on: connection, loop: loop)
        guard canStream else {
            outlet = ClosedOutlet()
            sessionOutlet = nil
            return
        }
        if let session {
            let outlet = SessionOutlet(session.streams, ConnectionSink(writer, loop.eventLoop))
            self.outlet = outlet
            sessionOutlet = outlet
        } else {
            outlet = RequestOutlet(writer, loop.eventLoop)
            sessionOutlet = nil
        }
    }

    /// Sends the answer as the last event, or keeps it for a client that comes back. `false` if it has to be sent as JSON.
    func finish(_ answer: ByteBuffer) -> Bool {
        if let sessionOutlet {
            if sessionOutlet.finish(answer) { return true }
        } else if writer.isOpen {
            writer.finish(AnswerForm.event(answer))
            return true
        }
        writer.end()
        return false
    }

    /// The client has gone.
    func clientLeft() {
        sessionOutlet?.clientLeft()
        writer.end()
    }
}

@available(*, unavailable)
extension RequestStream: Sendable {}

/// The outlet of a request that has no session: what is not taken at once is lost.
private struct RequestOutlet: MessageOutlet {
    private let writer: NIOLoopBound<EventWriter>

    init(_ writer: EventWriter, _ eventLoop: any EventLoop) {
        self.writer = NIOLoopBound(writer, eventLoop: eventLoop)
    }

    func send(_ message: ByteBuffer) async -> Bool {
        let writer = writer
        let event = AnswerForm.event(message)
        // A loop that has ended takes nothing more, as a client that has gone.
        return (try? await writer.eventLoop.flatSubmit { writer.value.send(event) }.get()) != nil
    }
}

/// The outlet of a client that takes nothing but an answer.
private struct ClosedOutlet: MessageOutlet {
    func send(_ message: ByteBuffer) async -> Bool { false }
}
