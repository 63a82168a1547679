/// The heads that were received lately on the connections of an event loop.
///
/// Peers send the same head again and again, down to the byte, and peers of one kind send the same one as their like. What
/// a head says is a function of its bytes: bytes that are the same need not be read once more, nor kept once more for each
/// of ten thousand connections. A connection looks at its own last head first, then at the last few of its loop.
///
/// Belongs to its loop.
public final class HTTPHeadMemory {
    /// Longer heads are not remembered, so that connections at rest stay small.
    private static let maximumByteCount = 2_048
    /// Heads that are compared with one that is not its connection's last.
    private static let count = 8

    /// What a connection holds before its first head: one that says nothing.
    public let nothing = HTTPReceivedHead()
    private var recent: [HTTPReceivedHead] = []
    private var oldest = 0

    /// A memory that remembers nothing yet.
    public init() {}

    /// Reads on in `bytes`, which begin with the head's first byte. `true` when the head is complete: then `head`, which
    /// was the last one of the connection, is the new one, and `parser` is ready for the next.
    public func read(
        _ bytes: ByteView, with parser: inout HTTPHeadParser, into head: inout HTTPReceivedHead
    ) throws(HTTPError) -> Bool {
        if parser.isAtStart, recall(bytes, into: &head) { return true }
        do throws(HTTPError) {
            guard try parser.parse(bytes) else { return false }
        } catch {
            // What is said of the bad head must not follow from the last one.
            head = nothing
            throw error
        }
        keep(bytes, &parser, into: &head)
        return true
    }

    /// Lets go of a head that only its connection holds.
    public func release(_ head: inout HTTPReceivedHead) {
        if !head.isRemembered { head = nothing }
    }

    private func recall(_ bytes: ByteView, into head: inout HTTPReceivedHead) -> Bool {
        if !head.begins(bytes) {
            guard let known = recent.first(where: { $0.begins(bytes) }) else { return false }
            head = known
        }
        head.isRepeated = true
        return true
    }

    /// Takes the head that `parser` has read, in an object that is used again if it can be, and remembers it.
    private func keep(_ bytes: ByteView, _ parser: inout HTTPHeadParser, into head: inout HTTPReceivedHead) {
        if !isKnownUniquelyReferenced(&head) { head = HTTPReceivedHead() }
        head.note = nil
        head.isRepeated = false
        // Exchanged and not assigned: the parser reads the next head into the storage of an older one.
        swap(&head.request, &parser.request)
        swap(&head.response, &parser.response)
        head.copy(bytes.slice(from: 0, to: parser.byteCount))
        head.isRemembered = parser.byteCount <= HTTPHeadMemory.maximumByteCount
        parser.reset()
        guard head.isRemembered else { return }
        if recent.count < HTTPHeadMemory.count {
            recent.append(head)
        } else {
            recent[oldest] = head
            oldest = (oldest + 1) % HTTPHeadMemory.count
        }
    }
}

@available(*, unavailable)
extension HTTPHeadMemory: Sendable {}
