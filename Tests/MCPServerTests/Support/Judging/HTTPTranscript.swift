import Synchronization
import Testing
import Wire

/// What goes over one connection of HTTP in both directions, from which the messages of the server are read and judged:
/// whole bodies, and events of streams as they come. Requests that are no HTTP, and what follows them, say nothing about
/// what they are answered with.
final class HTTPTranscript: Sendable {
    /// One request, and the conversation to which it belongs.
    private struct Exchange {
        var method = ""
        var path = ""
        var conversation = Conversation()
        /// Whether what comes is said in a session, which has a conversation of its own.
        var isInSession = false

        /// Whether whatever comes as JSON must be a message.
        var isMCP: Bool { path == "/mcp" || path == "/sse" || path.hasPrefix("/messages") }
    }

    /// An answer as far as it has come.
    private struct Incoming {
        var exchange: Exchange
        var fields: [String: String]
        /// Bytes that are still to come; `nil` if the connection ends it.
        var length: Int?
        var isChunked: Bool
        var body: [UInt8] = []

        var isStream: Bool { fields["content-type"]?.hasPrefix("text/event-stream") == true }
        var isJSON: Bool { fields["content-type"]?.hasPrefix("application/json") == true }
    }

    private struct State {
        var sent: [UInt8] = []
        var received: [UInt8] = []
        var exchanges: [Exchange] = []
        /// Whether the requests cannot be followed any more.
        var isLost = false
        var incoming: Incoming?
        /// What has come and was not judged yet.
        var messages: [(text: String, conversation: Conversation)] = []
    }

    private let state = Mutex(State())

    /// Takes note of what the client sends.
    func send(_ bytes: some Sequence<UInt8>) {
        state.withLock { state in
            state.sent += bytes
            while !state.isLost, let exchange = HTTPTranscript.nextExchange(&state) { state.exchanges.append(exchange) }
        }
    }

    /// Takes note of what the server sends.
    func receive(_ bytes: some Sequence<UInt8>) {
        state.withLock { state in
            state.received += bytes
            while HTTPTranscript.advance(&state) {}
        }
    }

    /// Judges what has come since the last time. `isOver`: the connection has ended, and so has an answer without length.
    func judge(isOver: Bool = false, sourceLocation: SourceLocation) {
        for complaint in complaints(isOver: isOver) { Issue.record("\(complaint)", sourceLocation: sourceLocation) }
    }

    /// What is wrong with what has come since the last time.
    func complaints(isOver: Bool = false) -> [String] {
        let messages = state.withLock { state in
            if isOver, let incoming = state.incoming, incoming.length == nil, !incoming.isChunked {
                HTTPTranscript.finish(incoming, &state)
                state.incoming = nil
            }
            defer { state.messages = [] }
            return state.messages
        }
        return messages.flatMap { $0.conversation.complaints(about: $0.text) }
    }

    // MARK: Requests

    /// The next request that is complete.
    private static func nextExchange(_ state: inout State) -> Exchange? {
        guard let (lines, end) = head(state.sent[...]) else { return nil }
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count == 3 else {
            state.isLost = true
            return nil
        }
        let fields = fields(lines.dropFirst())
        let body: ArraySlice<UInt8>
        if fields["transfer-encoding"] != nil {
            guard let (joined, length) = chunks(state.sent[end...]) else { return nil }
            body = joined[...]
            state.sent.removeFirst(end + length)
        } else {
            let length = fields["content-length"].flatMap { Int($0) } ?? 0
            guard length >= 0, state.sent.count - end >= length else { return nil }
            body = ArraySlice(Array(state.sent[end..<(end + length)]))
            state.sent.removeFirst(end + length)
        }
        return exchange(String(words[0]), String(words[1]), fields, String(decoding: body, as: UTF8.self))
    }

    private static func exchange(
        _ method: String, _ target: String, _ fields: [String: String], _ body: String
    ) -> Exchange {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        var exchange = Exchange(method: method, path: parts.first ?? "")
        let query = parts.count > 1 ? parts[1].split(separator: "&") : []
        let inPath = query.first { $0.hasPrefix("sessionId=") }.map { String($0.dropFirst("sessionId=".count)) }
        let session = (fields["mcp-session-id"] ?? inPath).map { Sessions.conversation(of: $0) }
        // What a session has settled on, then what the request says, then what a server takes it for.
        let revision =
            session?.revision ?? fields["mcp-protocol-version"].flatMap { MCPProtocolVersion(named: $0) }
            ?? .v2025_03_26
        if let session {
            session.ask(body)
            exchange.isInSession = method == "GET"
            if method == "GET" { exchange.conversation = session }
        }
        if !exchange.isInSession {
            exchange.conversation = Conversation(revision)
            exchange.conversation.ask(body)
        }
        return exchange
    }

    // MARK: Answers

    /// Takes the next piece of an answer; `false` as long as that has not come.
    private static func advance(_ state: inout State) -> Bool {
        guard var incoming = state.incoming else { return begin(&state) }
        if incoming.isChunked {
            guard let (chunk, length) = chunk(state.received[...]) else { return false }
            state.received.removeFirst(length)
            incoming.body += chunk
            if chunk.isEmpty { incoming.length = 0 }
        } else if let length = incoming.length {
            guard !state.received.isEmpty || length == 0 else { return false }
            let count = min(length, state.received.count)
            incoming.body += state.received.prefix(count)
            state.received.removeFirst(count)
            incoming.length = length - count
        } else {
            guard !state.received.isEmpty else { return false }
            incoming.body += state.received
            state.received = []
        }
        if incoming.isStream { takeEvents(&incoming, &state) }
        let isOver = incoming.length == 0
        if isOver { finish(incoming, &state) }
        state.incoming = isOver ? nil : incoming
        return true
    }

    private static func begin(_ state: inout State) -> Bool {
        guard let (lines, end) = head(state.received[...]), let first = lines.first else { return false }
        state.received.removeFirst(end)
        let words = first.split(separator: " ")
        let status = words.count > 1 ? Int(words[1]) ?? 0 : 0
        guard status >= 200 else { return true }
        let exchange = state.exchanges.isEmpty ? Exchange() : state.exchanges.removeFirst()
        let fields = fields(lines.dropFirst())
        var incoming = Incoming(
            exchange: exchange, fields: fields, length: fields["content-length"].flatMap { Int($0) },
            isChunked: fields["transfer-encoding"] == "chunked")
        if exchange.method == "HEAD" || status == 204 || status == 304 {
            incoming.length = 0
            incoming.isChunked = false
        }
        state.incoming = incoming
        return true
    }

    /// Takes the events that are complete out of the body.
    private static func takeEvents(_ incoming: inout Incoming, _ state: inout State) {
        let end = Array("\n\n".utf8)
        while let range = incoming.body.firstRange(of: end) {
            let lines = String(decoding: incoming.body[..<range.lowerBound], as: UTF8.self).split(separator: "\n")
            incoming.body.removeFirst(range.upperBound)
            func values(_ name: String) -> [Substring] {
                lines.filter { $0.hasPrefix(name) }.map { $0.dropFirst(name.count) }
            }
            let data = values("data: ").joined(separator: "\n")
            if values("event: ").first == "endpoint", let id = data.split(separator: "sessionId=").last {
                // What is posted elsewhere is answered here.
                incoming.exchange.conversation = Sessions.conversation(of: String(id))
            } else {
                keep(data, of: incoming, &state)
            }
        }
    }

    private static func finish(_ incoming: Incoming, _ state: inout State) {
        if incoming.isJSON { keep(String(decoding: incoming.body, as: UTF8.self), of: incoming, &state) }
        // Nothing else has a session but the answer to `initialize`.
        guard let id = incoming.fields["mcp-session-id"],
            let version = (try? JSONValue.parse(incoming.body))?["result"]?["protocolVersion"]?.stringValue
        else { return }
        Sessions.conversation(of: id).settle(on: MCPProtocolVersion(named: version))
    }

    /// Keeps what is a message, or should be one: pages have JSON and events of their own.
    private static func keep(_ text: String, of incoming: Incoming, _ state: inout State) {
        guard !text.isEmpty, incoming.exchange.isMCP || text.contains("\"jsonrpc\"") else { return }
        state.messages.append((text, incoming.exchange.conversation))
    }

    // MARK: HTTP

    /// The lines of a head, and where its body begins, counted from the start of `bytes`.
    private static func head(_ bytes: ArraySlice<UInt8>) -> (lines: [String], end: Int)? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let text = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        return (
            text.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init),
            end.upperBound - bytes.startIndex
        )
    }

    private static func fields(_ lines: ArraySlice<String>) -> [String: String] {
        var fields: [String: String] = [:]
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            fields[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        return fields
    }

    /// The next chunk, and how long it is with its frame; the last one is empty, and trailers belong to its frame.
    private static func chunk(_ bytes: ArraySlice<UInt8>) -> (body: ArraySlice<UInt8>, length: Int)? {
        guard let line = bytes.firstRange(of: Array("\r\n".utf8)) else { return nil }
        let digits = bytes[..<line.lowerBound].prefix { $0 != UInt8(ascii: ";") }
        guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0 else { return nil }
        if size == 0 {
            let end = bytes[line.lowerBound...].firstRange(of: Array("\r\n\r\n".utf8))
            return end.map { ([], $0.upperBound - bytes.startIndex) }
        }
        guard bytes.endIndex - line.upperBound - 2 >= size else { return nil }
        let end = line.upperBound + size
        return (bytes[line.upperBound..<end], end + 2 - bytes.startIndex)
    }

    /// The joined chunks of a whole body, and how long they are with their frames.
    private static func chunks(_ bytes: ArraySlice<UInt8>) -> (body: [UInt8], length: Int)? {
        var (body, length): ([UInt8], Int) = ([], 0)
        while let (chunk, size) = chunk(bytes.dropFirst(length)) {
            body += chunk
            length += size
            if chunk.isEmpty { return (body, length) }
        }
        return nil
    }
}

/// The conversations of the sessions that servers have opened to this process, by their ids.
private enum Sessions {
    private static let all = Mutex<[String: Conversation]>([:])

    static func conversation(of id: String) -> Conversation {
        all.withLock { all in
            if let conversation = all[id] { return conversation }
            let conversation = Conversation()
            all[id] = conversation
            return conversation
        }
    }
}
