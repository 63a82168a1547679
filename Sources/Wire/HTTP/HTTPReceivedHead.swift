/// The head of a message as it was received: what it says, its bytes, and what others have made of them.
///
/// One object may serve all messages of an event loop that begin with the same bytes (`HTTPHeadMemory`). It is not changed
/// as long as anybody refers to it, except for `note` and `isRepeated`. The bytes lie in memory of its own, so that they
/// can be looked at without a closure, or a count of references, for each look.
public final class HTTPReceivedHead {
    /// What the head of a request says; of an answer's head nothing.
    public internal(set) var request: HTTPRequestHead
    /// What the head of an answer says; of a request's head nothing.
    public internal(set) var response: HTTPResponseHead
    /// The bytes of the head, over which the ranges in it go. Only while this object is referred to.
    public private(set) var bytes: ByteView
    /// Something that was made of this head and that follows from its bytes alone, so that it need not be made again.
    /// Whoever puts it there must know what it was made with.
    public var note: AnyObject?
    /// Whether it has come more than once: then it is worth making a note.
    public internal(set) var isRepeated = false
    /// Whether a memory keeps it: then it is shared, and a connection at rest may hold on to it.
    public internal(set) var isRemembered = false
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    /// A head, with a copy of `bytes`; one that says nothing unless given.
    public init(
        request: HTTPRequestHead = HTTPRequestHead(), response: HTTPResponseHead = HTTPResponseHead(),
        bytes: ByteView = ByteView(UnsafeRawBufferPointer(start: nil, count: 0))
    ) {
        self.request = request
        self.response = response
        self.bytes = ByteView(UnsafeRawBufferPointer(start: nil, count: 0))
        copy(bytes)
    }

    deinit {
        memory.deallocate()
    }

    /// The bytes of a request's first field with that name; `nil` without one. Only while this object is referred to.
    public func requestField(_ name: HTTPFieldName) -> ByteView? {
        guard let range = request.fields[name] else { return nil }
        return bytes[range]
    }

    /// The bytes of an answer's first field with that name; `nil` without one. Only while this object is referred to.
    public func answerField(_ name: HTTPFieldName) -> ByteView? {
        guard let range = response.fields[name] else { return nil }
        return bytes[range]
    }

    /// Takes a copy of `source` for its bytes.
    func copy(_ source: ByteView) {
        if memory.count < source.count {
            memory.deallocate()
            memory = .allocate(byteCount: source.count, alignment: 1)
        }
        memory.copyMemory(from: source.raw)
        bytes = ByteView(UnsafeRawBufferPointer(rebasing: memory[..<source.count]))
    }

    /// Whether `other` begins with this head.
    func begins(_ other: ByteView) -> Bool {
        bytes.count > 0 && bytes.equals(other.slice(from: 0, to: bytes.count))
    }
}

@available(*, unavailable)
extension HTTPReceivedHead: Sendable {}
