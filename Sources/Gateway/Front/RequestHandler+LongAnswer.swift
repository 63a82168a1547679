import NIOCore
import Transport
import Wire

/// A JSON answer that is too long to be held: it flows to the client while it is checked.
///
/// The last piece that has come is held back until the next one is there, or until the end has been judged, so that an
/// answer that turns out bad never looks whole to the client.
final class LongAnswer {
    /// Bytes from which on an answer flows instead of being held (reliability: "Memory and flow").
    static let threshold = 262_144

    private var scanner: JSONRPCStreamScanner
    /// Whether the client is told the end by a last chunk; otherwise by the length in the head.
    let isChunked: Bool
    /// The piece that is held back.
    private var pending = ByteBuffer()
    /// Bytes of the body that have come from the backend.
    private(set) var receivedByteCount = 0
    /// A copy of all that has come, for the cache; `nil` if it wants none, or has not the room.
    private(set) var copy: ByteBuffer?
    private let copyLimit: Int

    /// An answer to the call with this `id`, of which a copy is made if it has at most `copyLimit` bytes.
    init(expecting id: [UInt8], seed: UInt64, isChunked: Bool, copyLimit: Int) {
        scanner = JSONRPCStreamScanner(seed: seed, expecting: id)
        self.isChunked = isChunked
        self.copyLimit = copyLimit
        if copyLimit > 0 { copy = ByteBuffer() }
    }

    /// Checks `piece` and holds it back; `false` if the answer is bad.
    func take(_ piece: ByteBuffer) -> Bool {
        do throws(JSONRPCError) {
            try piece.withByteView { bytes throws(JSONRPCError) in try scanner.consume(bytes) }
        } catch {
            return false
        }
        // Known as soon as the id has come, which is mostly at the beginning.
        if scanner.hasWrongID { return false }
        pending = piece
        receivedByteCount += piece.readableBytes
        if receivedByteCount > copyLimit { copy = nil }
        copy?.writeImmutableBuffer(piece)
        return true
    }

    /// How the whole of it counts as the answer to its call; `nil` if it cannot be that.
    func judge() -> CallStatus? {
        do throws(JSONRPCError) {
            let verdict = try scanner.finish()
            guard verdict.idMatches else { return nil }
            switch verdict.kind {
            case .result: return verdict.isToolError ? .toolError : .ok
            case .error: return .rpcError
            case .request, .notification, .batch: return nil
            }
        } catch {
            return nil
        }
    }

    /// The bytes of `pending` as they go out.
    func takePending(isLast: Bool) -> ByteBuffer {
        defer { pending = ByteBuffer() }
        guard isChunked else { return pending }
        var buffer = ByteBuffer()
        buffer.reserveCapacity(pending.readableBytes + 32)
        if pending.readableBytes > 0 { buffer.writeChunk(pending) }
        if isLast { buffer.writeStaticString("0\r\n\r\n") }
        return buffer
    }
}

@available(*, unavailable)
extension LongAnswer: Sendable {}

extension RequestHandler {
    /// What has been held so far is too long to be held on: begins to pass it on, if the call allows that.
    func beginLongAnswer() {
        // An `initialize` needs its whole result before its head; an error or an acceptance is held as well. A client
        // of HTTP/1.0 could not tell a cut body from a whole one unless its length is known.
        guard let head = call.answerHead else { return }
        let length: Int? = if case .length(let count) = head.response.framing { count } else { nil }
        guard let client, let request = call.request, let id = call.envelope?.id, call.envelope?.kind == .request,
            call.method != .initialize, head.response.status == 200, length != nil || request.head.minorVersion == 1
        else { return }
        guard length ?? 0 <= shard.plan.maximumAnswer else {
            failLongAnswer(hasAnswered: false)
            return
        }
        let idText = request.body.withByteView { $0[id.range].bytes }
        let answer = LongAnswer(
            expecting: idText, seed: network.randomSeed(), isChunked: length == nil,
            copyLimit: call.caching?.ticket == nil ? 0 : shard.plan.cache.maximumEntry)
        guard answer.take(call.held) else {
            failLongAnswer(hasAnswered: false)
            return
        }
        call.held = ByteBuffer()
        state = .relaying
        longAnswer = answer

        var writer = HTTPHeadWriter(loop.takeBuffer(), reserving: head.response.byteCount + 512)
        head.writeAnswer(status: 200, withContentType: true, into: &writer)
        if call.caching != nil { CacheOutcome.miss.writeFields(age: .zero, into: &writer) }
        writeTrailingFields(&writer, client: client, sealed: nil)
        if let length {
            writer.field("Content-Length: ", length)
        } else {
            writer.lines("Transfer-Encoding: chunked\r\n")
        }
        let buffer = writer.finish()
        client.begin(buffer)
        loop.recycle(buffer)
    }

    /// Passes on the piece before this one, and holds this one back.
    func relay(_ piece: ByteBuffer) {
        guard let answer = longAnswer else { return }
        guard answer.receivedByteCount + piece.readableBytes <= shard.plan.maximumAnswer else {
            failLongAnswer(hasAnswered: true)
            return
        }
        let previous = answer.takePending(isLast: false)
        guard answer.take(piece) else {
            failLongAnswer(hasAnswered: true)
            return
        }
        guard let client else { return }
        client.stream(previous)
        if !client.isWritable { call.connection?.http.pause() }
    }

    /// The backend has sent all: judges the answer and lets its end go.
    func finishLongAnswer() {
        guard let answer = longAnswer else { return }
        guard let status = answer.judge() else {
            failLongAnswer(hasAnswered: true)
            return
        }
        timer.disarm()
        loop.executor.enter(shard, Shard.attemptEnded, Shard.AttemptEnd(call: call, outcome: .success))
        if call.caching != nil {
            loop.executor.enter(shard, Shard.landLong, Shard.LandedAnswer(call: call, body: answer.copy))
        }
        let last = answer.takePending(isLast: true)
        let client = client
        finishCall(status, httpStatus: 200, answerByteCount: answer.receivedByteCount)
        client?.finish(last)
    }

    private func failLongAnswer(hasAnswered: Bool) {
        failAttempt(.protocolError, .badAnswer, hasAnswered: hasAnswered)
    }

    /// Ends the client's connection in the middle of the body.
    func abortLongAnswer(_ failure: GatewayFailure) {
        let client = client
        finishCall(failed: failure, httpStatus: 200, answerByteCount: longAnswer?.receivedByteCount ?? 0)
        client?.abort()
    }
}
