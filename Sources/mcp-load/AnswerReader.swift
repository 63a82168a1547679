import NIOCore
import Transport
import Wire

/// Takes one answer as it arrives and judges it.
///
/// ```
/// begin ─▶ append … append ─▶ end: nil when the answer is right, else the reason
/// ```
struct AnswerReader: ~Copyable {
    /// How the body carries the answer.
    private enum Form {
        case json, eventStream, other
    }

    /// The longest body that is taken: more than any server of ours sends by default (32 MiB), twice.
    private static let maximumBody = 64 << 20

    /// What every right answer contains, in its bytes as they came; absent: anything.
    var expectedText: [UInt8]?

    private var scratch: JSONScratch
    private var status = 0
    private var form = Form.other
    private var body = ByteBuffer()
    private var parser = SSEParser()
    private var hasAnswer = false
    private var failure: CallFailure?

    /// The revision in the result of `initialize`, when the last answer had one.
    private(set) var resultRevision: String?
    /// The session id in the head of the last answer.
    private(set) var sessionID: String?
    /// Bytes of the last answer's body so far.
    private(set) var bodyByteCount = 0
    /// Whether the last answer came as an event stream.
    var isEventStream: Bool { form == .eventStream }

    /// A reader for the answers of one connection. `seed` is that of the tables that find repeated member names.
    init(seed: UInt64) {
        scratch = JSONScratch(seed: seed)
    }

    /// A new answer begins with this head.
    mutating func begin(_ head: HTTPReceivedHead) {
        status = head.response.status
        body = ByteBuffer()
        parser = SSEParser()
        hasAnswer = false
        failure = nil
        resultRevision = nil
        bodyByteCount = 0
        form = AnswerReader.form(head)
        sessionID = head.answerField(.mcpSessionID)?.string
    }

    private static func form(_ head: HTTPReceivedHead) -> Form {
        guard let type = head.answerField(.contentType)?.withoutParameters else { return .other }
        if type.equalsIgnoringCase("application/json") { return .json }
        if type.equalsIgnoringCase("text/event-stream") { return .eventStream }
        return .other
    }

    /// A part of the body. `id` is that of the call.
    mutating func append(_ piece: ByteBuffer, id: Int) {
        bodyByteCount += piece.readableBytes
        guard bodyByteCount <= AnswerReader.maximumBody else {
            fail(.malformedAnswer)
            return
        }
        if body.readableBytes == 0 {
            body = piece
        } else {
            body.writeImmutableBuffer(piece)
        }
        if form == .eventStream, status == 200 { readEvents(id: id) }
    }

    /// The answer is complete. `id` is that of the call; absent: a notification, for which 202 is the answer.
    mutating func end(id: Int?) -> CallFailure? {
        defer { body = ByteBuffer() }
        guard let id else { return status == 202 ? nil : .status(status, code: nil) }
        guard status == 200 else { return .status(status, code: errorCode()) }
        switch form {
        case .json:
            judge(body, id: id)
        case .eventStream:
            if !hasAnswer { fail(.noAnswer) }
        case .other:
            fail(.contentType)
        }
        return failure
    }

    private mutating func readEvents(id: Int) {
        do throws(SSEError) {
            while failure == nil, let block = try parser.next(in: body) {
                if block.isMessage { judgeEvent(block, id: id) }
                body.moveReaderIndex(forwardBy: block.byteCount)
            }
        } catch {
            fail(.malformedAnswer)
        }
    }

    private mutating func judgeEvent(_ block: SSEBlock, id: Int) {
        if let data = block.data, let slice = body.getSlice(at: body.readerIndex + Int(data.start), length: data.count)
        {
            judge(slice, id: id, isEvent: true)
        } else {
            let joined = body.withByteView { block.joinedData(in: $0) }
            judge(ByteBuffer(bytes: joined), id: id, isEvent: true)
        }
    }

    /// Judges one message: the whole body, or one event, which may be a notification too.
    private mutating func judge(_ message: ByteBuffer, id: Int, isEvent: Bool = false) {
        let verdict = message.withByteView { bytes -> CallFailure? in
            let envelope: JSONRPCEnvelope
            do throws(JSONRPCError) {
                envelope = try JSONRPCEnvelope.scan(bytes, scratch: &scratch)
            } catch {
                return .malformedAnswer
            }
            switch envelope.kind {
            case .result, .error: break
            case .notification, .request: return isEvent ? nil : .malformedAnswer
            case .batch: return .malformedAnswer
            }
            if hasAnswer { return .repeatedAnswer }
            hasAnswer = true
            resultRevision = envelope.resultProtocolVersion.map {
                String(decoding: $0.unescaped(in: bytes), as: UTF8.self)
            }
            return judge(envelope, bytes, id: id)
        }
        if let verdict { fail(verdict) }
    }

    private func judge(_ envelope: JSONRPCEnvelope, _ bytes: ByteView, id: Int) -> CallFailure? {
        guard let range = envelope.id?.range, AnswerReader.isNumber(bytes[range], id) else { return .wrongID }
        if envelope.kind == .error { return .rpcError(Int(envelope.errorCode ?? 0)) }
        if envelope.isToolError { return .toolError }
        if let expectedText, !AnswerReader.contains(bytes, expectedText) { return .unexpectedContent }
        return nil
    }

    private mutating func fail(_ reason: CallFailure) {
        if failure == nil { failure = reason }
    }

    /// The code of the JSON-RPC error in a body that came with another status than 200.
    private mutating func errorCode() -> Int? {
        guard form == .json else { return nil }
        let body = body
        return body.withByteView { bytes in
            (try? JSONRPCEnvelope.scan(bytes, scratch: &scratch))?.errorCode.map(Int.init)
        }
    }

    /// Whether the bytes are the decimal digits of `number`.
    private static func isNumber(_ bytes: ByteView, _ number: Int) -> Bool {
        var rest = number
        var offset = bytes.count - 1
        while offset >= 0 {
            guard bytes[offset] == UInt8(truncatingIfNeeded: rest % 10) &+ 0x30 else { return false }
            rest /= 10
            offset -= 1
        }
        return rest == 0 && bytes.count > 0
    }

    private static func contains(_ bytes: ByteView, _ text: [UInt8]) -> Bool {
        text.withUnsafeBytes { raw in
            let text = ByteView(raw)
            var offset = 0
            while offset + text.count <= bytes.count {
                if bytes[offset] == text[0], bytes.slice(from: offset, to: offset + text.count).equals(text) {
                    return true
                }
                offset += 1
            }
            return false
        }
    }
}
