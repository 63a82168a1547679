public import NIOCore
public import Wire

/// Decides which requests are served, such as a rate limit. Asked about those to the MCP endpoint and to streaming pages;
/// other pages are for operators and always served.
public protocol RequestAdmission: Sendable {
    /// Whether a request is served. Called for each, when all of it has come, on the event loop of its connection, where
    /// everything else waits meanwhile.
    func decide(_ caller: RequestCaller) -> RequestVerdict
}

/// Whether a request is served.
public enum RequestVerdict: Hashable, Sendable {
    /// It is.
    case serve
    /// It is answered 429; the client may come back after so many seconds, 1….
    case refuse(retryAfterSeconds: Int)
}

/// Who sends a request, as far as that can be seen.
public struct RequestCaller {
    /// The head of the request.
    public var head: HTTPReceivedHead
    /// The other end of the connection: a client, or a proxy.
    public var address: SocketAddress?
    /// When the request came.
    public var now: NIODeadline

    /// A caller.
    public init(head: HTTPReceivedHead, address: SocketAddress?, now: NIODeadline) {
        self.head = head
        self.address = address
        self.now = now
    }
}

@available(*, unavailable)
extension RequestCaller: Sendable {}
