import NIOCore
import Wire

/// An event stream on its way from a backend to a client: cut into events, each checked when it is complete.
///
/// Holds what has come of the event that is still incomplete (at most 1 MiB) and what is ready to go out.
struct AnswerStream {
    /// What one event means for the call.
    enum Event {
        /// Nothing: a notification, a comment, the priming event.
        case passed
        /// The answer itself.
        case answer(JSONRPCEnvelope)
        /// Not what a backend may send here.
        case broken
    }

    /// Bytes that have been passed on and may stay in front of those that wait.
    private static let discardLimit = 65_536
    /// Bytes that may wait for the head that is held back.
    static let heldLimit = 1_048_576

    private var parser = SSEParser()
    private var pending = ByteBuffer()
    /// Whole events that have been checked and wait to be written.
    var ready = ByteBuffer()
    /// How many answers the call wants: one for each request of a batch, none where a client only listens.
    let expectedAnswerCount: Int
    /// How many have passed.
    private var answerCount = 0
    /// Whether the stream answers a call.
    var hasCall: Bool { expectedAnswerCount > 0 }
    /// Whether all answers have passed.
    var isAnswered: Bool { answerCount >= expectedAnswerCount && hasCall }
    /// Whether an event had an id, with which a client of a session goes on if the stream ends before the answer (MCP
    /// 2025-11-25, Streamable HTTP, polling).
    private(set) var canBeResumed = false
    /// Whether the head has been held back until the answer is there.
    var holdsHead: Bool
    /// Whether the client understands chunks; HTTP/1.0 does not, and gets the bytes until the connection closes.
    let isChunked: Bool
    /// When the last byte came from the backend, and when the last one went to the client.
    var lastReceivedAt: NIODeadline
    var lastSentAt: NIODeadline
    let endsAt: NIODeadline
    /// What was sent of the body, for the log.
    var sentByteCount = 0

    /// Memory that is held for the event that is still incomplete, for tests.
    var pendingCapacity: Int { pending.capacity }

    init(expectedAnswerCount: Int, holdsHead: Bool, isChunked: Bool, now: NIODeadline, endsAt: NIODeadline) {
        self.expectedAnswerCount = expectedAnswerCount
        self.holdsHead = holdsHead
        self.isChunked = isChunked
        self.lastReceivedAt = now
        self.lastSentAt = now
        self.endsAt = endsAt
    }

    /// Takes a part of the stream in; whole events go to `ready`. Stops at the first one that is broken.
    mutating func take(
        _ piece: ByteBuffer, judge: (ByteView) -> Event, onAnswer: (JSONRPCEnvelope, ByteView) -> Void
    ) -> Bool {
        if pending.readableBytes == 0 {
            pending = piece
        } else {
            pending.writeImmutableBuffer(piece)
        }
        while true {
            let block: SSEBlock?
            do throws(SSEError) {
                block = try parser.next(in: pending)
            } catch {
                return false
            }
            guard let block else { break }
            guard let bytes = pending.readSlice(length: block.byteCount) else { return false }
            if let id = block.id, !id.isEmpty { canBeResumed = true }
            if block.isMessage {
                let isGood = bytes.withByteView { view -> Bool in
                    if let data = block.data { return check(view[data], judge, onAnswer) }
                    return block.joinedData(in: view).withUnsafeBytes { check(ByteView($0), judge, onAnswer) }
                }
                guard isGood else { return false }
            }
            ready.writeImmutableBuffer(bytes)
        }
        if pending.readableBytes == 0 {
            pending = ByteBuffer()
        } else if pending.readerIndex > AnswerStream.discardLimit {
            // Pieces that never end where an event does would keep all of the stream.
            pending.discardReadBytes()
        }
        return true
    }

    private mutating func check(
        _ data: ByteView, _ judge: (ByteView) -> Event, _ onAnswer: (JSONRPCEnvelope, ByteView) -> Void
    ) -> Bool {
        switch judge(data) {
        case .passed:
            return true
        case .answer(let envelope):
            // Servers of 2025-03-26 may send the answers of a batch one by one or together.
            let count = envelope.kind == .batch ? envelope.batchCount : 1
            guard count <= expectedAnswerCount - answerCount else { return false }
            answerCount += count
            onAnswer(envelope, data)
            return true
        case .broken:
            return false
        }
    }
}
