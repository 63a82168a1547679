public import NIOCore
public import Wire

/// A page beside the MCP endpoint that answers POST with an event stream, for clients that know nothing of MCP.
///
/// ```
/// HTTPStreamPage(path: "/count") { body in
///     guard let limit = Int(String(buffer: body)) else { return .refuse(…) }
///     return .stream { outlet in
///         for number in 0..<limit { try await outlet.send(SSEEvent(data: ByteBuffer(string: "\(number)"))) }
///     }
/// }
/// ```
public struct HTTPStreamPage: Sendable {
    /// What a page does with a request.
    public enum Opening: Sendable {
        /// Answers at once.
        case refuse(HTTPPage.Contents)
        /// Answers with the events that the work sends, and ends the stream with it. The work's task is cancelled when the
        /// client has gone; what it throws ends it, too.
        case stream(@Sendable (EventOutlet) async throws -> Void)
    }

    /// The path, exactly, such as `/mcp/stream`.
    public let path: String
    /// Looks at the body of a request, which has come as `application/json`. Runs on the event loop of the request and must
    /// not wait.
    public let open: @Sendable (ByteBuffer) -> Opening

    /// A page.
    public init(path: String, open: @escaping @Sendable (ByteBuffer) -> Opening) {
        self.path = path
        self.open = open
    }
}

/// The way to the client of an `HTTPStreamPage`.
public struct EventOutlet: Sendable {
    private let stream: NIOLoopBound<PageStream>

    /// The outlet of `stream`. Only on its loop.
    init(_ stream: PageStream, _ eventLoop: any EventLoop) {
        self.stream = NIOLoopBound(stream, eventLoop: eventLoop)
    }

    /// Sends an event; returns when the client takes another one. Throws `CancellationError` when it has gone.
    public func send(_ event: SSEEvent) async throws {
        try Task.checkCancellation()
        let stream = stream
        try await stream.eventLoop.flatSubmit { stream.value.send(event) }.get()
    }
}
