import Gateway
package import NIOCore
import Wire

/// A client of a simulation: one connection to the gateway, one call after another, answers kept as they came.
package final class SimulatedClient: SimulatedPeer {
    /// One answer.
    package struct Answer: Equatable {
        /// The HTTP status.
        package var status: Int
        /// The body.
        package var body: String
        /// The head, as it came.
        package var head: String

        /// The value of a field of the head; the name as the gateway writes it.
        package func field(_ name: String) -> String? {
            let line = head.split(separator: "\r\n").first { $0.hasPrefix("\(name): ") }
            return line.map { String($0.dropFirst(name.utf8.count + 2)) }
        }
    }

    /// The answers in the order in which they came.
    package private(set) var answers: [Answer] = []
    /// Whether the gateway has closed the connection.
    package private(set) var isClosed = false

    private var wire: SimulatedWire?
    private var bytes = ByteBuffer()
    private var parser = HTTPHeadParser(.response)

    init() {}

    package func attached(to wire: SimulatedWire) { self.wire = wire }

    package func closed() { isClosed = true }

    package func received(_ received: ByteBuffer) {
        bytes.writeImmutableBuffer(received)
        while let answer = nextAnswer() { answers.append(answer) }
    }

    private func nextAnswer() -> Answer? {
        do {
            guard try bytes.withByteView({ try parser.parse($0) }) else { return nil }
        } catch {
            preconditionFailure("the gateway answered with malformed HTTP: \(error)")
        }
        let headCount = parser.response.byteCount
        let count: Int
        switch parser.response.framing {
        case .length(let length): count = length
        case .chunked:
            // Nothing that a simulated backend says has the end of a chunked body in it.
            let rest = bytes.getString(at: bytes.readerIndex + headCount, length: bytes.readableBytes - headCount) ?? ""
            guard let end = rest.range(of: "\r\n0\r\n\r\n") else { return nil }
            count = rest.utf8.distance(from: rest.startIndex, to: end.upperBound)
        default: return nil
        }
        guard bytes.readableBytes >= headCount + count else { return nil }
        let status = parser.response.status
        let head = bytes.readString(length: headCount) ?? ""
        parser.reset()
        return Answer(status: status, body: bytes.readString(length: count) ?? "", head: head)
    }

    /// Sends a call of the stateless era; `arguments` is JSON, `uri` a resource, `fields` are more lines of the head, each
    /// with its line end.
    package func call(
        _ method: String, id: Int, name: String? = nil, arguments: String = "{}", uri: String? = nil,
        fields: String = ""
    ) {
        let meta = """
            "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}
            """
        var named = name.map { "\"name\":\"\($0)\",\"arguments\":\(arguments)," } ?? ""
        if let uri { named += "\"uri\":\"\(uri)\"," }
        let body = "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"\(method)\",\"params\":{\(named)\(meta)}}"
        var head = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        head +=
            "Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: \(method)\r\n"
        if let name = name ?? uri { head += "Mcp-Name: \(name)\r\n" }
        post(body, head: head + fields)
    }

    /// Sends a message as a client of 2025-06-18 without a session does.
    package func postLegacy(_ body: String, fields: String = "") {
        post(
            body,
            head: "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                + "Accept: application/json, text/event-stream\r\n" + fields)
    }

    private func post(_ body: String, head: String) {
        wire?.send(ByteBuffer(string: head + "Content-Length: \(body.utf8.count)\r\n\r\n" + body))
    }

    /// Sends nothing more, and still reads.
    package func endSending() { wire?.endSending() }

    /// Resets the connection.
    package func reset() { wire?.reset() }

    /// Closes the connection.
    package func disconnect() { wire?.close() }
}

@available(*, unavailable)
extension SimulatedClient: Sendable {}
