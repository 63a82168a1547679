import NIOCore
import Wire

/// What a head says, as text that two readings of it can be compared by.
struct HeadSummary: Hashable {
    var start: String
    var fields: [String]
    var framing: HTTPBodyFraming
    var flags: [String]
    var byteCount: Int
}

/// What became of some bytes that were given to a parser.
enum HeadReading: Hashable {
    case complete(HeadSummary)
    case incomplete
    case refused(HTTPError)

    /// The head, if it was accepted.
    var summary: HeadSummary? {
        if case .complete(let summary) = self { summary } else { nil }
    }
}

/// Reads a head that arrives in pieces ending at `cuts` and at the end; each time the bytes lie elsewhere in memory.
func readHead(
    _ role: HTTPHeadParser.Role, _ bytes: [UInt8], cuts: [Int] = [], limits: HTTPLimits = HTTPLimits()
) -> HeadReading {
    var parser = HTTPHeadParser(role, limits: limits)
    return readHead(&parser, role, bytes, cuts: cuts)
}

func readHead(_ parser: inout HTTPHeadParser, _ role: HTTPHeadParser.Role, _ bytes: [UInt8], cuts: [Int] = [])
    -> HeadReading
{
    for end in cuts + [bytes.count] {
        let received = Array(bytes[..<end])
        let reading = received.withUnsafeBytes { raw -> HeadReading in
            let view = ByteView(raw)
            do throws(HTTPError) {
                guard try parser.parse(view) else { return .incomplete }
            } catch {
                return .refused(error)
            }
            return .complete(
                role == .request ? HeadSummary(parser.request, view) : HeadSummary(parser.response, view))
        }
        if reading != .incomplete { return reading }
    }
    return .incomplete
}

extension HeadSummary {
    init(_ head: HTTPRequestHead, _ bytes: ByteView) {
        start = "\(bytes[head.methodText].string) \(bytes[head.path].string)"
        if !head.query.isEmpty { start += "?\(bytes[head.query].string)" }
        start += " 1.\(head.minorVersion)"
        fields = head.fields.all.map { "\(bytes[$0.name].string): \(bytes[$0.value].string)" }
        framing = head.framing
        flags = []
        if head.isKeepAlive { flags.append("keepAlive") }
        if head.expectsContinue { flags.append("expectsContinue") }
        if head.hasUnknownExpectation { flags.append("hasUnknownExpectation") }
        if head.asksForUpgrade { flags.append("asksForUpgrade") }
        byteCount = head.byteCount
    }

    init(_ head: HTTPResponseHead, _ bytes: ByteView) {
        start = "\(head.status)"
        fields = head.fields.all.map { "\(bytes[$0.name].string): \(bytes[$0.value].string)" }
        framing = head.framing
        flags = head.isKeepAlive ? ["keepAlive"] : []
        byteCount = head.byteCount
    }
}

/// What became of some bytes that were given to a body reader.
struct BodyReading: Hashable {
    enum End: Hashable {
        case finished(consumed: Int)
        case needsMore
        case refused(HTTPError)
    }

    var body: [UInt8] = []
    var end: End
}

/// Reads a body that arrives in pieces ending at `cuts` and at the end.
func readBody(_ framing: HTTPBodyFraming, _ bytes: [UInt8], cuts: [Int] = [], limit: Int = .max) -> BodyReading {
    var reading = BodyReading(end: .needsMore)
    do {
        var reader = try HTTPBodyReader(framing, limit: limit)
        var start = 0
        for end in cuts + [bytes.count] {
            let piece = ByteBuffer(bytes: bytes[start..<end])
            var offset = 0
            pieces: while true {
                let step = try piece.withByteView { view throws(HTTPError) in try reader.next(view, from: offset) }
                switch step {
                case .data(let range, let consumed):
                    reading.body += piece.getBytes(at: Int(range.start), length: range.count) ?? []
                    offset = consumed
                case .finished(let consumed):
                    reading.end = .finished(consumed: start + consumed)
                    return reading
                case .needsMore:
                    break pieces
                }
            }
            start = end
        }
    } catch {
        reading.end = .refused(error)
    }
    return reading
}
