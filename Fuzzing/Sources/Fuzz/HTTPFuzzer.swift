import NIOCore
import Wire

/// The HTTP codec: any cut gives the same messages, and nothing that was found lies outside of the bytes.
enum HTTPFuzzer {
    private struct Reading: Hashable {
        var heads: [String] = []
        var bodies: [[UInt8]] = []
        var error: HTTPError?
    }

    /// Requests behind one another, as a client pipelines them.
    static func requests(_ input: ByteView) {
        let (bytes, first, second) = input.cuts
        let whole = readRequests(bytes, cuts: [])
        precondition(readRequests(bytes, cuts: [first, second]) == whole, "a cut changes what is read")
    }

    private static func readRequests(_ bytes: [UInt8], cuts: [Int]) -> Reading {
        var reading = Reading()
        var parser = HTTPHeadParser(.request)
        var inbound = ByteBuffer()
        var body: HTTPBodyReader?
        var start = 0
        do throws(HTTPError) {
            for end in cuts + [bytes.count] {
                inbound.writeBytes(bytes[start..<end])
                start = end
                while true {
                    if var reader = body {
                        let isFinished = try readBody(&reader, &inbound, into: &reading)
                        body = isFinished ? nil : reader
                        guard isFinished else { break }
                    }
                    guard inbound.readableBytes > 0,
                        try inbound.withByteView({ view throws(HTTPError) in try parser.parse(view) })
                    else { break }
                    let head = parser.request
                    reading.heads.append(inbound.withByteView { describe(head, $0) })
                    reading.bodies.append([])
                    inbound.moveReaderIndex(forwardBy: head.byteCount)
                    body = try HTTPBodyReader(head.framing, limit: 4 << 20)
                    parser.reset()
                }
            }
        } catch {
            reading.error = error
        }
        return reading
    }

    /// One answer.
    static func response(_ input: ByteView) {
        let (bytes, first, second) = input.cuts
        let whole = readResponse(bytes, cuts: [])
        precondition(readResponse(bytes, cuts: [first, second]) == whole, "a cut changes what is read")
    }

    private static func readResponse(_ bytes: [UInt8], cuts: [Int]) -> Reading {
        var reading = Reading()
        var parser = HTTPHeadParser(.response)
        var inbound = ByteBuffer()
        var body: HTTPBodyReader?
        var start = 0
        do throws(HTTPError) {
            for end in cuts + [bytes.count] {
                inbound.writeBytes(bytes[start..<end])
                start = end
                if reading.heads.isEmpty {
                    guard try inbound.withByteView({ view throws(HTTPError) in try parser.parse(view) }) else {
                        continue
                    }
                    let head = parser.response
                    reading.heads = [inbound.withByteView { describe(head, $0) }]
                    reading.bodies = [[]]
                    inbound.moveReaderIndex(forwardBy: head.byteCount)
                    body = try HTTPBodyReader(head.framing)
                }
                if var reader = body {
                    let isFinished = try readBody(&reader, &inbound, into: &reading)
                    body = isFinished ? nil : reader
                }
            }
        } catch {
            reading.error = error
        }
        return reading
    }

    private static func readBody(
        _ reader: inout HTTPBodyReader, _ inbound: inout ByteBuffer, into reading: inout Reading
    ) throws(HTTPError) -> Bool {
        var offset = 0
        while true {
            let step: HTTPBodyReader.Step
            do throws(HTTPError) {
                step = try inbound.withByteView { view throws(HTTPError) in try reader.next(view, from: offset) }
            } catch {
                // How much is found of a body before it is refused depends on the cut.
                reading.bodies.removeLast()
                throw error
            }
            switch step {
            case .data(let range, let consumed):
                precondition(range.count > 0 && range.end == consumed && consumed <= inbound.readableBytes)
                reading.bodies[reading.bodies.count - 1] +=
                    inbound.getBytes(at: inbound.readerIndex + Int(range.start), length: range.count) ?? []
                offset = consumed
            case .finished(let consumed):
                precondition(consumed >= offset && consumed <= inbound.readableBytes)
                inbound.moveReaderIndex(forwardBy: consumed)
                return true
            case .needsMore:
                inbound.clear()
                return false
            }
        }
    }

    private static func describe(_ head: HTTPRequestHead, _ bytes: ByteView) -> String {
        precondition(head.byteCount <= bytes.count && head.methodText.end <= head.byteCount)
        precondition(head.path.end <= head.byteCount && head.query.end <= head.byteCount)
        return "\(head.method) \(bytes[head.methodText].bytes) \(bytes[head.path].bytes) \(bytes[head.query].bytes) "
            + "\(head.minorVersion) \(head.framing) \(head.isKeepAlive) \(head.expectsContinue) "
            + "\(head.hasUnknownExpectation) \(head.asksForUpgrade) \(describe(head.fields, head.byteCount, bytes))"
    }

    private static func describe(_ head: HTTPResponseHead, _ bytes: ByteView) -> String {
        precondition(head.byteCount <= bytes.count && (100..<600).contains(head.status))
        return "\(head.status) \(head.framing) \(head.isKeepAlive) \(describe(head.fields, head.byteCount, bytes))"
    }

    private static func describe(_ fields: HTTPFields, _ byteCount: Int, _ bytes: ByteView) -> String {
        precondition(fields.all.count <= 100)
        return fields.all.map { field in
            precondition(!field.name.isEmpty && field.name.end < byteCount && field.value.end <= byteCount)
            for byte in bytes[field.value].raw { precondition(byte >= 0x20 && byte != 0x7F || byte == 0x09) }
            return "\(field.id) \(bytes[field.name].bytes) \(bytes[field.value].bytes)"
        }.joined(separator: "\n")
    }
}
