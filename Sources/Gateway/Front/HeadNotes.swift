import NIOCore
import Wire

/// What was made of the head of a request that passed the rules; a note on heads that come again and again.
final class AcceptedHead {
    /// The rules that it passed: other listeners have others.
    let rules: HeadRules
    /// The pool that its path leads to.
    let pool: Int
    /// What it says that the body says too: ranges of the head, which owns this note.
    let headers: MCPHeaderValues
    /// What it says of the caller, when that has been made.
    var caller: HeadCaller?
    private var legacyFields: [UInt8] = []
    private var modernFields: [UInt8] = []
    private var sharedFields: [UInt8] = []

    init(_ head: HTTPReceivedHead, passed rules: HeadRules, pool: Int) {
        self.rules = rules
        self.pool = pool
        headers = MCPHeaderValues(head)
    }

    /// The fields that a backend gets of this head in a call of `era`, or in a modern call whose answer may be kept for
    /// others, as they are written; empty when not made yet.
    subscript(era: MCPEra, isForOthersToo: Bool) -> [UInt8] {
        get { era == .legacy ? legacyFields : isForOthersToo ? sharedFields : modernFields }
        set {
            if era == .legacy {
                legacyFields = newValue
            } else if isForOthersToo {
                sharedFields = newValue
            } else {
                modernFields = newValue
            }
        }
    }
}

/// What the head of a request says of whoever sends it.
struct HeadCaller {
    /// Stands for the fields on which an answer may depend.
    var variation: CallerKey
    /// The credential that is presented; `nil` if there is none.
    var credential: CallerKey?
}

/// The status line and the fields that a client gets of the head of an answer, its content type among them, as they are
/// written.
final class AnsweredHead {
    let lines: [UInt8]

    init(_ lines: [UInt8]) {
        self.lines = lines
    }
}

extension HTTPReceivedHead {
    /// Writes the fields that a backend may see of this head of a request.
    func writeRequestFields(
        _ accepted: AcceptedHead?, era: MCPEra, isForOthersToo: Bool, into writer: inout HTTPHeadWriter
    ) {
        // Calls of legacy clients whose answers are kept are few.
        let accepted = era == .legacy && isForOthersToo ? nil : accepted
        if let fields = accepted?[era, isForOthersToo], !fields.isEmpty {
            writer.buffer.writeBytes(fields)
            return
        }
        let start = writer.buffer.writerIndex
        ForwardedFields.request(request.fields, bytes, era: era, isForOthersToo: isForOthersToo, into: &writer)
        if let host = requestField(.host) { writer.field("X-Forwarded-Host: ", host) }
        accepted?[era, isForOthersToo] = writer.written(from: start)
    }

    /// Writes a status line, and the fields that a client may see of this head of an answer.
    func writeAnswer(status: Int, withContentType: Bool, into writer: inout HTTPHeadWriter) {
        let isWhole = withContentType && status == response.status
        if isWhole, let known = note as? AnsweredHead {
            writer.buffer.writeBytes(known.lines)
            return
        }
        let start = writer.buffer.writerIndex
        writer.statusLine(status)
        ForwardedFields.answer(response.fields, bytes, withContentType: withContentType, into: &writer)
        if isWhole, isRepeated { note = AnsweredHead(writer.written(from: start)) }
    }
}

extension HTTPHeadWriter {
    fileprivate func written(from start: Int) -> [UInt8] {
        buffer.getBytes(at: start, length: buffer.writerIndex - start) ?? []
    }
}
