public import NIOCore

/// The head of a message as it was received: what it says, its bytes, and what others have made of them.
///
/// One object may serve all messages of an event loop that begin with the same bytes (`HTTPHeadMemory`). It is not changed
/// as long as anybody refers to it, except for `note`.
public final class HTTPReceivedHead {
    /// What the head of a request says; of an answer's head nothing.
    public internal(set) var request: HTTPRequestHead
    /// What the head of an answer says; of a request's head nothing.
    public internal(set) var response: HTTPResponseHead
    /// The bytes of the head, over which the ranges in it go.
    public internal(set) var bytes: ByteBuffer
    /// Something that was made of this head and that follows from its bytes alone, so that it need not be made again.
    /// Whoever puts it there must know what it was made with.
    public var note: AnyObject?
    /// Whether it has come more than once: then it is worth making a note.
    public internal(set) var isRepeated = false
    /// Whether a memory keeps it: then it is shared, and a connection at rest may hold on to it.
    public internal(set) var isRemembered = false

    /// A head; one that says nothing unless given.
    public init(
        request: HTTPRequestHead = HTTPRequestHead(), response: HTTPResponseHead = HTTPResponseHead(),
        bytes: ByteBuffer = ByteBuffer()
    ) {
        self.request = request
        self.response = response
        self.bytes = bytes
    }

    /// Whether `bytes` begin with this head.
    func begins(_ bytes: ByteView) -> Bool {
        let count = self.bytes.readableBytes
        guard count > 0, count <= bytes.count else { return false }
        return self.bytes.withUnsafeReadableBytes { ByteView($0).equals(bytes.slice(from: 0, to: count)) }
    }
}

@available(*, unavailable)
extension HTTPReceivedHead: Sendable {}
