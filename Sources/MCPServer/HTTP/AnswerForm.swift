import NIOCore
import Transport
import Wire

/// The media type in which a message is answered.
enum AnswerForm: Sendable {
    /// One JSON text.
    case json
    /// A stream of one event, for clients that accept nothing else.
    case eventStream

    /// The form that the request's `Accept` asks for: JSON unless it is excluded.
    init(_ request: HTTPServerRequest) {
        let acceptsJSON = EndpointRules.accepts(
            "application/json", "application/*", request.head.fields, request.headBytes)
        self = acceptsJSON ? .json : .eventStream
    }

    /// Whether the request's `Accept` allows an event stream.
    static func allowsStream(_ request: HTTPServerRequest) -> Bool {
        EndpointRules.accepts("text/event-stream", "text/*", request.head.fields, request.headBytes)
    }

    /// The header lines of the form.
    var fields: StaticString {
        switch self {
        case .json: "Content-Type: application/json\r\n"
        case .eventStream: "Content-Type: text/event-stream\r\nCache-Control: no-cache, no-transform\r\n"
        }
    }

    /// A message as an event.
    static func event(_ message: ByteBuffer) -> ByteBuffer {
        var message = message
        message.replaceLineEnds()
        var event = ByteBuffer()
        event.reserveCapacity(message.readableBytes &+ 32)
        event.writeStaticString("event: message\ndata: ")
        event.writeImmutableBuffer(message)
        event.writeStaticString("\n\n")
        return event
    }
}

extension ByteBuffer {
    /// Puts a JSON text on one line: a line end can only stand between its tokens, where a space means the same.
    mutating func replaceLineEnds() {
        let hasLineEnd = withUnsafeReadableBytes { bytes in bytes.contains { $0 == 0x0A || $0 == 0x0D } }
        guard hasLineEnd else { return }
        withUnsafeMutableReadableBytes { bytes in
            for index in bytes.indices where bytes[index] == 0x0A || bytes[index] == 0x0D { bytes[index] = 0x20 }
        }
    }
}

extension HTTPPage.Contents.Form {
    /// Whether the request's `Accept` allows an event stream.
    static func allowsStream(_ request: HTTPServerRequest) -> Bool {
        EndpointRules.accepts("text/event-stream", "text/*", request.head.fields, request.headBytes)
    }

    /// The header lines of the form.
    var fields: StaticString {
        switch self {
        case .json: "Content-Type: application/json\r\nCache-Control: no-store\r\n"
        case .prometheus:
            "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\nCache-Control: no-store\r\n"
        }
    }
}
