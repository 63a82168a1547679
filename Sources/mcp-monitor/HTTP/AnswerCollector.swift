import NIOCore
import Transport
import Wire

/// Takes one answer as it arrives, within bounds.
///
/// ```
/// begin ─▶ append … append ─▶ end
///                 └─▶ complete before its end, when an event stream has brought the message
/// ```
struct AnswerCollector: ~Copyable {
    /// The longest answer that is read.
    static let maximumBody = 4 << 20
    /// How much is read of a body that need not be understood.
    static let maximumPage = 65_536

    private enum Form {
        case json, eventStream, other(String)
    }

    private let id: Int?
    private var form = Form.other("")
    private var body = ByteBuffer()
    private var receivedByteCount = 0
    private var events = SSEParser()
    private var answer: ProbeAnswer

    /// A collector for the answer of `origin` to the request with this JSON-RPC id; `nil`: the body is a page.
    init(id: Int?, from origin: ServerURL.Origin) {
        self.id = id
        answer = ProbeAnswer(status: 0, origin: origin)
    }

    /// The answer begins with this head.
    mutating func begin(_ head: HTTPReceivedHead) {
        answer.status = head.response.status
        answer.sessionID = head.answerField(.mcpSessionID).flatMap(AnswerCollector.sessionID)
        answer.location = AnswerCollector.location(head)
        guard let type = head.answerField(.contentType)?.withoutParameters else { return }
        if type.equalsIgnoringCase("application/json") {
            form = .json
        } else if type.equalsIgnoringCase("text/event-stream") {
            form = .eventStream
        } else {
            form = .other(type.string)
        }
    }

    /// A part of the body.
    ///
    /// - Returns: the answer, if no more of it is needed.
    /// - Throws: `ProbeFailure` when it is too long or no event stream although it says so.
    mutating func append(_ piece: ByteBuffer) throws(ProbeFailure) -> ProbeAnswer? {
        receivedByteCount &+= piece.readableBytes
        body.writeImmutableBuffer(piece)
        guard id != nil else {
            guard body.readableBytes >= AnswerCollector.maximumPage else { return nil }
            return page()
        }
        guard receivedByteCount <= AnswerCollector.maximumBody else {
            throw ProbeFailure(.httpError, "the answer is longer than \(AnswerCollector.maximumBody >> 20) MiB")
        }
        if case .eventStream = form { return try readEvents() }
        return nil
    }

    /// The answer has ended.
    mutating func end() -> ProbeAnswer {
        guard let id else { return page() }
        switch form {
        case .json:
            if body.readableBytes > 0 { answer.message = body.withByteView { AnswerCollector.message($0, id: id) } }
        case .eventStream:
            answer.message = .none("is an event stream that ended without the message")
        case .other(let type):
            if body.readableBytes > 0 {
                let type = type.isEmpty ? "without a content type" : "of type \(ProbeFailure.quoted(type))"
                answer.message = .none("is \(type)")
            }
        }
        return answer
    }

    private mutating func page() -> ProbeAnswer {
        answer.page = Array(buffer: body)
        return answer
    }

    private mutating func readEvents() throws(ProbeFailure) -> ProbeAnswer? {
        guard let id else { return nil }
        do throws(SSEError) {
            while let block = try events.next(in: body) {
                let message = body.withByteView { bytes -> ProbeAnswer.Message? in
                    guard block.isMessage else { return nil }
                    return block.joinedData(in: bytes).withUnsafeBytes {
                        AnswerCollector.message(ByteView($0), id: id, isEvent: true)
                    }
                }
                body.moveReaderIndex(forwardBy: block.byteCount)
                guard let message else { continue }
                answer.message = message
                return answer
            }
        } catch {
            throw ProbeFailure(.protocolError, "the event stream has an event of more than 1 MiB")
        }
        body.discardReadBytes()
        return nil
    }

    /// What `bytes` say as the answer to request `id`; `nil` for what may come before it in an event stream.
    private static func message(_ bytes: ByteView, id: Int, isEvent: Bool) -> ProbeAnswer.Message? {
        var scratch = JSONScratch(seed: .random(in: .min ... .max))
        let envelope: JSONRPCEnvelope
        do throws(JSONRPCError) {
            envelope = try JSONRPCEnvelope.scan(bytes, scratch: &scratch)
        } catch {
            return .some(.none("is no JSON-RPC message"))
        }
        switch envelope.kind {
        case .notification, .request:
            return isEvent ? nil : .some(.none("is a JSON-RPC request"))
        case .batch:
            return .some(.none("is a batch"))
        case .result:
            guard let range = envelope.id?.range, bytes[range].string == "\(id)" else {
                return .some(.none("has the id of another request"))
            }
            return envelope.result.flatMap { try? JSONValue.parse(bytes[$0]) }.map { .result($0) }
                ?? .some(.none("is no JSON-RPC message"))
        case .error:
            // An error need not know whose it is (JSON-RPC 2.0 §5).
            if let range = envelope.id?.range, bytes[range].string != "\(id)" {
                return .some(.none("has the id of another request"))
            }
            let error = envelope.error.flatMap { try? JSONValue.parse(bytes[$0]) }
            return .error(
                code: envelope.errorCode ?? 0, message: error?["message"]?.stringValue ?? "", data: error?["data"])
        }
    }

    private static func message(_ bytes: ByteView, id: Int) -> ProbeAnswer.Message {
        message(bytes, id: id, isEvent: false) ?? .none("is a JSON-RPC request")
    }

    /// A session id is sent back in a header: only what MCP allows in one (2025-11-25, "Session Management").
    private static func sessionID(_ value: ByteView) -> String? {
        guard (1...1_024).contains(value.count), value.bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        return value.string
    }

    private static func location(_ head: HTTPReceivedHead) -> String? {
        let field = head.response.fields.all.first {
            $0.id == .other && head.bytes[$0.name].equalsIgnoringCase("location")
        }
        return field.map { head.bytes[$0.value].string }
    }
}
