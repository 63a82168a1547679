package import NIOCore
package import Wire

/// What a server does with the requests of one connection. All calls come on the connection's loop.
package protocol HTTPServerDelegate: AnyObject {
    /// The head of a request has been read. Says whether its body is wanted.
    func verdict(on head: HTTPReceivedHead, connection: HTTPServerConnection) -> HTTPHeadVerdict

    /// A whole request has been read; `connection` expects one answer, now or later.
    func receive(_ request: HTTPServerRequest, on connection: HTTPServerConnection)

    /// The client will send no more (`isClosed` is false: it may still read) or is gone, while an answer is outstanding.
    /// The answer may still be given; it goes nowhere if the connection is closed.
    func clientLeft(_ connection: HTTPServerConnection, isClosed: Bool)

    /// The connection takes more of a streamed answer, or has enough for now.
    func writabilityChanged(_ connection: HTTPServerConnection, isWritable: Bool)

    /// The answer to bytes that were not HTTP; counts and words it. The connection closes after it whatever the answer says,
    /// except for `expectation`.
    func answer(to error: HTTPError) -> HTTPAnswer

    /// The connection is closed; nothing follows.
    func closed(_ connection: HTTPServerConnection)
}

/// Whether the body of a request is read.
package enum HTTPHeadVerdict {
    /// Read the body, up to `maximumBody` bytes, and deliver the request.
    case accept(maximumBody: Int)
    /// Answer now, without the body.
    case refuse(HTTPAnswer)
}

/// A whole answer that is small and known at once.
package struct HTTPAnswer {
    /// The status code.
    package var status: Int
    /// Literal field lines, each with its line end.
    package var fields: StaticString
    /// The body; empty for none.
    package var body: ByteBuffer
    /// Whether the connection is closed after the answer whatever the request asked for.
    package var closesConnection: Bool
    /// The value of `Retry-After`, in seconds; 0 for none.
    package var retryAfterSeconds = 0
    /// More field lines, each with its line end, where they are not literal; nothing that came from outside unchecked.
    package var addedFields: [UInt8] = []

    /// An answer; `fields` are literal lines such as `"Content-Type: application/json\r\n"`.
    package init(
        status: Int, fields: StaticString = "", body: ByteBuffer = ByteBuffer(), closesConnection: Bool = false
    ) {
        self.status = status
        self.fields = fields
        self.body = body
        self.closesConnection = closesConnection
    }
}

/// One request with its whole body. The body is a part of what was received; only chunks are copied together.
///
/// A connection uses the same object for all of its requests: it is valid until the request has been answered. Belongs to
/// the connection's loop.
package final class HTTPServerRequest {
    /// The head, which may be shared with other requests that begin with the same bytes.
    package internal(set) var received: HTTPReceivedHead
    /// The body; chunks are joined.
    package internal(set) var body: ByteBuffer

    /// A copy of what the head says, as ranges over `headBytes`; `received` lends it for less.
    package var head: HTTPRequestHead { received.request }

    /// The bytes of the head, as long as this is the request that is being answered.
    package var headBytes: ByteView { received.bytes }

    /// A request that was read, or one that will be.
    package init(_ received: HTTPReceivedHead, body: ByteBuffer = ByteBuffer()) {
        self.received = received
        self.body = body
    }
}

@available(*, unavailable)
extension HTTPServerRequest: Sendable {}
